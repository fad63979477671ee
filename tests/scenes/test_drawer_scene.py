"""The drawer scene is what it says it is."""

import dataclasses

import mujoco
import numpy as np
import pytest

from sdd import errors
from sdd.scenes import (
  drawer,
  objects,
  registry,
  robot,
  robots,
  table_top,
  ur5e,
  vocabulary,
)
from sdd.simulation import simulator

SEEDS = range(25)


@pytest.fixture(scope='module')
def scene():
  return registry.load('drawer')


@pytest.fixture(scope='module')
def sim(scene):
  return simulator.make('mujoco', scene)


def data_of(scene, world):
  data = mujoco.MjData(scene.model)
  data.qpos[:] = world.qpos
  data.mocap_pos[:], data.mocap_quat[:] = world.mocap_pos, world.mocap_quat
  mujoco.mj_forward(scene.model, data)
  return data


@pytest.mark.parametrize(
  'variant', ['{}', 'the {}', 'The  {}', ' {} ', 'THE_{}', 'a {}']
)
def test_names_are_matched_tolerantly(scene, variant):
  for name in scene.vocabulary.names:
    spelt = variant.format(name.replace(' ', '_'))
    assert scene.vocabulary.find(spelt).name == name


def test_parts_are_found_below_their_whole(scene):
  words = scene.vocabulary
  names = {words.links[i].name for i in words.parts_of('top drawer')}
  assert names == {'top drawer', 'top drawer handle'}
  assert len(words.parts_of('cabinet')) == 7
  assert words.joint_index('top drawer handle') == words.joint_index(
    'top drawer'
  )


def test_the_arm_has_the_published_dimensions(scene):
  rest = scene.rest
  qpos = rest.qpos.copy()
  qpos[scene.arm_qpos] = 0
  data = data_of(scene, dataclasses.replace(rest, qpos=qpos))
  expected = (
    -(ur5e.A2 + ur5e.A3),
    ur5e.D4 + ur5e.D6 + robots.DEFAULT.gripper.length,
    ur5e.D1 - ur5e.D5,
  )
  np.testing.assert_allclose(data.site(robot.TCP).xpos, expected, atol=1e-9)


def test_twelve_tasks_none_of_them_done(scene, sim):
  assert len({task.sentence for task in scene.tasks}) == 12
  for seed in SEEDS:
    sim.reset(0, scene.initial(np.random.default_rng(seed)))
    state = sim.scene_state(0)
    assert not any(task.ground_truth(state) for task in scene.tasks)
    assert np.all(state.joint_position == 0)


@pytest.mark.parametrize('seed', SEEDS)
def test_initial_worlds_are_within_bounds_and_touch_nothing(scene, seed):
  world = scene.initial(np.random.default_rng(seed))
  data = data_of(scene, world)
  assert data.contact.dist.min(initial=0) > -1e-4
  places = []
  for kind in objects.DRAWER_OBJECTS:
    start = scene.free_qpos(kind.name)
    offsets = np.abs(np.subtract(drawer.OBJECT_PLACES, world.qpos[start:][:2]))
    near = np.flatnonzero((offsets <= drawer.OBJECT_SHIFT + 1e-9).all(axis=1))
    assert len(near) == 1
    places.append(near[0])
  assert len(set(places)) == len(places)
  shift = np.abs(world.mocap_pos[0, :2] - drawer.CABINET_PLACE)
  assert np.all(shift <= drawer.CABINET_SHIFT)
  assert np.all(
    np.abs(world.arm_target - robots.DEFAULT.home) <= table_top.ARM_NOISE + 1e-9
  )


def test_what_rests_stays(scene, sim):
  for seed in range(4):
    world = scene.initial(np.random.default_rng(seed))
    sim.reset(0, world)
    stay = sim.proprioception(0).astype(np.float32)[None]
    for _ in range(4):
      sim.step(stay, np.ones(1, bool))
    for kind in objects.DRAWER_OBJECTS:
      start = scene.free_qpos(kind.name)
      moved = sim.world(0).qpos[start : start + 3] - world.qpos[start:][:3]
      assert np.linalg.norm(moved) < 0.004, kind.name


def test_every_object_fits_the_gripper_and_the_drawer(scene, sim):
  sim.reset(0, scene.initial(np.random.default_rng(0)))
  bounds = sim.scene_state(0).link_bounds
  for kind in objects.DRAWER_OBJECTS:
    lower, upper = bounds[scene.vocabulary.index(kind.name)]
    assert upper[2] - lower[2] < 0.115  # under the drawer above
    sizes = scene.model.geom_size[
      [
        scene.model.geom(name).id
        for name in scene.vocabulary.find(kind.name).geoms
      ]
    ]
    assert 2 * sizes[:, 0].min() < robots.DEFAULT.stroke


def test_the_ground_truth_wants_the_object_in_and_the_drawer_shut(scene, sim):
  world = scene.initial(np.random.default_rng(1))
  sim.reset(0, world)
  state = sim.scene_state(0)
  inside = state.link_position[scene.vocabulary.index('top drawer')]
  qpos = world.qpos.copy()
  start = scene.free_qpos('crayon box')
  qpos[start : start + 3] = inside + np.array([0, 0, 0.02])
  truth = scene.task('move the crayon box into the top drawer').ground_truth
  for opened, expected in ((0.0, True), (0.03, True), (0.06, False)):
    qpos[scene.joint_qpos[scene.vocabulary.joint_index('top drawer')]] = opened
    sim.reset(0, dataclasses.replace(world, qpos=qpos))
    assert truth(sim.scene_state(0)) is expected
    others = [
      task.sentence
      for task in scene.tasks
      if task.ground_truth(sim.scene_state(0))
    ]
    assert len(others) == expected


def test_the_text_is_the_model(scene):
  again = mujoco.MjModel.from_xml_string(scene.mjcf)
  assert again.nq == scene.model.nq
  drawer.load.cache_clear()
  assert drawer.load(robots.DEFAULT).sha256 == scene.sha256


def test_unknown_names_are_explained(scene):
  with pytest.raises(errors.UnknownNameError, match="mean 'drawer'"):
    registry.load('drawr')
  with pytest.raises(errors.UnknownNameError, match='into the top drawer'):
    scene.task('move the crayon box in the top drawer')
  with pytest.raises(errors.UnknownNameError, match="mean 'top drawer'"):
    scene.vocabulary.find('topp drawer')
  with pytest.raises(errors.UnknownNameError, match='articulated'):
    scene.vocabulary.joint_index('crayon box')
  assert vocabulary.normalise('The_Top  Drawer') == 'top drawer'
