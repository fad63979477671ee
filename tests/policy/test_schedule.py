"""The noise schedule's laws."""

import jax.numpy as jnp
import numpy as np
import pytest

from sdd.policy import config, schedule

PREDICTIONS = pytest.mark.parametrize('prediction', config.PREDICTIONS)


def test_signal_only_decreases_and_ends_almost_gone():
  alpha_bar = schedule.make(50).alpha_bar
  assert len(alpha_bar) == 50
  assert (np.diff(alpha_bar) < 0).all()
  assert alpha_bar[0] > 0.99
  assert 0 < alpha_bar[-1] < 1e-4


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


@pytest.mark.parametrize('steps', [1, 7, 10, 50])
def test_acting_goes_from_noisy_to_clean(steps):
  times = schedule.ddim_times(50, steps)
  assert len(times) == steps
  assert times[-1] == 0
  assert (np.diff(times) < 0).all()
  assert times[0] < 50


@PREDICTIONS
def test_the_true_prediction_leads_back_to_the_clean_chunk(prediction):
  process = schedule.make(50, prediction)
  times = schedule.ddim_times(50, 10)
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
