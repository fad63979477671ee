"""Convolutions over time, with the buffers that they write again and again.

Every layer is written into its `input` (count, length, channels), then `run`.
"""

from collections.abc import Mapping

import numpy as np

from sdd.deployment.numpy_network import layers, products


class Weights:
  """The parameters of a U-Net, ready for layers over any number of chunks."""

  def __init__(self, arrays: Mapping[str, np.ndarray], groups: int):
    self._products: dict[str, products.Product] = {}
    self._taps: dict[str, int] = {}
    for name, kernel in arrays.items():
      if name.endswith('/kernel') and kernel.ndim == 3:
        name = name.removesuffix('/kernel')
        self._taps[name] = len(kernel)
        self._products[name] = products.Product(
          kernel.reshape(-1, kernel.shape[2]), arrays[f'{name}/bias']
        )
    self._norms = {
      name: value.reshape(groups, -1)
      for name, value in arrays.items()
      if '/norm/' in name
    }

  def __contains__(self, name: str) -> bool:
    return name in self._products

  def conv(self, name: str) -> tuple[products.Product, int]:
    """Kernel and bias of a convolution, and its number of taps."""
    return self._products[name], self._taps[name]

  def norm(self, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Scale and bias, (groups, channels of a group)."""
    return self._norms[f'{name}/scale'], self._norms[f'{name}/bias']


class Conv:
  """Convolution as one matrix product.

  Attributes:
    input: (count, length, channels), to be written before `run`.
  """

  def __init__(
    self,
    weights: Weights,
    name: str,
    count: int,
    length: int,
    *,
    stride: int = 1,
    padding: int = 0,
  ):
    product, taps = weights.conv(name)
    channels = product.inputs // taps
    spread = length + 2 * padding
    places = (spread - taps) // stride + 1
    columns = product.columns(count * places)
    self._columns = columns[:, : product.inputs].reshape(count, places, -1)
    self._out = np.empty((count, places, product.features), np.float32)
    self._multiply = product.bind(
      columns, self._out.reshape(count * places, product.features)
    )
    self._windows = None
    if taps == stride == 1:
      self.input = self._columns
      return
    padded = np.zeros((count, spread, channels), np.float32)
    self.input = padded[:, padding : padding + length]
    chunk, step, channel = padded.strides
    self._windows = np.lib.stride_tricks.as_strided(
      padded,
      shape=self._columns.shape,
      strides=(chunk, stride * step, channel),
    )

  def run(self) -> np.ndarray:
    """The result, in a buffer that the next `run` writes again."""
    if self._windows is not None:
      np.copyto(self._columns, self._windows)
    self._multiply()
    return self._out


class ConvBlock:
  """Convolution, group normalisation and Mish; keeps the length."""

  def __init__(self, weights: Weights, name: str, count: int, length: int):
    _, taps = weights.conv(f'{name}/conv')
    self._conv = Conv(weights, f'{name}/conv', count, length, padding=taps // 2)
    self.input = self._conv.input
    self._norm = weights.norm(f'{name}/norm')

  def run(self) -> np.ndarray:
    x = layers.group_normalise(self._conv.run(), *self._norm)
    return layers.mish(x, out=x)


class Residual:
  """Two blocks around a skip connection, FiLM between them.

  `film` says which of the scales and biases of all layers are its own.
  """

  def __init__(
    self, weights: Weights, name: str, count: int, length: int, film: slice
  ):
    self._first = ConvBlock(weights, f'{name}/first', count, length)
    self._second = ConvBlock(weights, f'{name}/second', count, length)
    self.input, self._film = self._first.input, film
    self._skip = None
    if f'{name}/skip' in weights:
      self._skip = Conv(weights, f'{name}/skip', count, length)

  def run(self, film: np.ndarray, out: np.ndarray) -> None:
    scale, bias = film[self._film].reshape(2, -1)
    x = self._first.run()
    x *= scale
    np.add(x, bias, out=self._second.input)
    y = self._second.run()
    if self._skip is None:
      np.add(y, self.input, out=out)
    else:
      self._skip.input[...] = self.input
      np.add(y, self._skip.run(), out=out)
