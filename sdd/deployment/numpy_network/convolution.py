"""Two-dimensional convolution, and what stands around it in a trunk."""

from collections.abc import Mapping

import numpy as np

from sdd.deployment.numpy_network import layers

Size = tuple[int, int]


class Scratch:
  """Memory that layers write and read within one call, one after the other.

  What a layer leaves here is gone when the next one runs, so layers of equal
  size share it, and a policy with three cameras needs no more than with one.
  """

  def __init__(self):
    self._buffers: dict[tuple[str, tuple[int, ...]], np.ndarray] = {}

  def get(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A buffer for `name` of this shape; zeros when it is new."""
    key = name, shape
    if key not in self._buffers:
      self._buffers[key] = np.zeros(shape, np.float32)
    return self._buffers[key]


class Convolution:
  """Convolution as one matrix product, group normalisation, maybe ReLU.

  Attributes:
    shape: height, width and channels of the result.
  """

  def __init__(
    self,
    arrays: Mapping[str, np.ndarray],
    name: str,
    size: Size,
    *,
    norm: str,
    group: int,
    scratch: Scratch,
    stride: int = 1,
  ):
    kernel = arrays[f'{name}/kernel']
    self._taps = len(kernel)
    self._padding, self._stride = self._taps // 2, stride
    height, width = (
      (side + 2 * self._padding - self._taps) // stride + 1 for side in size
    )
    self.shape = height, width, kernel.shape[-1]
    self._weight = np.ascontiguousarray(kernel.reshape(-1, kernel.shape[-1]))
    self._scale = arrays[f'{norm}/scale'].reshape(-1, group)
    self._bias = arrays[f'{norm}/bias'].reshape(-1, group)
    self._scratch = scratch

  def __call__(
    self, x: np.ndarray, *, relu: bool, into: str = 'result'
  ) -> np.ndarray:
    """(height, width, channels) of the result, in the buffer `into`."""
    height, width, features = self.shape
    columns = self._columns(x)
    out = self._scratch.get(into, (height * width, features))
    np.matmul(columns, self._weight, out=out)
    layers.group_normalise(out, self._scale, self._bias)
    if relu:
      np.maximum(out, 0, out=out)
    return out.reshape(self.shape)

  def _columns(self, x: np.ndarray) -> np.ndarray:
    """A row for every place of the result: what its taps see."""
    height, width, _ = self.shape
    stride, taps = self._stride, self._taps
    if taps == 1:
      return x[::stride, ::stride].reshape(height * width, -1)
    padding, channels = self._padding, x.shape[2]
    rows, columns = (side + 2 * padding for side in x.shape[:2])
    # The border stays zero: nothing else is ever written to this buffer.
    padded = self._scratch.get(f'padded {padding}', (rows, columns, channels))
    padded[padding:-padding, padding:-padding] = x
    down, right, deep = padded.strides
    windows = np.lib.stride_tricks.as_strided(
      padded,
      shape=(height, width, taps, taps * channels),
      strides=(stride * down, stride * right, down, deep),
      writeable=False,
    )
    wide = self._scratch.get('columns', windows.shape)
    np.copyto(wide, windows)
    return wide.reshape(height * width, -1)


class ResidualBlock:
  """Two 3x3 convolutions around a skip connection (He et al. 2016).

  Attributes:
    shape: height, width and channels of the result.
  """

  def __init__(
    self,
    arrays: Mapping[str, np.ndarray],
    name: str,
    size: Size,
    *,
    group: int,
    scratch: Scratch,
    stride: int,
  ):
    def layer(part: str, size: Size, stride: int) -> Convolution:
      return Convolution(
        arrays, f'{name}/{part}', size, norm=f'{name}/{part}_norm',
        group=group, scratch=scratch, stride=stride,
      )  # fmt: skip

    self._first = layer('first', size, stride)
    self.shape = self._first.shape
    self._second = layer('second', self.shape[:2], 1)
    self._skip = None
    if f'{name}/skip/kernel' in arrays:
      self._skip = layer('skip', size, stride)
    self._scratch = scratch

  def __call__(self, x: np.ndarray) -> np.ndarray:
    y = self._second(self._first(x, relu=True), relu=False, into='second')
    if self._skip is not None:
      x = self._skip(x, relu=False, into='skip')
    out = np.add(x, y, out=self._scratch.get('block', y.shape))
    return np.maximum(out, 0, out=out)


def halved(x: np.ndarray) -> np.ndarray:
  """The largest of every 3x3 neighbourhood, at every second place.

  For numbers that are not negative: beyond the border there are zeros.
  """
  height, width, channels = x.shape
  padded = np.zeros((height + 2, width + 2, channels), np.float32)
  padded[1:-1, 1:-1] = x
  rows, columns = (height + 1) // 2, (width + 1) // 2
  across = np.maximum(
    padded[:, 0 : 2 * columns : 2], padded[:, 2::2][:, :columns]
  )
  np.maximum(across, padded[:, 1 : 2 * columns : 2], out=across)
  out = np.maximum(across[0 : 2 * rows : 2], across[2::2][:rows])
  return np.maximum(out, across[1 : 2 * rows : 2], out=out)
