"""Planar primitives: the paper's baseline whose tool always points down.

Nothing is drawn at random: the middle of a link, from above, at a fixed yaw
(paper, section 4, "2D"). Motions are checked like all others, so what cannot
be reached this way is infeasible, and stays so however often it is tried.
"""

import numpy as np
from jaxtyping import Float

from sdd.planning import (
  carried,
  motion,
  path,
  reach,
  surface,
  trajectory,
)
from sdd.planning import joint as joint_lib

_DOWN = np.diag([1.0, -1.0, -1.0])  # closing along the world's y axis
_PUSH_IN = 0.010  # metres the tool frame goes below the highest point
_BACKUP = 0.12  # metres above, where the straight way down begins
_LIFT = 0.12  # metres
_DROP = 0.05  # metres above the middle of the target to let go at
_PRESSED = 0.8  # least cosine between a joint's motion and straight down


def grasp(
  moving: trajectory.Trajectory, link: str, rng: np.random.Generator
) -> motion.Motion:
  """Straight down on the middle of the link, close, lift.

  Raises:
    motion.Infeasible: the arm does not get there.
  """
  _go_down_on(moving, link, rng)
  held = len(moving)
  position, _ = moving.pose
  moving.line(_above(position, _LIFT))
  return motion.Motion(moving.actions, (held, len(moving)))


def place(
  moving: trajectory.Trajectory,
  link: str,
  target: str,
  rng: np.random.Generator,
) -> motion.Motion:
  """Lets go above the middle of the target's bounding box.

  Raises:
    motion.Infeasible: the arm does not get there.
  """
  world = moving.world
  world.allow(link)
  # The tool turns to point down on the way, and with it what it holds.
  hanging = carried.find(moving, link).corners[:, 2].max()
  world.place(moving.q)
  lower, upper = surface.bounds(joint_lib.geoms(world, target))
  middle = (lower + upper) / 2
  goal = np.array([*middle[:2], middle[2] + _DROP + hanging])
  _go(moving, _above(goal, _BACKUP), rng, speed=trajectory.CARRY_SPEED)
  moving.line(goal)
  moving.wait(1)
  released = len(moving)
  moving.grip(world.robot.stroke, at_least=world.opening, periods=2)
  moving.wait(1)
  moving.line(_above(goal, _LIFT))
  return motion.Motion(moving.actions, (0, released))


def move_joint(
  moving: trajectory.Trajectory,
  link: str,
  direction: str,
  rng: np.random.Generator,
) -> motion.Motion:
  """Presses straight down where that is the way, else grasps and leads.

  Raises:
    motion.Infeasible: the arm does not get there.
  """
  world = moving.world
  world.place(moving.q)
  joint = joint_lib.find(world, link)
  goal = joint.upper if direction == 'max' else joint.lower
  lower, upper = surface.bounds(joint_lib.geoms(world, link))
  way = np.sign(goal - joint.value) * joint.direction((lower + upper) / 2)
  if -way[2] > _PRESSED:
    moving.grip(0.0, periods=2)
    top = np.array(
      [*(lower + upper)[:2] / 2, upper[2] + world.robot.gripper.tip[2]]
    )
    _go(moving, _above(top, _BACKUP), rng)
    world.allow(link)
    moving.line(top)
  else:
    _go_down_on(moving, link, rng)
  start, rotation = moving.pose
  values = list(joint.steps(goal, start))
  poses = [
    joint.moved(v - joint.value, start, rotation, follow=0.0) for v in values
  ]
  joint_lib.follow(moving, joint, poses, values)
  held = len(moving)
  moving.grip(world.robot.stroke, at_least=world.opening, periods=2)
  position, _ = moving.pose
  moving.line(_above(position, _LIFT))
  return motion.Motion(moving.actions, (held, held))


def _above(
  position: Float[np.ndarray, ' 3'], height: float
) -> Float[np.ndarray, ' 3']:
  return position + np.array([0.0, 0.0, height])


def _go_down_on(
  moving: trajectory.Trajectory, link: str, rng: np.random.Generator
) -> None:
  """Closes on the link from straight above its middle."""
  world, gripper = moving.world, moving.world.robot.gripper
  world.place(moving.q)
  geoms = joint_lib.geoms(world, link)
  lower, upper = surface.bounds(geoms)
  goal = np.array([*(lower + upper)[:2] / 2, upper[2] - _PUSH_IN])
  met = surface.squeezed(geoms, goal, _DOWN, probes=gripper.probes)
  width = gripper.stroke if met is None else met[1]
  if width > gripper.widest:
    raise motion.Infeasible(f'{link!r} does not fit between the fingers')
  moving.grip(gripper.stroke, periods=2)
  _go(moving, _above(goal, _BACKUP), rng)
  moving.line(goal, rotation=_DOWN)
  moving.wait(1)
  world.allow(link)
  moving.grip(0.0, at_least=width, periods=3)


def _go(
  moving: trajectory.Trajectory,
  position: Float[np.ndarray, ' 3'],
  rng: np.random.Generator,
  *,
  speed: float = trajectory.TOOL_SPEED,
) -> None:
  """Free motion to a pose that points down."""
  world = moving.world
  for q in reach.configurations(world, position, _DOWN, near=moving.q, rng=rng):
    if world.free(q):
      found = path.connect(world, moving.q, q, rng)
      moving.follow(found, tool_speed=speed)
      return
  raise motion.Infeasible('no way to the pose above')
