"""The ways to make a chunk: what starts it, what ends it."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sdd.policy import acting, config, loss, network, sampler, schedule
from sdd.simulation import action

TINY = config.PolicyConfig(
  action_horizon=8,
  execution_horizon=4,
  channels=(8,),
  groups=4,
  kernel_size=3,
  step_dimension=8,
  object_width=16,
  heads=2,
  observation_hidden=(),
  condition_dimension=8,
  text_dimension=8,
  inference_steps=5,
)
REGRESSION = dataclasses.replace(TINY, head='regression')


class Perfect:
  """Stands for a network that knows the clean chunk."""

  def __init__(self, process, clean):
    self._process, self._clean = process, clean

  def apply(self, variables, *inputs, method):
    if method == 'encode':
      return jnp.zeros((1, 1))
    noisy, time, _ = inputs
    signal = jnp.asarray(self._process.signal)[time][:, None, None]
    sigma = jnp.asarray(self._process.sigma)[time][:, None, None]
    noise = (noisy - signal * self._clean) / sigma
    return self._process.target(self._clean, noise, time)


@pytest.mark.parametrize('prediction', config.PREDICTIONS)
def test_a_perfect_network_gives_the_clean_chunk(prediction):
  rng = np.random.default_rng(0)
  clean = jnp.asarray(rng.uniform(-1, 1, (2, 8, 10)), jnp.float32)
  process = schedule.make(50, prediction)
  sizes = dataclasses.replace(TINY, prediction=prediction)
  run = sampler.loop(
    Perfect(process, clean),  # pyright: ignore[reportArgumentType]
    acting.make(sizes),
  )
  noise = rng.standard_normal((2, 8, 10)).astype(np.float32)
  seen, said = np.zeros((2, 2, 30)), np.zeros((2, 3, 8))
  np.testing.assert_allclose(run({}, seen, said, noise), clean, atol=2e-4)


def test_noise_makes_no_difference_to_a_regression():
  rng = np.random.default_rng(0)
  params = network.init(REGRESSION, 2, seed=0)
  run = sampler.make(REGRESSION)
  seen = rng.standard_normal((2, 2, 30)).astype(np.float32)
  said = rng.standard_normal((2, 3, 8)).astype(np.float32)
  noises = rng.standard_normal((2, 2, 8, 10)).astype(np.float32)
  one, other = (np.asarray(run(params, seen, said, n)) for n in noises)
  np.testing.assert_array_equal(one, other)
  asked = network.Network(REGRESSION).apply(
    {'params': params},
    np.tile(acting.start(8), (2, 1, 1)),
    jnp.zeros(2, jnp.int32),
    seen,
    said,
  )
  np.testing.assert_allclose(one, np.clip(np.asarray(asked), -1, 1), atol=1e-5)


def test_rows_of_the_start_differ_by_their_place():
  start = acting.start(16)
  assert start.shape == (16, action.DIMENSION)
  assert np.abs(start).max() <= 1
  apart = np.linalg.norm(start[:, None] - start, axis=-1)
  assert (apart + np.eye(16) > 0.5).all()


def test_a_regression_learns_one_chunk():
  rng = np.random.default_rng(0)
  batch = {
    'observation': jnp.zeros((4, 2, 30)),
    'text': jnp.zeros((4, 3, 8)),
    'action': jnp.tile(jnp.asarray(rng.uniform(-1, 1, (1, 8, 10))), (4, 1, 1)),
    'position': jnp.arange(4),
  }
  apply = network.Network(REGRESSION).apply

  @jax.jit
  def step(params):
    value, slope = jax.value_and_grad(
      lambda p: loss.regression_loss(apply, p, batch)
    )(params)
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, slope), value

  params, values = network.init(REGRESSION, 2, seed=0), []
  for _ in range(60):
    params, value = step(params)
    values.append(float(value))
  assert values[-1] < 0.2 * values[0]
