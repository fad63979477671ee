"""Robots that are pushed off their way."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdd import errors
from sdd.scenes import physics_variation, registry
from sdd.simulation import pushes, simulator

ALL = np.ones(1, bool)


@pytest.fixture(scope='module')
def scene():
  return registry.load('transport')


@pytest.fixture(scope='module')
def sim(scene):
  return simulator.make('mujoco', scene)


def went(sim, world, steps=24, start=0):
  """Where the tool is after each of some equal commands."""
  sim.reset(0, world)
  hold = sim.proprioception(0)[None]
  if start:
    for _ in range(start):
      sim.step(hold, ALL)
    again = sim.world(0)
    other = simulator.make('mujoco', sim.scene)
    other.reset(0, again)
    sim = other
  path = []
  for _ in range(steps - start):
    sim.step(hold, ALL)
    path.append(sim.proprioception(0))
  return np.array(path)


@given(st.floats(0.001, 0.1), st.integers(0, 2**24))
def test_no_push_is_larger_than_it_may_be_or_goes_down(push, seed):
  away = pushes.offsets(push, seed)
  assert np.linalg.norm(away, axis=1).max() <= push * (1 + 1e-9)
  assert away[:, 2].min() >= 0
  pushed = away.any(axis=1)
  assert 0.05 < pushed.mean() < 0.5  # now and then
  np.testing.assert_array_equal(away, pushes.offsets(push, seed))


def test_the_tool_goes_off_and_comes_back(scene, sim):
  world = scene.initial(np.random.default_rng(0))
  still = went(sim, world)
  pushed = dataclasses.replace(world, push=0.05, push_seed=3)
  off = np.linalg.norm((went(sim, pushed) - still)[:, :3], axis=1)
  asked = np.linalg.norm(pushes.offsets(0.05, 3)[:24], axis=1)
  assert asked.max() > 0.02  # of this seed
  np.testing.assert_allclose(off, asked, atol=0.012)
  other = dataclasses.replace(world, push=0.05, push_seed=4)
  assert np.abs(went(sim, other) - went(sim, pushed)).max() > 0.01


def test_a_world_that_is_taken_up_again_goes_on_being_pushed(scene, sim):
  world = scene.initial(np.random.default_rng(0))
  pushed = dataclasses.replace(world, push=0.05, push_seed=3)
  whole = went(sim, pushed)
  np.testing.assert_allclose(went(sim, pushed, start=7), whole[7:], atol=1e-9)


def test_pushes_are_drawn_beside_everything_else(scene):
  plain, pushed = (
    physics_variation.initial(
      scene, seed=1, index=2, physics=physics_variation.of_strength(1, push)
    )
    for push in (0.0, 0.03)
  )
  for field in dataclasses.fields(plain):
    if field.name not in ('push', 'push_seed'):
      np.testing.assert_array_equal(
        getattr(plain, field.name), getattr(pushed, field.name)
      )
  assert (plain.push, pushed.push) == (0, 0.03)
  only = physics_variation.of_strength(0, 0.03)
  assert only is not None
  world = physics_variation.initial(scene, seed=1, index=2, physics=only)
  assert (world.mass, world.latency, world.push) == (1, 0, 0.03)


@pytest.mark.parametrize('push', [-0.01, 0.2, float('nan')])
def test_an_impossible_push_is_refused(push):
  with pytest.raises(errors.SddError, match='pushed'):
    physics_variation.of_strength(1, push)
