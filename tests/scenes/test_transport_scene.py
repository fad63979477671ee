"""The transport scenes are what they say they are."""

import dataclasses

import mujoco
import numpy as np
import pytest

from sdd.scenes import parts, registry, table_top, transport
from sdd.simulation import simulator

NAMES = ('transport', 'transport_test')
SEEDS = range(12)


@pytest.fixture(scope='module', params=NAMES)
def scene(request):
  return registry.load(request.param)


def local_toy(scene, world, container):
  """The toy's origin in a bin's frame."""
  index = list(transport.BINS).index(container)
  start = scene.free_qpos('toy')
  inverse, found = np.zeros(4), np.zeros(3)
  mujoco.mju_negQuat(inverse, world.mocap_quat[index])
  offset = world.qpos[start : start + 3] - world.mocap_pos[index]
  mujoco.mju_rotVecQuat(found, offset, inverse)
  return found


def moved(scene, world, offset, container='left bin'):
  """The world with the toy elsewhere in a bin's frame."""
  index = list(transport.BINS).index(container)
  qpos, turned = world.qpos.copy(), np.zeros(3)
  mujoco.mju_rotVecQuat(turned, np.array(offset), world.mocap_quat[index])
  start = scene.free_qpos('toy')
  qpos[start : start + 3] = world.mocap_pos[index] + turned
  return dataclasses.replace(world, qpos=qpos)


@pytest.mark.parametrize('variation', ['wide', 'paper'])
def test_worlds_begin_at_rest_in_the_right_bin(scene, variation):
  scene = registry.load(scene.name, variation)
  shift, yaw = transport.SHIFT[variation], transport.YAW[variation]
  places = np.array(list(transport.BINS.values()))
  for seed in SEEDS:
    world = scene.initial(np.random.default_rng(seed))
    offsets = np.abs(world.mocap_pos[:, :2] - places)
    assert np.all(offsets <= np.add(shift, 1e-9))
    turned = 2 * np.arccos(np.clip(world.mocap_quat[:, 0], -1, 1))
    assert np.all(turned <= yaw + 1e-6)
    found = local_toy(scene, world, 'right bin')
    assert np.all(np.abs(found[:2]) < transport.BOTTOM)
    assert np.all(world.qvel == 0)
    later = table_top.settled(scene, world, seconds=0.5)
    start = scene.free_qpos('toy')
    strayed = later.qpos[start : start + 3] - world.qpos[start : start + 3]
    assert np.linalg.norm(strayed) < 0.01


def test_toys_and_the_way_they_lie_differ_between_seeds(scene):
  worlds = [scene.initial(np.random.default_rng(seed)) for seed in SEEDS]
  again = scene.initial(np.random.default_rng(0))
  np.testing.assert_array_equal(again.qpos, worlds[0].qpos)
  assert len({world.shape for world in worlds}) >= 4
  assert len({world.qpos.tobytes() for world in worlds}) == len(worlds)


def test_the_ground_truth_wants_the_toy_between_the_walls(scene):
  sim = simulator.make('mujoco', scene)
  truth = scene.task(transport.TASK).ground_truth
  world = scene.initial(np.random.default_rng(5))
  edge, wall = transport.BOTTOM, transport.WALL
  lean = wall * np.tan(transport.LEAN)
  for offset, expected in (
    ((0, 0, 0.02), True),
    ((edge - 0.005, -edge + 0.005, 0.01), True),
    ((edge + lean - 0.005, 0, wall - 0.002), True),
    ((edge + lean - 0.005, 0, 0.01), False),
    ((0, edge + lean + 0.005, wall - 0.002), False),
    ((0, 0, wall + 0.01), False),
    ((0, 0, -0.01), False),
  ):
    sim.reset(0, moved(scene, world, offset))
    assert truth(sim.scene_state(0)) is expected, offset
  sim.reset(0, moved(scene, world, (0, 0, 0.02), 'right bin'))
  assert not truth(sim.scene_state(0))


def test_the_ground_truth_turns_with_the_bin(scene):
  sim = simulator.make('mujoco', scene)
  truth = scene.task(transport.TASK).ground_truth
  world = scene.initial(np.random.default_rng(5))
  turned = world.mocap_quat.copy()
  turned[0] = parts.rotation_z(np.pi / 4)
  world = dataclasses.replace(world, mocap_quat=turned)
  corner = np.array([1, 1, 0]) * (transport.BOTTOM - 0.005) + [0, 0, 0.01]
  sim.reset(0, moved(scene, world, corner))
  assert truth(sim.scene_state(0))
  outside = np.array([2**0.5 * (transport.BOTTOM - 0.005), 0, 0.01])
  sim.reset(0, moved(scene, world, outside))
  assert not truth(sim.scene_state(0))


def test_what_is_dropped_slides_off_the_walls(scene):
  world = scene.initial(np.random.default_rng(2))
  above = moved(scene, world, (transport.BOTTOM + 0.02, 0, 0.12))
  off = []
  for shape in range(6):
    later = dataclasses.replace(above, shape=shape)
    found = local_toy(scene, table_top.settled(scene, later), 'left bin')
    off.append(np.max(np.abs(found[:2])) < transport.BOTTOM)
  assert sum(off) >= 5  # a long one may lean on the edge
