"""The U-Net, unrolled for chunks that are denoised together."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sdd.deployment.numpy_network import layers, temporal

_TOGETHER = 16  # chunks at most, so that the buffers stay small
_KEPT = 2  # sets of buffers, each for another number of chunks


class UNet:
  """The U-Net, its kernels laid out and its FiLM tables made once.

  Buffers are made when a number of chunks is first asked for.
  """

  def __init__(
    self,
    arrays: Mapping[str, np.ndarray],
    config: Mapping[str, Any],
    *,
    length: int,
  ):
    mine = {
      name.removeprefix('unet/'): value
      for name, value in arrays.items()
      if name.startswith('unet/')
    }
    self._weights = temporal.Weights(mine, config['groups'])
    self._levels, self._length = len(config['channels']), length
    self._fold(mine, arrays['times'], config['step_dimension'])
    self._unrolled: dict[int, _Unrolled] = {}
    self._layers_for(1)

  def sample(
    self, condition: np.ndarray, noise: np.ndarray, ddim: np.ndarray
  ) -> np.ndarray:
    """The loop from noise (count, Ta, 10) to clean chunks, many at once."""
    films = self._time + layers.mish(condition) @ self._film
    parts = np.array_split(noise, -(-len(noise) // _TOGETHER))
    return np.concatenate([self._clean(films, part, ddim) for part in parts])

  def _clean(
    self, films: np.ndarray, noise: np.ndarray, ddim: np.ndarray
  ) -> np.ndarray:
    answer_to = self._layers_for(len(noise))
    noisy = np.array(noise, np.float32)
    for film, (a, b, c, d) in zip(films, ddim, strict=True):
      answer = answer_to(noisy, film)
      clean = np.clip(a * noisy + b * answer, -1, 1)
      noisy = c * noisy + d * clean
    return noisy

  def _layers_for(self, count: int) -> '_Unrolled':
    """The layers with buffers for so many chunks."""
    if count not in self._unrolled:
      if len(self._unrolled) == _KEPT:
        del self._unrolled[next(iter(self._unrolled))]  # the oldest
      self._unrolled[count] = _Unrolled(
        self._weights, self._films, self._levels, count, self._length
      )
    return self._unrolled[count]

  def _fold(
    self, arrays: Mapping[str, np.ndarray], times: np.ndarray, dimension: int
  ) -> None:
    """Does the diffusion steps' half of every FiLM layer once and for all."""
    x = layers.diffusion_steps(arrays, times, dimension)
    self._films: dict[str, slice] = {}
    kernels, biases, start = [], [], 0
    for name in arrays:
      if name.endswith('/film/kernel'):
        name = name.removesuffix('/film/kernel')
        kernels.append(arrays[f'{name}/film/kernel'])
        scale, bias = arrays[f'{name}/film/bias'].reshape(2, -1)
        biases += [1 + scale, bias]
        end = start + 2 * len(scale)
        self._films[name], start = slice(start, end), end
    kernel = np.concatenate(kernels, axis=1)
    table = x @ kernel[:dimension] + np.concatenate(biases)
    self._time = table.astype(np.float32)
    self._film = np.ascontiguousarray(kernel[dimension:])


class _Unrolled:
  """All layers for so many chunks, in order, each handing on its output."""

  def __init__(
    self,
    weights: temporal.Weights,
    films: Mapping[str, slice],
    levels: int,
    count: int,
    length: int,
  ):
    self._count = count
    self._weights, self._films = weights, films
    self._steps: list[Callable[[np.ndarray], None]] = []
    self._build(levels, length)

  def __call__(self, noisy: np.ndarray, film: np.ndarray) -> np.ndarray:
    """What the network answers to chunks (count, Ta, 10), in a buffer."""
    self._entry[...] = noisy
    for step in self._steps:
      step(film)
    return self._output.run()

  def _pair(self, name: str, length: int) -> list[temporal.Residual]:
    return [
      temporal.Residual(
        self._weights,
        name + part,
        self._count,
        length,
        self._films[name + part],
      )
      for part in 'ab'
    ]

  def _conv(self, name: str, length: int, **how: int) -> temporal.Conv:
    return temporal.Conv(self._weights, name, self._count, length, **how)

  def _build(self, levels: int, length: int) -> None:
    """Makes every layer, then the steps that hand one's output to the next."""
    last = levels - 1
    sizes = [length >> level for level in range(levels)]
    down = [self._pair(f'down_{i}', sizes[i]) for i in range(levels)]
    middle = self._pair('middle_', sizes[-1])
    up = {i: self._pair(f'up_{i}', sizes[i]) for i in reversed(range(last))}
    final = temporal.ConvBlock(self._weights, 'final', self._count, length)
    self._output = self._conv('output', length)
    self._entry = down[0][0].input
    for i in range(last):
      halve = self._conv(f'halve_{i}/conv', sizes[i], stride=2, padding=1)
      self._chain(down[i], halve.input)
      skip = up[i][0].input[..., -halve.input.shape[2] :]
      self._copy(lambda conv=halve: conv.input, skip)
      self._copy(halve.run, down[i + 1][0].input)
    self._chain(down[last], middle[0].input)
    source = middle
    for i in reversed(range(last)):
      double = self._conv(f'double_{i}/conv', sizes[i + 1], padding=1)
      self._chain(source, double.input)
      channels = double.input.shape[2]
      self._copy(
        lambda conv=double: _unfolded(conv.run()),
        up[i][0].input[..., :channels],
      )
      source = up[i]
    self._chain(source, final.input)
    self._copy(final.run, self._output.input)

  def _chain(self, blocks: list[temporal.Residual], out: np.ndarray) -> None:
    """Runs residual blocks one into the other, the last one into `out`."""
    targets = [block.input for block in blocks[1:]] + [out]
    for block, target in zip(blocks, targets, strict=True):
      self._steps.append(lambda film, b=block, t=target: b.run(film, t))

  def _copy(self, source: Callable[[], np.ndarray], out: np.ndarray) -> None:
    self._steps.append(lambda film: np.copyto(out, source()))


def _unfolded(pairs: np.ndarray) -> np.ndarray:
  """Two moments from every pair (count, length + 1, 2 C), ends cut off."""
  count, length, width = pairs.shape
  return pairs.reshape(count, 2 * length, width // 2)[:, 1:-1]
