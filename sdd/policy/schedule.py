"""The noise schedule: how samples are noised and, step by step, cleaned.

Squared-cosine schedule (Nichol and Dhariwal 2021) with 50 training steps, and
deterministic DDIM steps (Song et al. 2021) for acting, as in the paper.
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
  """Signal left at each diffusion step, and what the network predicts.

  Attributes:
    alpha_bar: fraction of the variance that is still signal, decreasing.
    prediction: `epsilon` (the noise), `sample` (the clean chunk) or `v`
      (Salimans and Ho 2022).
  """

  alpha_bar: Float[np.ndarray, 'K']
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
    }
    return targets[self.prediction]

  def _weights(self, time: Int[Array, 'B']) -> tuple[Array, Array]:
    alpha_bar = jnp.asarray(self.alpha_bar, jnp.float32)[time][:, None, None]
    return jnp.sqrt(alpha_bar), jnp.sqrt(1 - alpha_bar)


def make(steps: int, prediction: str = 'epsilon') -> Schedule:
  """The squared-cosine schedule with `steps` training steps."""
  betas = squared_cosine_betas(steps)
  return Schedule(np.cumprod(1 - betas), prediction)


def ddim_times(training_steps: int, inference_steps: int) -> np.ndarray:
  """Diffusion steps visited when acting: evenly spaced, noisiest first."""
  stride = training_steps // inference_steps
  return np.arange(inference_steps, dtype=np.int32)[::-1] * stride


def ddim_table(
  schedule: Schedule, times: Int[np.ndarray, 'N']
) -> Float[np.ndarray, 'N 4']:
  """Coefficients of every deterministic DDIM step, whatever is predicted.

  With row `(a, b, c, d)` a step is `clean = clip(a * noisy + b * output,
  -1, 1)` then `noisy = c * noisy + d * clean`. The last step returns the
  clean chunk itself.
  """
  now = schedule.alpha_bar[times]
  after = np.append(schedule.alpha_bar[times[1:]], 1.0)
  signal, sigma = np.sqrt(now), np.sqrt(1 - now)
  to_sample = {
    'epsilon': (1 / signal, -sigma / signal),
    'sample': (np.zeros_like(now), np.ones_like(now)),
    'v': (signal, -sigma),
  }[schedule.prediction]
  keep = np.sqrt(1 - after) / sigma
  return np.stack([*to_sample, keep, np.sqrt(after) - keep * signal], axis=1)


def ddim_step(
  noisy: Float[Array, '*b T D'],
  output: Float[Array, '*b T D'],
  row: Float[Array, '4'],
) -> Float[Array, '*b T D']:
  """One deterministic DDIM step (eta = 0); `row` is from `ddim_table`."""
  clean = jnp.clip(row[0] * noisy + row[1] * output, -1.0, 1.0)
  return row[2] * noisy + row[3] * clean
