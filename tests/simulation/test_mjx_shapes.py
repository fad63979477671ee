"""One MJX program for all shapes of a scene, and for its latches."""

import dataclasses

import numpy as np
import pytest

from sdd import errors
from sdd.scenes import registry, world_state
from sdd.simulation import extraction, mjx_shapes, simulator

BOTH = np.ones(2, bool)


@pytest.fixture(scope='module')
def toys():
  return registry.load('transport')


def test_fields_and_tables_are_those_of_each_shape(toys):
  shapes = mjx_shapes.Shapes(toys)
  table = extraction.link_table(toys)
  for k in (0, len(toys.shapes) - 1):
    model = toys.shaped(k).model
    factors = {name: np.float32(1) for name in world_state.FACTORS}
    for name, value in shapes.fields(np.int32(k), factors).items():
      np.testing.assert_allclose(value, getattr(model, name), rtol=1e-6)
    own = extraction.link_table(toys.shaped(k))
    found = shapes.link_table(table, np.array([k, 0]))
    np.testing.assert_allclose(found.core[0], own.core, rtol=1e-6)
    np.testing.assert_allclose(found.radius[0], own.radius, rtol=1e-6)


def test_shapes_that_do_not_match_are_refused(toys):
  other = registry.load('drawer').mjcf
  wrong = dataclasses.replace(toys, shapes=(toys.mjcf, other))
  with pytest.raises(errors.SddError, match='differ in'):
    mjx_shapes.Shapes(wrong)


def follow(scene, worlds, actions):
  """Both simulators under the same actions; states of each at the end."""
  batch = simulator.make('mjx', scene, size=2)
  referee = simulator.make('mujoco', scene, size=2)
  for sim in (batch, referee):
    for index, world in enumerate(worlds):
      sim.reset(index, world)
    for action in actions(sim):
      sim.step(action, BOTH)
  return batch, referee


@pytest.mark.long
def test_toys_of_two_shapes_lie_in_one_batch_as_in_c(toys):
  worlds = []
  for seed in range(50):
    world = toys.initial(np.random.default_rng(seed))
    if world.shape not in [other.shape for other in worlds]:
      worlds.append(world)
    if len(worlds) == 2:
      break

  def stay(sim):
    hold = np.stack([sim.proprioception(k) for k in range(2)])
    return [hold] * 8

  batch, referee = follow(toys, worlds, stay)
  toy = toys.vocabulary.index('toy')
  for k in range(2):
    one, other = batch.scene_state(k), referee.scene_state(k)
    assert batch.world(k).shape == worlds[k].shape
    np.testing.assert_allclose(
      one.link_position[toy], other.link_position[toy], atol=3e-3
    )
    np.testing.assert_allclose(
      one.link_bounds[toy], other.link_bounds[toy], atol=6e-3
    )
    np.testing.assert_array_equal(one.contact[toy], other.contact[toy])


@pytest.mark.long
def test_a_latch_holds_until_the_button_is_down():
  scene = registry.load('catapult')
  (latch,) = scene.latches
  world = scene.initial(np.random.default_rng(0))
  pressed = world.qpos.copy()
  button = scene.model.joint(latch.button)
  pressed[button.qposadr[0]] = button.range[1]
  worlds = [world, dataclasses.replace(world, qpos=pressed)]

  def stay(sim):
    hold = np.stack([sim.proprioception(k) for k in range(2)])
    return [hold] * 3

  arm = scene.model.joint(latch.arm).qposadr[0]
  for sim in follow(scene, worlds, stay):
    held, sprung = (sim.world(k).qpos[arm] for k in range(2))
    assert held < latch.caught_below < sprung
