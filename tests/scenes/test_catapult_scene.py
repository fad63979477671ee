"""The catapult scene is what it says it is, and shoots where it should."""

import dataclasses

import numpy as np
import pytest

from sdd.scenes import catapult, parts, registry, robots
from sdd.simulation import simulator

ALL = np.ones(1, bool)
PAIRS = list(zip(catapult.MARKS, catapult.BOXES, strict=True))


@pytest.fixture(scope='module')
def scene():
  return registry.load('catapult')


@pytest.fixture(scope='module')
def sim(scene):
  return simulator.make('mujoco', scene)


def truth(scene, box):
  (found,) = [t for t in scene.tasks if t.sentence.endswith(box)]
  return found.ground_truth


def with_block(scene, world, position, yaw=0.0):
  qpos, start = world.qpos.copy(), scene.free_qpos('block')
  qpos[start : start + 3] = position
  qpos[start + 3 : start + 7] = parts.rotation_z(yaw)
  return dataclasses.replace(world, qpos=qpos)


def on_mark(scene, sim, mark, *, shape, rng, noise=0.006):
  """A world of that shape with the block on a mark, and about centred."""
  world = scene.initial(rng)
  qpos, arm = world.qpos.copy(), np.array(robots.DEFAULT.home)
  arm[0] += 0.6  # towards the button, as when pressing it
  qpos[scene.arm_qpos] = arm
  world = dataclasses.replace(world, shape=shape, qpos=qpos, arm_target=arm)
  sim.reset(0, world)
  state, index = sim.scene_state(0), scene.vocabulary.index(mark)
  position = state.link_position[index].copy()
  position[2] = catapult.ARM_TOP + catapult.EDGES[shape] / 2
  position[:2] += rng.uniform(-noise, noise, 2)
  w, _, _, z = state.link_quaternion[index]
  yaw = 2 * np.arctan2(z, w) + rng.uniform(-1, 1) * np.radians(10)
  return with_block(scene, world, position, yaw)


def idle(sim, periods):
  stay = sim.proprioception(0).astype(np.float32)[None]
  for _ in range(periods):
    sim.step(stay, ALL)


def shoot(scene, sim, world):
  """The state four seconds after the button was pressed."""
  sim.reset(0, world)
  idle(sim, 2)
  world = sim.world(0)
  assert abs(world.qpos[scene.free_qpos('block') + 2] - catapult.ARM_TOP) < 0.03
  qpos = world.qpos.copy()
  button = scene.vocabulary.joint_index('button')
  qpos[scene.joint_qpos[button]] = catapult.BUTTON_TRAVEL
  sim.reset(0, dataclasses.replace(world, qpos=qpos))
  idle(sim, 16)
  return sim.scene_state(0)


@pytest.mark.parametrize('shape', range(len(catapult.EDGES)))
@pytest.mark.parametrize(('mark', 'box'), PAIRS)
def test_each_mark_shoots_into_its_box(scene, sim, mark, box, shape):
  rng = np.random.default_rng(shape)
  for _ in range(4):
    world = on_mark(scene, sim, mark, shape=shape, rng=rng)
    state = shoot(scene, sim, world)
    done = [name for name in catapult.BOXES if truth(scene, name)(state)]
    assert done == [box]
    assert scene.rules.final(state)


def test_a_block_that_is_put_in_the_box_does_not_count(scene, sim):
  world = scene.initial(np.random.default_rng(0))
  sim.reset(0, world)
  at = sim.scene_state(0).link_position[scene.vocabulary.index('middle box')]
  sim.reset(0, with_block(scene, world, at + np.array([0, 0, 0.03])))
  idle(sim, 2)
  assert not any(task.ground_truth(sim.scene_state(0)) for task in scene.tasks)


def test_carrying_the_block_over_the_line_is_a_foul(scene, sim):
  sim.reset(0, scene.initial(np.random.default_rng(0)))
  state = sim.scene_state(0)
  block = scene.vocabulary.index('block')
  fingers = list(scene.vocabulary.fingers)
  for y in (-0.1, 0.1):
    for held in (False, True):
      position, contact = state.link_position.copy(), state.contact.copy()
      position[block, 1] = catapult.FOUL_LINE + y
      contact[fingers, block] = contact[block, fingers] = held
      changed = state.replace(link_position=position, contact=contact)
      assert scene.rules.foul(changed) == (held and y < 0)


def test_furniture_moves_as_one(scene):
  at_rest = scene.rest.mocap_pos
  for seed in range(10):
    moved = scene.initial(np.random.default_rng(seed)).mocap_pos
    for one in range(len(at_rest)):
      np.testing.assert_allclose(
        np.linalg.norm(moved - moved[one], axis=1),
        np.linalg.norm(at_rest - at_rest[one], axis=1),
        atol=1e-9,
      )


def test_wide_worlds_vary_within_bounds_and_the_papers_not_at_all(scene):
  start = scene.free_qpos('block')
  worlds = [scene.initial(np.random.default_rng(seed)) for seed in range(30)]
  assert {world.shape for world in worlds} == set(range(len(catapult.EDGES)))
  for world in worlds:
    off = np.abs(world.qpos[start : start + 2] - catapult.BLOCK_PLACE)
    assert off.max() <= catapult.BLOCK_SHIFT
    assert world.qpos[start + 2] == catapult.EDGES[world.shape] / 2
    shift = np.abs(world.mocap_pos[0, :2] - catapult.PLACE)
    assert shift.max() <= catapult.SHIFT
  narrow = registry.load('catapult', 'paper')
  first, other = (narrow.initial(np.random.default_rng(k)) for k in (0, 1))
  np.testing.assert_array_equal(first.qpos, other.qpos)
  np.testing.assert_allclose(first.mocap_pos, scene.rest.mocap_pos, atol=1e-12)
  assert first.shape == other.shape == 0


def test_shapes_differ_in_the_block_alone(scene):
  models = [scene.shaped(k).model for k in range(len(scene.shapes))]
  for model, edge in zip(models, catapult.EDGES, strict=True):
    block = model.geom('block')
    np.testing.assert_allclose(block.size, edge / 2)
    assert model.body('block').mass == pytest.approx(700 * edge**3)
    others = np.arange(model.ngeom) != block.id
    for field in ('geom_type', 'geom_size', 'geom_pos', 'geom_bodyid'):
      np.testing.assert_array_equal(
        getattr(model, field)[others], getattr(models[0], field)[others]
      )
