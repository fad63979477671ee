"""The noise schedule: how samples are noised and, step by step, cleaned.

Squared-cosine schedule (Nichol and Dhariwal 2021) with 50 training steps, and
deterministic DDIM steps (Song et al. 2021) for acting, as in the paper. Flow
matching is the same with a straight line for a schedule: a DDIM step along
it is an Euler step of the velocity.
"""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

MAX_BETA = 0.999
OFFSET = 0.008  # keeps the first steps from being almost noiseless


def squared_cosine_betas(steps: int) -> Float[np.ndarray, 'K']:
  """Variance added at each of `steps` diffusion steps."""

  def remaining(fraction: np.ndarray) -> np.ndarray:
    return np.cos((fraction + OFFSET) / (1 + OFFSET) * np.pi / 2) ** 2

  edges = remaining(np.arange(steps + 1) / steps)
  return np.minimum(1 - edges[1:] / edges[:-1], MAX_BETA)


@dataclasses.dataclass(frozen=True)
class Schedule:
  """How much of signal and noise there is, and what the network predicts.

  Attributes:
    signal: weight of the clean chunk at each diffusion step, decreasing.
    sigma: weight of the noise, increasing.
    prediction: `epsilon` (the noise), `sample` (the clean chunk), `v`
      (Salimans and Ho 2022) or `flow` (the velocity from clean to noise).
  """

  signal: Float[np.ndarray, 'K']
  sigma: Float[np.ndarray, 'K']
  prediction: str = 'epsilon'

  def add_noise(
    self,
    sample: Float[Array, 'B T D'],
    noise: Float[Array, 'B T D'],
    time: Int[Array, 'B'],
  ) -> Float[Array, 'B T D']:
    """Noises clean chunks to step `time`; 0 is the least noisy."""
    signal, sigma = self._weights(time)
    return signal * sample + sigma * noise

  def target(
    self,
    sample: Float[Array, 'B T D'],
    noise: Float[Array, 'B T D'],
    time: Int[Array, 'B'],
  ) -> Float[Array, 'B T D']:
    """What the network should say about a chunk noised to step `time`."""
    signal, sigma = self._weights(time)
    targets = {
      'epsilon': noise,
      'sample': sample,
      'v': signal * noise - sigma * sample,
      'flow': noise - sample,
    }
    return targets[self.prediction]

  def _weights(self, time: Int[Array, 'B']) -> tuple[Array, Array]:
    signal, sigma = (
      jnp.asarray(weight, jnp.float32)[time][:, None, None]
      for weight in (self.signal, self.sigma)
    )
    return signal, sigma


def make(steps: int, prediction: str = 'epsilon') -> Schedule:
  """The schedule with `steps` training steps that belongs to a prediction.

  The squared-cosine one; for `flow`, the straight line of flow matching
  (Lipman et al. 2023) at equal distances, whose last step is noise alone.
  """
  if prediction == 'flow':
    sigma = np.arange(1, steps + 1) / steps
    return Schedule(1 - sigma, sigma, prediction)
  alpha_bar = np.cumprod(1 - squared_cosine_betas(steps))
  return Schedule(np.sqrt(alpha_bar), np.sqrt(1 - alpha_bar), prediction)


def ddim_times(training_steps: int, inference_steps: int) -> np.ndarray:
  """Diffusion steps visited when acting: evenly spaced, noisiest first."""
  stride = training_steps // inference_steps
  return np.arange(inference_steps, dtype=np.int32)[::-1] * stride


def ddim_table(
  schedule: Schedule, times: Int[np.ndarray, 'N']
) -> Float[np.ndarray, 'N 4']:
  """Coefficients of every DDIM or Euler step, whatever is predicted.

  With row `(a, b, c, d)` a step is `clean = clip(a * noisy + b * output,
  -1, 1)` then `noisy = c * noisy + d * clean`. The last step returns the
  clean chunk itself.
  """
  signal, sigma = schedule.signal[times], schedule.sigma[times]
  one = np.ones_like(signal)
  match schedule.prediction:
    case 'epsilon':
      to_sample = 1 / signal, -sigma / signal
    case 'sample':
      to_sample = 0 * one, one
    case 'v':
      to_sample = signal, -sigma
    case _:  # flow
      to_sample = one, -sigma
  keep = np.append(sigma[1:], 0) / sigma
  gain = np.append(signal[1:], 1) - keep * signal
  return np.stack([*to_sample, keep, gain], axis=1)


def ddim_step(
  noisy: Float[Array, '*b T D'],
  output: Float[Array, '*b T D'],
  row: Float[Array, '4'],
) -> Float[Array, '*b T D']:
  """One deterministic DDIM step (eta = 0); `row` is from `ddim_table`."""
  clean = jnp.clip(row[0] * noisy + row[1] * output, -1.0, 1.0)
  return row[2] * noisy + row[3] * clean
