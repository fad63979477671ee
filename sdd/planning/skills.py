"""From a request to a motion: every skill by name."""

import time

import numpy as np

from sdd.planning import (
  approach,
  articulate,
  collision,
  grasp,
  motion,
  path,
  place,
  planar,
  trajectory,
)
from sdd.simulation import action

_REST_NOISE = 0.15  # radians about the home configuration
_ROOM = 0.03  # metres to open by where the whole stroke is too much
_DROP_WAIT = 4  # periods: a student at 4 Hz must see what it let go of


def answer(request: motion.Request) -> motion.Answer:
  """Plans a request; an infeasible one is an answer too, not an error."""
  began = time.process_time()
  found, reason, ready = None, '', True
  try:
    found = plan(request)
  except motion.Infeasible as error:
    reason, ready = str(error), not isinstance(error, motion.Unready)
  return motion.Answer(found, reason, time.process_time() - began, ready)


def plan(request: motion.Request) -> motion.Motion:
  """Draws one motion for the request.

  Raises:
    motion.Infeasible: this draw found none.
  """
  rng = np.random.default_rng(request.seed)
  skill = request.skill
  carried = None
  if skill is not None and skill.verb == 'place':
    carried = skill.link
    if request.holding != carried:
      raise motion.Unready(f'{carried!r} is not in the gripper')
  world = collision.PlanningWorld(request.scene, request.world, carried=carried)
  moving = trajectory.Trajectory(
    world, action.ActionSpec(), request.world.gripper_target
  )
  if carried is None:
    _let_go(moving, request.holding)
  if skill is None:
    return _rest(moving, rng, dropping=request.holding is not None)
  approach.escape(moving)
  flat = request.primitives == 'planar'
  if skill.verb == 'grasp':
    do = planar.grasp if flat else grasp.plan
    return do(moving, skill.link, rng)
  if skill.verb == 'place':
    do = planar.place if flat else place.plan
    return do(moving, skill.link, skill.target or '', rng)
  do = planar.move_joint if flat else articulate.plan
  return do(moving, skill.link, skill.direction or '', rng)


def _let_go(moving: trajectory.Trajectory, holding: str | None) -> None:
  if holding is None:
    return
  moving.world.allow(holding)
  _open(moving, periods=2)
  moving.wait(_DROP_WAIT)


def _open(moving: trajectory.Trajectory, *, periods: int) -> None:
  """Opens the gripper as far as there is room; not at all if there is none."""
  width, stroke = moving.world.opening, moving.world.robot.stroke
  for opening in (stroke, width + _ROOM, width + _ROOM / 2):
    mark = moving.mark()
    try:
      moving.grip(min(opening, stroke), at_least=width, periods=periods)
      return
    except motion.Infeasible:
      moving.rewind(mark)


def _rest(
  moving: trajectory.Trajectory, rng: np.random.Generator, *, dropping: bool
) -> motion.Motion:
  """Goes back above the table, gripper open.

  With something let go of, that alone is worth doing: what was in a hand
  that cannot get anywhere can be picked up in another way.
  """
  mark = moving.mark()
  try:
    return _back(moving, rng)
  except motion.Infeasible:
    if not dropping:
      raise
  moving.rewind(mark)
  return motion.Motion(moving.actions)


def _back(
  moving: trajectory.Trajectory, rng: np.random.Generator
) -> motion.Motion:
  approach.escape(moving)
  _open(moving, periods=1)
  home = np.array(moving.world.robot.home)
  home = home + rng.uniform(-1, 1, len(home)) * _REST_NOISE
  goal = path.nearest_turn(moving.world, home, moving.q)
  moving.follow(path.connect(moving.world, moving.q, goal, rng))
  return motion.Motion(moving.actions)
