"""Timing, and the arithmetic of rotations."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

from sdd.planning import collision, motion, trajectory
from sdd.simulation import action

PERIOD = 0.25

seconds = strategies.floats(0.0, 20.0)
directions = strategies.tuples(*[strategies.floats(-1, 1)] * 3).filter(
  lambda v: np.linalg.norm(v) > 1e-3
)
angles = strategies.one_of(
  strategies.floats(0.0, np.pi),
  strategies.floats(1e-9, 1e-3),
  strategies.floats(1e-9, 1e-2).map(lambda gap: np.pi - gap),
  strategies.just(np.pi),
)


def profile(seconds):
  return trajectory._profile(seconds, PERIOD)


@hypothesis.given(seconds)
def test_a_stretch_is_covered_once_and_forwards(seconds):
  parts = profile(seconds)
  assert len(parts) >= 1
  np.testing.assert_allclose(parts[-1], 1.0)
  assert np.all(np.diff(parts, prepend=0.0) > 0)


@hypothesis.given(seconds)
def test_speed_stays_below_that_of_the_trapezoid(seconds):
  parts = profile(seconds)
  steps = np.diff(parts, prepend=0.0)
  # Its top is 1 / (1 - ramp) of the mean, and the mean is not exceeded.
  assert np.max(steps) <= PERIOD / max(seconds, PERIOD) * (1 + 1e-9) or (
    len(parts) == 1
  )


@hypothesis.given(seconds.filter(lambda s: s > 1.0))
def test_speed_rises_and_falls_symmetrically(seconds):
  steps = np.diff(profile(seconds), prepend=0.0)
  np.testing.assert_allclose(steps, steps[::-1], atol=1e-9)
  half = steps[: (len(steps) + 1) // 2]
  assert np.all(np.diff(half) >= -1e-9)


@hypothesis.given(directions, angles)
def test_rotations_come_back_from_their_vectors(direction, angle):
  vector = angle * np.asarray(direction) / np.linalg.norm(direction)
  rotation = trajectory.rotation_matrix(vector)
  np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
  np.testing.assert_allclose(np.linalg.det(rotation), 1.0)
  found = trajectory.rotation_vector(rotation)
  np.testing.assert_allclose(np.linalg.norm(found), angle, atol=1e-6)
  # Half a turn is the same both ways, so compare matrices.
  np.testing.assert_allclose(
    trajectory.rotation_matrix(found), rotation, atol=1e-6
  )
  if angle < np.pi - 1e-4:
    np.testing.assert_allclose(found, vector, atol=1e-6)


@pytest.mark.parametrize('axis', [*np.eye(3).tolist(), [1, 1, 0], [-1, 1, -1]])
def test_half_turns_about_any_axis(axis):
  vector = np.pi * np.asarray(axis, float) / np.linalg.norm(axis)
  rotation = trajectory.rotation_matrix(vector)
  found = trajectory.rotation_vector(rotation)
  np.testing.assert_allclose(
    trajectory.rotation_matrix(found), rotation, atol=1e-7
  )


@pytest.fixture
def moving(start):
  world = collision.PlanningWorld('drawer', start)
  return trajectory.Trajectory(world, action.ActionSpec(), start.gripper_target)


def test_a_line_is_straight_and_ends_where_it_should(moving):
  begin, rotation = moving.pose
  goal = np.add(begin, (0.1, -0.05, 0.08))
  moving.line(goal)
  positions = moving.actions[:, :3]
  along = (goal - begin) / np.linalg.norm(goal - begin)
  beside = positions - begin - np.outer((positions - begin) @ along, along)
  assert np.max(np.linalg.norm(beside, axis=1)) < 1e-6
  np.testing.assert_allclose(moving.pose[0], goal, atol=2e-3)
  np.testing.assert_allclose(moving.pose[1], rotation, atol=5e-3)
  steps = np.linalg.norm(np.diff(positions, axis=0, prepend=[begin]), axis=1)
  assert np.max(steps) <= trajectory.LINE_SPEED * PERIOD / 0.75 + 1e-6


def test_rewinding_forgets(moving):
  begin, mark = moving.q.copy(), moving.mark()
  moving.wait(2)
  moving.grip(0.02, periods=3)
  assert len(moving) == 5
  np.testing.assert_allclose(moving.actions[-1, 9], 0.02)
  moving.rewind(mark)
  assert len(moving) == 0
  assert moving.actions.shape == (0, 10)
  np.testing.assert_array_equal(moving.q, begin)


@pytest.mark.parametrize(
  ('goal', 'reason'),
  [((0.45, 0.15, -0.05), 'collide'), ((1.5, 0.0, 0.3), 'out of reach')],
)
def test_a_line_that_cannot_be_carried_out_is_infeasible(moving, goal, reason):
  with pytest.raises(motion.Infeasible, match=reason):
    moving.line(np.array(goal))
