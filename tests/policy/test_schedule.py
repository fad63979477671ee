"""The noise schedule's laws."""

import jax.numpy as jnp
import numpy as np
import pytest

from sdd.policy import config, schedule

PREDICTIONS = pytest.mark.parametrize('prediction', config.PREDICTIONS)


@PREDICTIONS
def test_signal_only_decreases_and_ends_almost_gone(prediction):
  process = schedule.make(50, prediction)
  assert len(process.signal) == len(process.sigma) == 50
  assert (np.diff(process.signal) < 0).all()
  assert (np.diff(process.sigma) > 0).all()
  assert process.signal[0] > 0.97
  assert 0 <= process.signal[-1] < 1e-2
  assert process.sigma[-1] == pytest.approx(1)


def test_the_path_of_a_flow_is_a_straight_line_that_ends_in_noise():
  process = schedule.make(50, 'flow')
  rng = np.random.default_rng(0)
  clean, noise = jnp.asarray(rng.standard_normal((2, 50, 4, 10)))
  path = np.asarray(process.add_noise(clean, noise, jnp.arange(50)))
  path = path - np.asarray(clean)  # begins there, one step before the first
  velocity = np.asarray(process.target(clean, noise, jnp.arange(50)))
  np.testing.assert_allclose(
    path, np.arange(1, 51)[:, None, None] / 50 * velocity, atol=1e-5
  )
  np.testing.assert_allclose(path[-1], (noise - clean)[-1], atol=1e-6)


@pytest.mark.parametrize('steps', [1, 5, 16])
def test_a_flow_integrates_a_linear_field_as_euler_does(steps):
  """Where dx/ds = x - g, an Euler step multiplies the distance to g."""
  process = schedule.make(50, 'flow')
  times = schedule.ddim_times(process, steps)
  rng = np.random.default_rng(1)
  goal = jnp.asarray(rng.uniform(-0.2, 0.2, (1, 4, 10)))
  x = start = goal + jnp.asarray(rng.uniform(-0.5, 0.5, (1, 4, 10)))
  for row in jnp.asarray(schedule.ddim_table(process, times)):
    x = schedule.ddim_step(x, x - goal, row)
  ends = np.append(process.sigma[times], 0)
  factor = np.prod(1 + np.diff(ends))
  np.testing.assert_allclose(x - goal, factor * (start - goal), atol=1e-5)


def test_betas_are_capped():
  betas = schedule.squared_cosine_betas(50)
  assert (betas > 0).all()
  assert betas.max() == schedule.MAX_BETA


def test_noising_keeps_the_variance():
  process = schedule.make(50)
  rng = np.random.default_rng(0)
  clean, noise = jnp.asarray(rng.standard_normal((2, 50, 400, 10)))
  noisy = process.add_noise(clean, noise, jnp.arange(50))
  assert np.asarray(noisy).var(axis=(1, 2)) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize('steps', [1, 5, 7, 10, 16, 50])
@PREDICTIONS
def test_acting_goes_from_noisy_to_clean(prediction, steps):
  process = schedule.make(50, prediction)
  times = schedule.ddim_times(process, steps)
  assert len(times) == steps
  if prediction == 'epsilon':
    assert times[-1] == 0
    strides = -np.diff(times, prepend=50)
  else:
    assert times[0] == 49
    strides = -np.diff(times, append=-1)
  assert strides.min() >= 1
  assert strides.max() - strides.min() <= 1


@pytest.mark.parametrize('steps', [1, 5, 10, 16])
@PREDICTIONS
def test_the_true_prediction_leads_back_to_the_clean_chunk(prediction, steps):
  process = schedule.make(50, prediction)
  times = schedule.ddim_times(process, steps)
  table = schedule.ddim_table(process, times).astype(np.float32)
  rng = np.random.default_rng(1)
  clean = jnp.asarray(rng.uniform(-1, 1, (1, 16, 10)))
  noise = jnp.asarray(rng.standard_normal((1, 16, 10)))
  noisy = process.add_noise(clean, noise, jnp.asarray(times[:1]))
  for time, row in zip(times, jnp.asarray(table), strict=True):
    output = process.target(clean, noise, jnp.array([time]))
    noisy = schedule.ddim_step(noisy, output, row)
  np.testing.assert_allclose(noisy, clean, atol=1e-5)


@PREDICTIONS
def test_every_prediction_inverts_to_the_clean_chunk(prediction):
  """The first two columns of the table, at every time but the noisiest."""
  process = schedule.make(50, prediction)
  rng = np.random.default_rng(3)
  clean, noise = jnp.asarray(rng.uniform(-1, 1, (2, 49, 4, 10)))
  noisy = process.add_noise(clean, noise, jnp.arange(49))
  output = process.target(clean, noise, jnp.arange(49))
  a, b, *_ = schedule.ddim_table(process, np.arange(49)).T[..., None, None]
  np.testing.assert_allclose(a * noisy + b * output, clean, atol=1e-4)


@PREDICTIONS
def test_a_step_leaves_the_noise_of_its_time(prediction):
  process = schedule.make(50, prediction)
  times = np.array([40, 20])
  row = jnp.asarray(schedule.ddim_table(process, times)[0])
  rng = np.random.default_rng(2)
  clean = jnp.asarray(rng.uniform(-1, 1, (1, 16, 10)))
  noise = jnp.asarray(rng.standard_normal((1, 16, 10)))
  noisy = process.add_noise(clean, noise, jnp.asarray(times[:1]))
  after = schedule.ddim_step(
    noisy, process.target(clean, noise, jnp.asarray(times[:1])), row
  )
  expected = process.add_noise(clean, noise, jnp.asarray(times[1:]))
  np.testing.assert_allclose(after, expected, atol=1e-5)
