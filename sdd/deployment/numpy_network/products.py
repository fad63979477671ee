"""Matrix products with few rows, as fast as memory delivers the weights.

One decision has 4 to 16 rows to multiply with each of a U-Net's kernels, so
what costs time is to read the kernels. A BLAS copies the parts of a large
matrix before it multiplies, which for so few rows takes longer than the
product itself. Here the kernel is cut into tiles of a few features each, small
enough for the BLAS to read them where they are, one after the other.
"""

import functools
import math
from collections.abc import Callable

import numpy as np

_TILE = 16  # features that are computed together
_SMALL = 1_000_000  # multiplications: OpenBLAS copies in larger products
_FEW = 32  # rows; from here on the copies cost less than they save
_LINE = 16  # floats that memory delivers together


def zeros(shape: tuple[int, ...]) -> np.ndarray:
  """Zeros that begin where a cache line does."""
  size = math.prod(shape)
  flat = np.zeros(size + _LINE, np.float32)
  start = -(flat.ctypes.data // flat.itemsize) % _LINE
  return flat[start : start + size].reshape(shape)


class Product:
  """`x @ kernel + bias` for a kernel (inputs, features).

  The bias is one more row of the kernel, and meets a column of ones.

  Attributes:
    inputs: width of `x` without that column.
  """

  def __init__(self, kernel: np.ndarray, bias: np.ndarray):
    self.inputs, features = kernel.shape
    # Every feature begins on a cache line, and there is room for the bias.
    width = self.inputs // _LINE * _LINE + _LINE
    self._weight = zeros((features, width))
    self._weight[:, : self.inputs] = kernel.T
    self._weight[:, self.inputs] = bias

  @property
  def features(self) -> int:
    return len(self._weight)

  def columns(self, rows: int) -> np.ndarray:
    """A new matrix to multiply; its first `inputs` columns are to be filled."""
    x = zeros((rows, self._weight.shape[1]))
    x[:, self.inputs] = 1
    return x

  def bind(self, x: np.ndarray, out: np.ndarray) -> Callable[[], object]:
    """What writes the product of `x`, of `columns`, into `out` when called."""
    rows, (features, width) = len(x), self._weight.shape
    if rows > _FEW or rows * width * _TILE > _SMALL:
      return functools.partial(
        self._many, x, out, np.empty((features, rows), np.float32)
      )
    tile = math.gcd(features, _TILE)
    if tile < _TILE // 2:
      tile = features
    weight = self._weight.reshape(-1, tile, width).swapaxes(1, 2)
    target = out.reshape(rows, -1, tile).swapaxes(0, 1)
    return functools.partial(np.matmul, x, weight, out=target)

  def _many(self, x: np.ndarray, out: np.ndarray, turned: np.ndarray) -> None:
    """One large product; OpenBLAS is fastest with the kernel on the left."""
    np.matmul(self._weight, x.T, out=turned)
    out[...] = turned.T
