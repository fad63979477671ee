"""Skill `move_joint`: open or close what turns on a hinge or slides.

Opening grasps the link and leads it along its joint; closing mostly pushes,
with the closed fingertips, and sometimes grasps too.
"""

import dataclasses

import mujoco
import numpy as np
from jaxtyping import Float

from sdd.planning import (
  approach,
  collision,
  motion,
  path,
  reach,
  surface,
  trajectory,
)

_SPEED = 0.14  # metres a second, of the point that is moved
_GRASP_SHARE = 0.2  # of closings that grasp instead of push
_SHORT_OF_END = 0.01  # share of the range left before the limit, opening
_PRESS = 0.004  # metres pushed beyond closed, to shut it for sure
_TIP = 0.018  # metres that the fingertips reach beyond the tool frame
_FACING = 0.8  # least cosine between a pushed face and the push
_PUSHES, _TRIES = 80, 6


@dataclasses.dataclass(frozen=True)
class Joint:
  """An articulated joint where it is now.

  Attributes:
    name: of the MJCF joint.
    slides: whether it slides; else it turns.
    anchor: a point on the axis, world frame.
    axis: unit vector, world frame, towards greater values.
    value: now.
    lower: limit.
    upper: limit.
  """

  name: str
  slides: bool
  anchor: Float[np.ndarray, ' 3']
  axis: Float[np.ndarray, ' 3']
  value: float
  lower: float
  upper: float

  def moved(
    self, by: float, position: np.ndarray, rotation: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """Where a pose fixed to the link goes when the joint moves by `by`."""
    if self.slides:
      return position + by * self.axis, rotation
    turn = trajectory.rotation_matrix(by * self.axis)
    return self.anchor + turn @ (position - self.anchor), turn @ rotation

  def direction(self, point: np.ndarray) -> Float[np.ndarray, ' 3']:
    """Unit velocity of a point of the link for an increasing value."""
    if self.slides:
      return self.axis
    velocity = np.cross(self.axis, point - self.anchor)
    return velocity / (np.linalg.norm(velocity) + 1e-9)

  def lever(self, point: np.ndarray) -> float:
    """Metres that the point moves per unit of the joint."""
    if self.slides:
      return 1.0
    return float(np.linalg.norm(np.cross(self.axis, point - self.anchor)))


def plan(
  moving: trajectory.Trajectory,
  link: str,
  direction: str,
  rng: np.random.Generator,
) -> motion.Motion:
  """Moves the joint behind `link` to its upper (`max`) or lower limit.

  Raises:
    motion.Infeasible: no draw can be carried out.
  """
  world = moving.world
  world.place(moving.q)
  joint = _joint(world, link)
  geoms = _geoms(world, link)
  if direction == 'min' and rng.random() > _GRASP_SHARE:
    return _push(moving, joint, link, geoms, rng)
  handles = _handles(world, link)
  return _pull(moving, joint, handles, direction, rng)


def _joint(world: collision.PlanningWorld, link: str) -> Joint:
  words = world.scene.vocabulary
  name = words.joints[words.joint_index(link)]
  found = world.model.joint(name)
  return Joint(
    name=name,
    slides=int(found.type[0]) == mujoco.mjtJoint.mjJNT_SLIDE,
    anchor=world.data.xanchor[found.id].copy(),
    axis=world.data.xaxis[found.id].copy(),
    value=float(world.data.qpos[found.qposadr[0]]),
    lower=float(found.range[0]),
    upper=float(found.range[1]),
  )


def _geoms(world: collision.PlanningWorld, link: str) -> list[surface.Geom]:
  names = world.scene.vocabulary.find(link).geoms
  return surface.link_geoms(world.model, world.data, names)


def _handles(world: collision.PlanningWorld, link: str) -> str:
  """The link to hold: its handle where it has one, else the link."""
  words = world.scene.vocabulary
  parts = [words.links[i].name for i in words.parts_of(link)[1:]]
  return next((name for name in parts if 'handle' in name), link)


def _pull(
  moving: trajectory.Trajectory,
  joint: Joint,
  link: str,
  direction: str,
  rng: np.random.Generator,
) -> motion.Motion:
  world = moving.world
  geoms = _geoms(world, link)
  outward = joint.direction(geoms[0].position)
  grasps = approach.draw_grasps(geoms, prefer=-outward, rng=rng)
  goal = joint.lower - 1e-3
  if direction == 'max':
    goal = joint.upper - _SHORT_OF_END * (joint.upper - joint.lower)
  for grasp in approach.ways_to(moving, grasps, rng):
    try:
      approach.squeeze(moving, grasp, link)
      _lead(moving, joint, goal)
      held = len(moving)
      moving.grip(grasp.opening, at_least=grasp.width, periods=2)
      world.allow()
      position, rotation = moving.pose
      moving.line(position - grasp.backup * rotation[:, 2])
      return motion.Motion(moving.actions, (held, held))
    except motion.Infeasible:
      world.allow()
      world.set_joint(joint.name, joint.value)
  raise motion.Infeasible(f'{link!r} cannot be led along its joint')


def _lead(moving: trajectory.Trajectory, joint: Joint, goal: float) -> None:
  position, rotation = moving.pose
  distance = abs(goal - joint.value) * joint.lever(position)
  count = max(2, int(np.ceil(distance / _SPEED * 4)) + 1)
  t = np.arange(1, count + 1) / count
  ease = 0.5 - 0.5 * np.cos(np.pi * t)
  values = joint.value + (goal - joint.value) * (0.5 * ease + 0.5 * t)
  poses = [joint.moved(v - joint.value, position, rotation) for v in values]
  moving.through(
    poses, joint=joint.name, values=np.clip(values, joint.lower, joint.upper)
  )
  moving.wait(1)


def _push(
  moving: trajectory.Trajectory,
  joint: Joint,
  link: str,
  geoms: list[surface.Geom],
  rng: np.random.Generator,
) -> motion.Motion:
  """Pushes the joint to its lower limit with closed fingertips."""
  world, tried = moving.world, 0
  weight = np.array([surface.area(geom) for geom in geoms])
  for _ in range(_PUSHES):
    geom = geoms[int(rng.choice(len(geoms), p=weight / weight.sum()))]
    point, normal = surface.draw_point(geom, rng)
    inward = -joint.direction(point)
    if -normal @ inward < _FACING:
      continue
    rotation = _aimed(inward, rng)
    clear = point - (0.03 + _TIP) * rotation[:, 2]
    for q in reach.configurations(
      world, clear, rotation, near=moving.q, rng=rng
    )[:2]:
      world.opening = 0.0
      if not world.free(q):
        continue
      tried += 1
      mark = moving.mark()
      try:
        return _press(moving, joint, link, (point, rotation), q, rng)
      except motion.Infeasible:
        world.allow()
        world.set_joint(joint.name, joint.value)
        moving.rewind(mark)
      if tried >= _TRIES:
        raise motion.Infeasible(f'no way to push {link!r}')
  raise motion.Infeasible(f'no reachable face of {link!r} to push')


def _press(
  moving: trajectory.Trajectory,
  joint: Joint,
  link: str,
  contact: tuple[np.ndarray, np.ndarray],
  before: np.ndarray,
  rng: np.random.Generator,
) -> motion.Motion:
  world = moving.world
  point, rotation = contact
  moving.grip(0.0, periods=2)
  moving.follow(path.connect(world, moving.q, before, rng))
  touch = point - _TIP * rotation[:, 2]
  world.allow(link)
  moving.line(touch)
  goal = joint.lower - _PRESS / joint.lever(point)
  _lead(moving, joint, goal)
  world.allow()
  position, _ = moving.pose
  back = joint.direction(position)
  moving.line(position + rng.uniform(0.06, 0.12) * back)
  return motion.Motion(moving.actions)


def _aimed(
  inward: Float[np.ndarray, ' 3'], rng: np.random.Generator
) -> Float[np.ndarray, '3 3']:
  """A tool rotation that points along `inward`, any roll, a little tilt."""
  side = np.cross(inward, (0.0, 0.0, 1.0))
  if np.linalg.norm(side) < 1e-3:
    side = np.array([1.0, 0.0, 0.0])
  side /= np.linalg.norm(side)
  up = np.cross(side, inward)
  roll = rng.uniform(-np.pi, np.pi)
  y = np.cos(roll) * side + np.sin(roll) * up
  flat = np.stack([np.cross(y, inward), y, inward], axis=1)
  tilt = rng.normal(size=3) * np.radians(15)
  return trajectory.rotation_matrix(tilt) @ flat
