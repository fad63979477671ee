"""Drawn physics: within their ranges, and nothing else is different."""

import dataclasses

import numpy as np
import pytest

from sdd import errors
from sdd.scenes import physics_variation, registry, world_state

OWN = physics_variation.Physics()
SCENES = ('balance', 'catapult', 'transport', 'mailbox', 'drawer@panda')
NEW = {*world_state.FACTORS, 'offset', 'latency', 'qpos'}


@pytest.fixture(scope='module', params=SCENES)
def scene(request):
  return registry.load(request.param)


@pytest.fixture(scope='module')
def world(scene):
  return physics_variation.initial(scene, seed=0, index=3)


def drawn(scene, index, physics=OWN):
  return physics_variation.initial(scene, seed=0, index=index, physics=physics)


def test_worlds_are_otherwise_as_they_were(scene, world):
  other = drawn(scene, 3)
  for field in dataclasses.fields(world_state.WorldState):
    one, two = (getattr(each, field.name) for each in (world, other))
    if field.name not in NEW:
      np.testing.assert_array_equal(one, two, field.name)
  shift = np.zeros_like(world.qpos)
  shift[scene.arm_qpos] = other.offset
  np.testing.assert_array_equal(other.qpos, world.qpos + shift)
  assert len(other.offset) == len(scene.robot.arm.joints)


def test_the_same_episode_has_the_same_physics(scene):
  for field in dataclasses.fields(world_state.WorldState):
    one, two = (getattr(drawn(scene, 3), field.name) for _ in range(2))
    np.testing.assert_array_equal(one, two, field.name)


def test_no_strength_is_the_scenes_own(scene, world):
  assert physics_variation.of_strength(0) is None
  other = drawn(scene, 3, OWN.scaled(0))
  for field in dataclasses.fields(world_state.WorldState):
    one, two = (getattr(each, field.name) for each in (world, other))
    one, two = np.broadcast_arrays(one, two)
    np.testing.assert_array_equal(one, two, field.name)


@pytest.fixture(scope='module')
def many():
  scene = registry.load('drawer')
  world = scene.initial(np.random.default_rng(0))
  rng = np.random.default_rng(0)
  return [physics_variation.draw(scene, world, rng, OWN) for _ in range(300)]


@pytest.mark.parametrize('name', world_state.FACTORS)
def test_factors_fill_their_ranges(many, name):
  low, high = getattr(OWN, name)
  values = np.array([getattr(world, name) for world in many])
  assert low <= values.min() < low * 1.05
  assert high / 1.05 < values.max() <= high
  middle = np.log(values).mean()
  assert middle == pytest.approx(np.log(low * high) / 2, abs=0.06)


def test_offsets_and_latency_fill_theirs(many):
  offsets = np.stack([world.offset for world in many])
  assert 0.95 * OWN.offset < np.abs(offsets).max() <= OWN.offset
  assert np.abs(offsets.mean(axis=0)).max() < 0.1 * OWN.offset
  assert 0.25 < np.mean([world.latency for world in many]) < 0.42


def test_twice_as_strong_is_twice_as_far():
  scene = registry.load('drawer')
  one, two = (drawn(scene, 5, OWN.scaled(by)) for by in (0.5, 1.0))
  for name in world_state.FACTORS:
    assert getattr(one, name) ** 2 == pytest.approx(getattr(two, name))
  np.testing.assert_allclose(2 * one.offset, two.offset)
  assert one.latency <= two.latency
  assert OWN.scaled(9).latency == 1


@pytest.mark.parametrize(
  'given',
  [
    {'mass': (0.0, 1.0)},
    {'gain': (1.2, 0.8)},
    {'friction': (1.0, np.inf)},
    {'offset': -0.1},
    {'latency': 1.5},
  ],
)
def test_bad_ranges_are_refused(given):
  with pytest.raises(errors.SddError, match='expected'):
    physics_variation.Physics(**given)


@pytest.mark.parametrize('strength', [-1.0, np.inf, np.nan])
def test_bad_strengths_are_refused(strength):
  with pytest.raises(errors.SddError, match='as much'):
    physics_variation.of_strength(strength)
