"""The balance scene is what it says it is, and its task can be done."""

import dataclasses
import itertools

import mujoco
import numpy as np
import pytest

from sdd.scenes import balance, parts, registry, robots, table_top
from sdd.simulation import simulator

SEEDS = range(40)
SHAPES = range(1 + len(balance.WIDE_SHAPES))


@pytest.fixture(scope='module')
def scene():
  return registry.load('balance')


@pytest.fixture(scope='module')
def paper():
  return registry.load('balance', 'paper')


@pytest.fixture(scope='module')
def sim(scene):
  return simulator.make('mujoco', scene)


def shape_of(number):
  return (balance.PAPER_SHAPE, *balance.WIDE_SHAPES)[number]


def edited(scene, world, *, at, turn=(1, 0, 0, 0)):
  """The world with the bus elsewhere."""
  qpos, start = world.qpos.copy(), scene.free_qpos('bus')
  qpos[start : start + 3], qpos[start + 3 : start + 7] = at, turn
  return dataclasses.replace(world, qpos=qpos)


def on_block(scene, number, *, beside=0.0, lifted=0.0, yaw=0.0):
  """A world of that shape with the bus upright over the block."""
  shape = shape_of(number)
  floor = 0.0317 - 0.008  # of the centre above the floor between the wheels
  height = shape.height + shape.edge / 2 + shape.scale * floor - 0.0001
  world = dataclasses.replace(
    scene.rest,
    shape=number,
    mocap_pos=np.array([[*balance.BLOCK_PLACE, 0.0]]),
    mocap_quat=np.array([parts.rotation_z(yaw)]),
  )
  along = beside * np.array([np.cos(yaw), np.sin(yaw)])
  at = [*np.add(balance.BLOCK_PLACE, along), height + lifted]
  return edited(scene, world, at=at, turn=parts.rotation_z(yaw))


def after(sim, world, seconds):
  sim.reset(0, world)
  stay = sim.proprioception(0).astype(np.float32)[None]
  for _ in range(round(seconds * sim.spec.rate_hz)):
    sim.step(stay, np.ones(1, bool))
  return sim.scene_state(0)


@pytest.mark.parametrize('number', SHAPES)
def test_sizes_are_as_stated(scene, number):
  shape, model = shape_of(number), scene.shaped(number).model
  assert 0.85 <= shape.scale <= 1.1
  assert 0.035 <= shape.edge <= 0.06
  np.testing.assert_allclose(2 * model.geom('block').size, shape.edge)
  data = mujoco.MjData(model)
  mujoco.mj_forward(model, data)
  height = data.body('block').xpos[2]
  np.testing.assert_allclose(height, shape.height)
  assert height <= 0.15
  # The bus's frame is in its centre of mass, which the ground truth relies on.
  assert np.linalg.norm(model.body('bus').ipos) < 0.001
  widths = 2 * model.geom('bus/cabin').size
  assert np.sort(widths)[1] < 0.095 < robots.DEFAULT.stroke


def test_the_paper_varies_nothing_but_how_the_bus_fell(paper):
  worlds = [paper.initial(np.random.default_rng(seed)) for seed in SEEDS]
  for world in worlds:
    assert world.shape == 0
    np.testing.assert_array_equal(world.mocap_pos, [[*balance.BLOCK_PLACE, 0]])
    np.testing.assert_array_equal(world.arm_target, robots.DEFAULT.home)
  turns = [roof(paper, world) for world in worlds]
  # On the wheels, on the roof and on either side, none of them rarely.
  sides = {tuple(np.round(turn).astype(int)) for turn in turns}
  assert {(0, 0, 1), (0, 0, -1), (0, 1, 0), (0, -1, 0)} <= sides


def roof(scene, world):
  """The world's up axis in the frame of the bus."""
  start, turned = scene.free_qpos('bus'), np.zeros(9)
  mujoco.mju_quat2Mat(turned, world.qpos[start + 3 : start + 7])
  return turned.reshape(3, 3)[2]


def test_wide_worlds_are_within_bounds_at_rest_and_not_done(scene, sim):
  (task,) = scene.tasks
  shapes, bus = set(), scene.free_qpos('bus')
  for seed in SEEDS:
    world = scene.initial(np.random.default_rng(seed))
    shapes.add(world.shape)
    shift = np.abs(world.mocap_pos[0, :2] - balance.BLOCK_PLACE)
    assert np.all(shift <= balance.BLOCK_SHIFT)
    noise = np.abs(world.arm_target - robots.DEFAULT.home)
    assert np.all(noise <= table_top.ARM_NOISE + 1e-9)
    state = after(sim, world, 0.5)
    moved = sim.world(0).qpos[bus : bus + 3] - world.qpos[bus : bus + 3]
    assert np.linalg.norm(moved) < 0.003
    words = scene.vocabulary
    touched = state.contact[words.index('bus')]
    assert set(np.flatnonzero(touched)) == {words.index('table')}
    assert not task.ground_truth(state)
  assert shapes == set(range(1, len(SHAPES)))


@pytest.mark.parametrize('number', SHAPES)
def test_a_bus_put_down_in_the_middle_stays(scene, sim, number):
  (task,) = scene.tasks
  world = on_block(scene, number, lifted=0.003, yaw=0.3 * number)
  assert not task.ground_truth(after(sim, world, 0.0))
  assert task.ground_truth(after(sim, world, 3.0))


@pytest.mark.parametrize('number', SHAPES)
def test_the_truth_at_an_instant_is_the_truth_later(scene, sim, number):
  (task,) = scene.tasks
  words, edge = scene.vocabulary, shape_of(number).edge
  for beside, expected in ((0.004, True), (-0.004, True), (0.8 * edge, False)):
    world = on_block(scene, number, beside=beside)
    touching = after(sim, world, 0.0)
    assert touching.contact[words.index('bus'), words.index('block')]
    assert task.ground_truth(touching) is expected
    assert task.ground_truth(after(sim, world, 3.0)) is expected


def test_what_helps_to_carry_spoils_it(scene, sim):
  (task,) = scene.tasks
  words = scene.vocabulary
  state = after(sim, on_block(scene, 0), 0.0)
  assert task.ground_truth(state)
  bus = words.index('bus')
  helpers = [words.index('table'), words.index('stand'), *words.fingers]
  for helper, fake in itertools.product(helpers, (False, True)):
    contact = state.contact.copy()
    contact[bus, helper] = contact[helper, bus] = fake
    changed = dataclasses.replace(state, contact=contact)
    assert task.ground_truth(changed) is not fake


def test_a_leaning_bus_is_not_balanced(scene, sim):
  (task,) = scene.tasks
  state = after(sim, on_block(scene, 0), 0.0)
  words = scene.vocabulary
  normal = state.contact_normal.copy()
  block, bus = words.index('block'), words.index('bus')
  normal[block, bus] = (np.sin(0.2), 0, np.cos(0.2))
  tilted = dataclasses.replace(state, contact_normal=normal)
  assert not task.ground_truth(tilted)
