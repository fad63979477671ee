"""The U-Net, unrolled for one chunk."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sdd.deployment.numpy_network import layers


class _Conv:
  """Convolution as one matrix product; write into `input`, then `run`.

  The bias is one more row of the matrix, and meets a column of ones.
  """

  def __init__(
    self,
    arrays: Mapping[str, np.ndarray],
    name: str,
    length: int,
    *,
    stride: int = 1,
    padding: int = 0,
  ):
    kernel, bias = arrays[f'{name}/kernel'], arrays[f'{name}/bias']
    taps, channels, features = kernel.shape
    padded = np.zeros((length + 2 * padding, channels), np.float32)
    self.input = padded[padding : padding + length]
    wide = np.lib.stride_tricks.as_strided(
      padded,
      shape=((len(padded) - taps) // stride + 1, taps * channels),
      strides=(stride * padded.strides[0], padded.strides[1]),
    )
    self._windows = wide
    self._columns = np.ones((len(wide), taps * channels + 1), np.float32)
    self._weight = np.concatenate([kernel.reshape(-1, features), bias[None]])
    self._out = np.empty((len(wide), features), np.float32)

  def run(self) -> np.ndarray:
    """The result, in a buffer that the next `run` writes again."""
    self._columns[:, :-1] = self._windows
    return np.matmul(self._columns, self._weight, out=self._out)


class _ConvBlock:
  """Convolution, group normalisation and Mish."""

  def __init__(
    self,
    arrays: Mapping[str, np.ndarray],
    name: str,
    length: int,
    *,
    groups: int,
  ):
    taps = len(arrays[f'{name}/conv/kernel'])
    conv = _Conv(arrays, f'{name}/conv', length, padding=taps // 2)
    self.input, self._conv = conv.input, conv
    self._scale = arrays[f'{name}/norm/scale'].reshape(groups, -1)
    self._bias = arrays[f'{name}/norm/bias'].reshape(groups, -1)

  def run(self) -> np.ndarray:
    x = layers.group_normalise(self._conv.run(), self._scale, self._bias)
    return layers.mish(x, out=x)


class _Residual:
  """Two blocks around a skip connection, FiLM between them."""

  def __init__(
    self,
    arrays: Mapping[str, np.ndarray],
    name: str,
    length: int,
    *,
    groups: int,
    film: slice,
  ):
    self._first = _ConvBlock(arrays, f'{name}/first', length, groups=groups)
    self._second = _ConvBlock(arrays, f'{name}/second', length, groups=groups)
    self.input, self._film = self._first.input, film
    self._skip = None
    if f'{name}/skip/kernel' in arrays:
      self._skip = arrays[f'{name}/skip/kernel'][0]
      self._skip_bias = arrays[f'{name}/skip/bias']

  def run(self, film: np.ndarray, out: np.ndarray) -> None:
    scale, bias = film[self._film].reshape(2, -1)
    x = self._first.run()
    x *= scale
    np.add(x, bias, out=self._second.input)
    y = self._second.run()
    if self._skip is None:
      np.add(y, self.input, out=out)
    else:
      y += self._skip_bias
      np.add(y, self.input @ self._skip, out=out)


class UNet:
  """The U-Net unrolled for one chunk, buffers and FiLM tables made once."""

  def __init__(
    self,
    arrays: Mapping[str, np.ndarray],
    config: Mapping[str, Any],
    *,
    length: int,
  ):
    self._arrays = {
      name.removeprefix('unet/'): value
      for name, value in arrays.items()
      if name.startswith('unet/')
    }
    self._groups: int = config['groups']
    self._films: list[str] = []
    self._width = 0
    self._steps: list[Callable[[np.ndarray], None]] = []
    self._build(len(config['channels']), length)
    self._fold(arrays['times'], config['step_dimension'])
    del self._arrays

  def sample(
    self, condition: np.ndarray, noise: np.ndarray, ddim: np.ndarray
  ) -> np.ndarray:
    """The loop from noise (count, Ta, 10) to clean chunks, one by one."""
    films = self._time + layers.mish(condition) @ self._film
    return np.stack([self._clean(films, one, ddim) for one in noise])

  def _clean(
    self, films: np.ndarray, noise: np.ndarray, ddim: np.ndarray
  ) -> np.ndarray:
    noisy = np.array(noise, np.float32)
    for film, (a, b, c, d) in zip(films, ddim, strict=True):
      self._entry[...] = noisy
      for step in self._steps:
        step(film)
      clean = np.clip(a * noisy + b * self._output.run(), -1, 1)
      noisy = c * noisy + d * clean
    return noisy

  def _residual(self, name: str, length: int) -> _Residual:
    width = self._arrays[f'{name}/film/bias'].size
    film = slice(self._width, self._width + width)
    self._films.append(name)
    self._width += width
    return _Residual(self._arrays, name, length, groups=self._groups, film=film)

  def _build(self, levels: int, length: int) -> None:
    """Makes every layer, then the steps that hand one's output to the next."""
    arrays, last = self._arrays, levels - 1
    sizes = [length >> level for level in range(levels)]
    down = [
      [self._residual(f'down_{i}{part}', sizes[i]) for part in 'ab']
      for i in range(levels)
    ]
    middle = [self._residual(f'middle_{part}', sizes[-1]) for part in 'ab']
    up = {
      i: [self._residual(f'up_{i}{part}', sizes[i]) for part in 'ab']
      for i in reversed(range(last))
    }
    final = _ConvBlock(arrays, 'final', length, groups=self._groups)
    self._output = _Conv(arrays, 'output', length)
    self._entry = down[0][0].input
    for i in range(last):
      halve = _Conv(arrays, f'halve_{i}/conv', sizes[i], stride=2, padding=1)
      self._chain(down[i], halve.input)
      skip = up[i][0].input[:, -halve.input.shape[1] :]
      self._copy(lambda conv=halve: conv.input, skip)
      self._copy(halve.run, down[i + 1][0].input)
    self._chain(down[last], middle[0].input)
    source = middle
    for i in reversed(range(last)):
      double = _Conv(arrays, f'double_{i}/conv', sizes[i + 1], padding=1)
      self._chain(source, double.input)
      channels = double.input.shape[1]
      self._copy(
        lambda conv=double, c=channels: conv.run().reshape(-1, c)[1:-1],
        up[i][0].input[:, :channels],
      )
      source = up[i]
    self._chain(source, final.input)
    self._copy(final.run, self._output.input)

  def _chain(self, blocks: list[_Residual], out: np.ndarray) -> None:
    """Runs residual blocks one into the other, the last one into `out`."""
    targets = [block.input for block in blocks[1:]] + [out]
    for block, target in zip(blocks, targets, strict=True):
      self._steps.append(lambda film, b=block, t=target: b.run(film, t))

  def _copy(self, source: Callable[[], np.ndarray], out: np.ndarray) -> None:
    self._steps.append(lambda film: np.copyto(out, source()))

  def _fold(self, times: np.ndarray, dimension: int) -> None:
    """Does the diffusion steps' half of every FiLM layer once and for all."""
    arrays, x = (
      self._arrays,
      layers.diffusion_steps(self._arrays, times, dimension),
    )
    names = [f'{name}/film' for name in self._films]
    kernel = np.concatenate([arrays[f'{n}/kernel'] for n in names], axis=1)
    biases = []
    for name in names:
      scale, bias = arrays[f'{name}/bias'].reshape(2, -1)
      biases += [1 + scale, bias]
    table = x @ kernel[:dimension] + np.concatenate(biases)
    self._time = table.astype(np.float32)
    self._film = np.ascontiguousarray(kernel[dimension:])
