"""Skill `place`: put what the gripper holds in or on a link.

Where there is room, on a free spot drawn at random; on what is no larger than
the object itself, level and centred, so that it stays.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from sdd.planning import (
  carried,
  motion,
  path,
  reach,
  resting,
  spots,
  trajectory,
)

_RELEASE = 0.035  # metres the gripper opens by
_LOWERING_SPEED = 0.04  # metres a second
_AWAY = (0.08, 0.14)  # metres it withdraws


@dataclasses.dataclass(frozen=True)
class _Manner:
  """How to put something down.

  Attributes:
    solved: poses that inverse kinematics is asked for, at most.
    tries: whole motions worked out, at most.
    above: metres over the release pose where the descent begins.
    lowering: metres at the end of the descent that are slow, and in which
      it may touch the target already.
    periods: to open the gripper in.
    stay: periods to wait at the end, to see whether it stays.
  """

  solved: int
  tries: int
  above: tuple[float, float]
  lowering: float
  periods: int
  stay: int


_DROP = _Manner(
  solved=300, tries=6, above=(0.08, 0.20), lowering=0.0, periods=2, stay=0
)
_BALANCE = _Manner(
  solved=16, tries=4, above=(0.05, 0.12), lowering=0.015, periods=4, stay=3
)

Pose = tuple[Float[np.ndarray, ' 3'], Float[np.ndarray, '3 3']]


def plan(
  moving: trajectory.Trajectory,
  link: str,
  target: str,
  rng: np.random.Generator,
) -> motion.Motion:
  """Carries the held `link` over `target`, lowers it, lets go, withdraws.

  Raises:
    motion.Infeasible: no placement of this draw can be reached.
  """
  world = moving.world
  thing = carried.find(moving, link)
  world.allow(link)
  top = resting.small_top(world, thing, target)
  if top is None:
    poses = spots.draw_poses(world, thing, target, rng)
    return _try(moving, poses, _DROP, target, rng)
  _, rotation = moving.pose
  poses = resting.draw_poses(thing, top, rotation, rng)
  return _try(moving, poses, _BALANCE, target, rng)


def _try(
  moving: trajectory.Trajectory,
  poses: Iterator[Pose],
  manner: _Manner,
  target: str,
  rng: np.random.Generator,
) -> motion.Motion:
  """The motion to the first of the poses that can be reached."""
  world, tried = moving.world, 0
  for _, (position, rotation) in zip(range(manner.solved), poses):
    solutions = reach.configurations(
      world, position, rotation, near=moving.q, rng=rng
    )
    for q in solutions[:2]:
      if not world.free(q, touching=True):
        continue
      high = position + np.array([0, 0, rng.uniform(*manner.above)])
      before = reach.follow_line(world, q, high, rotation)
      if before is None or not world.free(before):
        continue
      tried += 1
      mark = moving.mark()
      try:
        return _carry_out(moving, position, rotation, before, manner, rng)
      except motion.Infeasible:
        moving.rewind(mark)
      if tried >= manner.tries:
        raise motion.Infeasible(f'no way to put anything in {target!r}')
  raise motion.Infeasible(f'no reachable place in {target!r}')


def _carry_out(
  moving: trajectory.Trajectory,
  position: np.ndarray,
  rotation: np.ndarray,
  before: np.ndarray,
  manner: _Manner,
  rng: np.random.Generator,
) -> motion.Motion:
  world = moving.world
  before = path.nearest_turn(world, before, moving.q)
  moving.follow(
    path.connect(world, moving.q, before, rng),
    tool_speed=trajectory.CARRY_SPEED,
  )
  near = position + np.array([0, 0, manner.lowering])
  moving.line(near, rotation=rotation)
  arrived = len(moving)
  if manner.lowering:
    moving.line(position, rotation=rotation, speed=_LOWERING_SPEED)
  moving.wait(1)
  released = arrived if manner.lowering else len(moving)
  width = world.opening
  wider = min(width + _RELEASE, world.robot.stroke)
  moving.grip(wider, periods=manner.periods)
  moving.wait(1)
  moving.line(position - rng.uniform(*_AWAY) * rotation[:, 2])
  if manner.stay:
    moving.wait(manner.stay)
  return motion.Motion(moving.actions, (0, released))
