"""The denoiser that takes the chunk as one vector."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sdd.deployment.numpy_network import layers


class MLP:
  """The denoiser that takes the chunk as one vector."""

  def __init__(
    self, arrays: Mapping[str, np.ndarray], config: Mapping[str, Any]
  ):
    blocks = range(len(config['channels']))
    mine = {
      name.removeprefix('mlp/'): value
      for name, value in arrays.items()
      if name.startswith('mlp/')
    }
    self._input, self._output = (
      layers.Dense(mine, 'input'),
      layers.Dense(mine, 'output'),
    )
    self._layers = [
      (
        layers.Dense(mine, f'block_{i}_first'),
        layers.Dense(mine, f'block_{i}_second'),
      )
      for i in blocks
    ]
    self._norms = [
      (mine[f'{name}/scale'], mine[f'{name}/bias'])
      for name in (*(f'block_{i}_norm' for i in blocks), 'final')
    ]
    steered = [
      layers.Dense(mine, n)
      for n in ('context', *(f'block_{i}_film' for i in blocks))
    ]
    step = layers.diffusion_steps(
      mine, arrays['times'], config['step_dimension']
    )
    cut, width = step.shape[1], len(self._norms[0][0])
    kernel = np.concatenate([layer.kernel for layer in steered], axis=1)
    bias = [np.zeros(width)]
    for layer in steered[1:]:
      bias += [1 + layer.bias[:width], layer.bias[width:]]
    time = step @ kernel[:cut] + np.concatenate(bias)
    self._time, self._width = time.astype(np.float32), width
    self._steer = np.ascontiguousarray(kernel[cut:])

  def sample(
    self, condition: np.ndarray, noise: np.ndarray, ddim: np.ndarray
  ) -> np.ndarray:
    """The loop from noise (count, Ta, 10) to clean chunks, all at once."""
    told = self._time + layers.mish(condition) @ self._steer
    noisy = np.array(noise, np.float32)
    for row, (a, b, c, d) in zip(told, ddim, strict=True):
      flat = noisy.reshape(len(noisy), -1)
      answer = self._answer(flat, row.reshape(-1, self._width))
      clean = np.clip(a * noisy + b * answer.reshape(noisy.shape), -1, 1)
      noisy = c * noisy + d * clean
    return noisy

  def _answer(self, chunks: np.ndarray, told: np.ndarray) -> np.ndarray:
    x = self._input(chunks) + told[0]
    scales, biases = told[1::2], told[2::2]
    for norm, (first, second), scale, bias in zip(
      self._norms, self._layers, scales, biases, strict=False
    ):
      y = first(layers.mish(layers.normalised(x, *norm)))
      x = x + second(layers.mish(y * scale + bias))
    return self._output(layers.mish(layers.normalised(x, *self._norms[-1])))
