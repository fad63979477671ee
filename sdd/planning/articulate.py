"""Skill `move_joint`: open or close what turns on a hinge or slides.

Two ways: hold on and lead (`pull`), or push (`push`). Which one is tried
first is drawn anew at every call; the other is the way out where it is
infeasible.
"""

import numpy as np

from sdd.planning import (
  collision,
  joint,
  motion,
  pull,
  push,
  surface,
  trajectory,
)

# How often holding on is tried first: what opens by a handle is pulled, what
# slides shut is pushed, and a lid is led a long way round its hinge.
_PULLED, _PUSHED, _TURNED = 0.95, 0.2, 0.75
_WIDE_TURN = 0.8  # radians
_SHORT = 0.03  # metres of travel that are pressed rather than led
_NEVER = 0.02


def plan(
  moving: trajectory.Trajectory,
  link: str,
  direction: str,
  rng: np.random.Generator,
) -> motion.Motion:
  """Moves the joint behind `link` to its upper (`max`) or lower limit.

  Raises:
    motion.Infeasible: no draw can be carried out; says why for both ways.
  """
  world = moving.world
  world.place(moving.q)
  hold = _handle(world, link)
  ways = [(pull.plan, hold), (push.plan, link)]
  if rng.random() > _grasp_share(world, hold, direction):
    ways.reverse()
  mark, reasons = moving.mark(), []
  for way, part in ways:
    try:
      return way(moving, part, direction, rng)
    except motion.Infeasible as error:
      reasons.append(str(error))
      moving.rewind(mark)
      world.place(moving.q)
  raise motion.Infeasible('; '.join(reasons))


def _handle(world: collision.PlanningWorld, link: str) -> str:
  """The link to hold: its handle where it has one, else the link."""
  parts = joint.moving_with(world, link)
  return next((name for name in parts if 'handle' in name), link)


def _grasp_share(
  world: collision.PlanningWorld, link: str, direction: str
) -> float:
  """How often holding on is tried first."""
  path = joint.find(world, link)
  shapes = joint.geoms(world, link)
  lever = max(path.lever(shape.position) for shape in shapes)
  thin = any(_thickness(shape) < world.robot.gripper.widest for shape in shapes)
  if not thin or (path.upper - path.lower) * lever < _SHORT:
    return _NEVER
  left = abs((path.upper if direction == 'max' else path.lower) - path.value)
  if not path.slides and left > _WIDE_TURN:
    return _TURNED
  return _PULLED if direction == 'max' else _PUSHED


def _thickness(geom: surface.Geom) -> float:
  half = geom.size.min() if geom.kind == surface.BOX else geom.size[0]
  return float(2 * half)
