"""Which times to visit when acting: draws must keep to the distribution.

Chunks come from six motions of known shares, each with a little noise, so
that what a perfect network would say is known. It is made 5 % wrong.
"""

import numpy as np
import pytest

from sdd.policy import schedule

STEPS, DRAWS, SPREAD, ERROR = 50, 600, 0.02, 0.05
SHARES = np.array([0.3, 0.25, 0.15, 0.1, 0.1, 0.1])


def motions(rng):
  """Six chunks of 16 rows that begin together and go different ways."""
  time = np.linspace(0, 1, 16)[:, None]
  base = rng.uniform(-0.6, 0.6, (1, 10))
  base = base + rng.uniform(-0.4, 0.4, (1, 10)) * time
  ways = rng.normal(size=(6, 1, 10)) * time
  ways += 0.3 * rng.normal(size=(6, 1, 10)) * np.sin(np.pi * time)
  return np.clip(base + 0.3 * ways, -0.95, 0.95).reshape(6, -1)


def best_guess(noisy, known, signal, sigma):
  """The mean of the chunks that may have been noised to these."""
  variance = (signal * SPREAD) ** 2 + sigma**2
  distance = -2 * signal * noisy @ known.T + (signal**2 * known**2).sum(1)
  weight = np.log(SHARES) - distance / (2 * variance)
  weight = np.exp(weight - weight.max(1, keepdims=True))
  weight /= weight.sum(1, keepdims=True)
  gain = signal * SPREAD**2 / variance
  return weight @ known * (1 - gain * signal) + gain * noisy


def wrong_share(prediction, times):
  """The share of draws that went to another motion than they should have."""
  process, rng = schedule.make(STEPS, prediction), np.random.default_rng(0)
  table, found = schedule.ddim_table(process, times), []
  for _ in range(3):
    known = motions(rng)
    chunk = rng.standard_normal((DRAWS, known.shape[1]))
    mixing = 3 * rng.normal(size=(160, 160)) / 160**0.5
    for time, (a, b, c, d) in zip(times, table, strict=True):
      signal, sigma = process.signal[time], process.sigma[time]
      clean = best_guess(chunk, known, signal, sigma)
      noise = (chunk - signal * clean) / sigma
      said = {'sample': clean, 'flow': noise - clean}[prediction]
      said = said + ERROR * np.sin(chunk @ mixing + time)
      chunk = c * chunk + d * np.clip(a * chunk + b * said, -1, 1)
    distance = (known**2).sum(1) - 2 * chunk @ known.T
    counts = np.bincount(distance.argmin(1), minlength=6)
    found.append(np.abs(counts / DRAWS - SHARES).sum() / 2)
  return np.mean(found)


@pytest.mark.parametrize('steps', [5, 10, 16])
@pytest.mark.parametrize('prediction', ['sample', 'flow'])
def test_draws_keep_their_shares_better_than_with_a_stride(prediction, steps):
  stride = np.arange(steps)[::-1] * (STEPS // steps)
  process = schedule.make(STEPS, prediction)
  here = wrong_share(prediction, schedule.ddim_times(process, steps))
  assert here < 0.1
  assert here < 0.8 * wrong_share(prediction, stride)
