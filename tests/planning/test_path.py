"""Paths keep their ends, touch nothing, and repeat."""

import dataclasses
import itertools

import driving
import numpy as np
import pytest

from sdd.planning import collision, motion, path, reach, trajectory
from sdd.scenes import robots
from sdd.simulation import kinematics

HOME = np.array(robots.DEFAULT.home)
PAIRS = 10


@pytest.fixture(scope='module')
def cluttered(scene, start):
  """A world with the two upper drawers open."""
  qpos = start.qpos.copy()
  qpos[scene.joint_qpos[:2]] = (0.20, 0.12)
  opened = dataclasses.replace(start, qpos=qpos)
  return collision.PlanningWorld('drawer', opened)


@pytest.fixture(scope='module')
def pairs(cluttered):
  """Free configurations in twos: low over the table, and in a drawer."""
  rng = np.random.default_rng(3)
  cluttered.place(HOME)
  drawer = cluttered.data.body('top drawer')
  inside = drawer.xpos + drawer.xmat.reshape(3, 3) @ [0.05, 0.0, 0.05]
  low = ((0.2, -0.4, 0.03), (0.65, 0.3, 0.2))
  deep = np.add(inside, ((-0.03, -0.02, 0.0), (0.03, 0.02, 0.05)))
  ends = [
    stance(cluttered, box, rng) for _ in range(PAIRS) for box in (low, deep)
  ]
  return list(zip(ends[::2], ends[1::2], strict=True))


def stance(world, box, rng):
  """A random free configuration with the tool in a box, pointing down."""
  while True:
    position = rng.uniform(*box)
    rotation = driving.downward(rng.uniform(-np.pi, np.pi))
    for q in reach.configurations(
      world, position, rotation, near=HOME, rng=rng
    ):
      if world.free(q):
        return q


def connect(world, ends, seed=0):
  start, goal = ends
  return path.connect(world, start, goal, np.random.default_rng(seed))


def feasible(world, pairs):
  for ends in pairs:
    try:
      yield ends, connect(world, ends)
    except motion.Infeasible:
      continue


@pytest.fixture(scope='module')
def paths(cluttered, pairs):
  return list(feasible(cluttered, pairs))


def test_most_pairs_are_connected_and_some_by_a_detour(cluttered, paths):
  assert len(paths) >= 0.8 * PAIRS
  assert sum(len(found) > 2 for _, found in paths) >= 2


def test_start_and_goal_are_kept(paths):
  for (start, goal), found in paths:
    np.testing.assert_array_equal(found[0], start)
    np.testing.assert_array_equal(found[-1], goal)


def test_every_path_is_free_when_looked_at_closely(cluttered, paths):
  for _, found in paths:
    for a, b in itertools.pairwise(found):
      count = int(np.ceil(np.max(np.abs(b - a)) / 0.01))
      for part in np.linspace(0, 1, count + 1):
        assert cluttered.free(a + part * (b - a), touching=True)


def test_the_same_seed_gives_the_same_path(cluttered, paths):
  detour = next(pair for pair in paths if len(pair[1]) > 2)
  for other, _ in paths[:3]:  # whatever was solved in between
    connect(cluttered, other, seed=7)
  again = connect(cluttered, detour[0])
  np.testing.assert_array_equal(np.array(again), np.array(detour[1]))


def test_another_seed_gives_another_path(cluttered, paths):
  ends, found = next(pair for pair in paths if len(pair[1]) > 2)
  other = connect(cluttered, ends, seed=1)
  assert not np.array_equal(np.array(other[1]), np.array(found[1]))


def test_a_goal_in_collision_is_infeasible(cluttered):
  inside = HOME.copy()
  inside[1] = 0.0  # the upper arm lies in the table
  with pytest.raises(motion.Infeasible, match='goal'):
    connect(cluttered, (HOME, inside))


def test_a_start_in_collision_is_infeasible(cluttered):
  inside = HOME.copy()
  inside[1] = 0.0
  with pytest.raises(motion.Infeasible, match='start'):
    connect(cluttered, (inside, HOME))


def test_the_nearest_turn_is_the_same_pose_and_within_limits(world):
  rng = np.random.default_rng(0)
  for _ in range(50):
    goal = rng.uniform(world.arm.lower, world.arm.upper)
    start = rng.uniform(world.arm.lower, world.arm.upper)
    near = path.nearest_turn(world, goal, start)
    assert np.all((near >= world.arm.lower) & (near <= world.arm.upper))
    assert np.all(np.abs(near - start) <= np.abs(goal - start) + 1e-9)
    for one, other in zip(
      driving.tool(world, goal), driving.tool(world, near), strict=True
    ):
      np.testing.assert_allclose(one, other, atol=1e-9)


def test_inverse_kinematics_meet_the_pose_that_was_asked_for(world):
  rng = np.random.default_rng(0)
  solved = 0
  for _ in range(30):
    position = rng.uniform((0.25, -0.4, 0.05), (0.65, 0.4, 0.5))
    rotation = driving.downward(rng.uniform(-np.pi, np.pi))
    found = reach.configurations(world, position, rotation, near=HOME, rng=rng)
    solved += bool(found)
    for q in found:
      at, turned = driving.tool(world, q)
      np.testing.assert_allclose(at, position, atol=1e-3)
      np.testing.assert_allclose(turned, rotation, atol=2e-3)
  assert solved >= 28
  assert not reach.configurations(
    world, np.array([3.0, 0, 0.3]), driving.DOWN, near=HOME, rng=rng
  )


@pytest.mark.parametrize('axis', np.eye(3))
def test_half_a_turn_is_not_taken_for_none(world, axis):
  at, turned = driving.tool(world, HOME)
  goal = trajectory.rotation_matrix(np.pi * axis) @ turned
  _, error = kinematics.solve(np, world.arm, HOME, at, goal, iterations=0)
  np.testing.assert_allclose(error, np.pi, atol=1e-6)
  if axis[2]:
    _, error = kinematics.solve(np, world.arm, HOME, at, goal, iterations=60)
    assert error < 1e-4
