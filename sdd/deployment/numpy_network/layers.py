"""Layers that all parts of the network are made of."""

from collections.abc import Mapping

import numpy as np

EPSILON = 1e-5  # of group and layer normalisation
BLANK = np.array([0, 0, 0, 1, 0, 0, 0, 1, 0, 0], np.float32)  # no object


def mish(x: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
  """`x * tanh(log(1 + exp(x)))` with one exponential."""
  n = np.minimum(x, 20.0)  # beyond it mish(x) = x, and exp would overflow
  np.exp(n, out=n)
  n *= n + 2
  result = np.multiply(x, n, out=out)
  n += 2
  result /= n
  return result


class Dense:
  """A layer of the file."""

  def __init__(self, arrays: Mapping[str, np.ndarray], name: str):
    self.kernel = arrays[f'{name}/kernel']
    none = np.zeros(self.kernel.shape[-1], np.float32)
    self.bias = arrays.get(f'{name}/bias', none)

  def __call__(self, x: np.ndarray) -> np.ndarray:
    return x @ self.kernel + self.bias


def normalised(
  x: np.ndarray, scale: np.ndarray, bias: np.ndarray
) -> np.ndarray:
  """Rows, each normalised, then scaled and shifted."""
  x = x - x.mean(axis=-1, keepdims=True)
  square = np.mean(x * x, axis=-1, keepdims=True)
  return x / np.sqrt(square + EPSILON) * scale + bias


def group_normalise(
  x: np.ndarray, scale: np.ndarray, bias: np.ndarray
) -> np.ndarray:
  """Normalises groups of channels of each `x` (*b, rows, channels), in place.

  Scale and bias, (groups, channels of a group), say which belong together.
  """
  *before, rows, channels = x.shape
  flat, groups = (*before, 1, channels), (*before, *scale.shape)
  count = rows * scale.shape[1]
  mean = np.add.reduce(x, axis=-2).reshape(groups)
  mean = np.add.reduce(mean, axis=-1, keepdims=True)
  mean /= count
  deviation = np.einsum('...tc,...tc->...c', x, x).reshape(groups)
  deviation = np.add.reduce(deviation, axis=-1, keepdims=True)
  deviation /= count
  deviation -= mean * mean
  np.maximum(deviation, 0, out=deviation)
  deviation += EPSILON
  np.sqrt(deviation, out=deviation)
  scale = scale / deviation
  x *= scale.reshape(flat)
  scale *= mean
  x += np.subtract(bias, scale, out=scale).reshape(flat)
  return x


def diffusion_steps(
  arrays: Mapping[str, np.ndarray], times: np.ndarray, dimension: int
) -> np.ndarray:
  """The encoded diffusion steps, ready for the layers that they steer."""
  half = dimension // 2
  phase = times[:, None] * 10_000.0 ** -(np.arange(half) / (half - 1))
  x = np.concatenate([np.sin(phase), np.cos(phase)], axis=1)
  x = mish(x @ arrays['step_in/kernel'] + arrays['step_in/bias'])
  return mish(x @ arrays['step_out/kernel'] + arrays['step_out/bias'])
