"""Moving a joint without holding on: push it with the closed fingertips.

The fingertips touch a face that looks against the motion and follow the
point they touch along the joint's path, turning with the link wholly, partly
or not at all.
"""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from sdd.planning import joint, motion, path, reach, surface, trajectory

_PRESS = 0.004  # metres pushed beyond the limit, to get there for sure
_EDGE = 0.3  # sine of the tilt beyond which an edge or corner touches
_BROAD = 0.025  # metres, half a face that is a plane to the fingers
_FACING = 0.8  # least cosine between a pushed face and the push
_NEAR_HINGE = 0.4  # share of the longest lever below which nothing is pushed
_TILT = np.radians(15)  # spread of tool directions about the push
_WIDE_SHARE = 0.4  # of turns that are pushed with the side of the fingers
_WIDE = np.radians((25, 110))
_MOST = np.cos(np.radians(115))  # between tool and push, anywhere
_CLEAR = 0.03  # metres before the touch where free motion ends
_BACKUP = (0.06, 0.12)  # metres to withdraw afterwards
_DRAWS, _AIMS, _REHEARSALS, _TRIES = 300, 4, 25, 4


@dataclasses.dataclass(frozen=True)
class Touch:
  """Where the fingertips touch a link, and how.

  Attributes:
    point: on the link's surface, world frame.
    flat: whether fingers meet a plane there; else something round or narrow.
    rotation: of the tool at the touch.
    follow: share of the link's turn that the tool takes part in.
    backup: metres to withdraw afterwards.
  """

  point: Float[np.ndarray, ' 3']
  flat: bool
  rotation: Float[np.ndarray, '3 3']
  follow: float
  backup: float


def plan(
  moving: trajectory.Trajectory,
  link: str,
  direction: str,
  rng: np.random.Generator,
) -> motion.Motion:
  """Pushes `link` to its upper (`max`) or lower limit.

  Raises:
    motion.Infeasible: no face of this draw can be reached and pushed.
  """
  world = moving.world
  push = _Push(moving, link, 1 if direction == 'max' else -1)
  for touch, q in itertools.islice(push.promising(rng), _TRIES):
    mark = moving.mark()
    try:
      moving.grip(0.0, periods=2)
      moving.follow(path.connect(world, moving.q, q, rng))
      return push.carry_out(touch)
    except motion.Infeasible:
      push.undo()
      moving.rewind(mark)
  raise motion.Infeasible(f'no reachable face of {link!r} to push')


class _Push:
  """Pushing one link towards one limit, wherever it is touched."""

  def __init__(self, moving: trajectory.Trajectory, link: str, sign: int):
    self.moving, self.sign = moving, sign
    self.path = joint.find(moving.world, link)
    self.links = joint.moving_with(moving.world, link)
    self.limit = self.path.upper if sign > 0 else self.path.lower

  def promising(
    self, rng: np.random.Generator
  ) -> Iterator[tuple[Touch, Float[np.ndarray, ' n']]]:
    """Touches that lead to the limit, and where the arm stands before."""
    moving, world, rehearsed = self.moving, self.moving.world, 0
    for touch in self._touches(rng):
      poses, _ = self._poses(touch)
      before = self._before(touch)
      if not all(
        joint.plausible(world.robot, *pose) for pose in (before, poses[-1])
      ):
        continue
      rehearsed += 1
      if rehearsed > _REHEARSALS:
        return
      for q in reach.configurations(world, *before, near=moving.q, rng=rng)[:2]:
        if self._rehearse(touch, q):
          yield touch, q
          break

  def carry_out(self, touch: Touch) -> motion.Motion:
    """Goes to the touch in a line, pushes and withdraws.

    Raises:
      motion.Infeasible: the arm cannot.
    """
    moving, world = self.moving, self.moving.world
    world.allow(*self.links)
    poses, values = self._poses(touch)
    position, rotation = self._pose(touch, 0.0)
    moving.line(position, rotation=rotation)
    joint.follow(moving, self.path, poses, values)
    world.allow()
    position, _ = moving.pose
    back = -self._inward(position)
    moving.line(position + touch.backup * back)
    return motion.Motion(moving.actions)

  def undo(self) -> None:
    """The world as it was before pushing."""
    self.moving.world.allow()
    self.moving.world.set_joint(self.path.name, self.path.value)

  def _rehearse(self, touch: Touch, q: np.ndarray) -> bool:
    moving, world = self.moving, self.moving.world
    mark = moving.mark()
    world.opening = moving.opening = 0.0
    moving.q = q
    try:
      if not world.free(q):
        return False
      self.carry_out(touch)
      return True
    except motion.Infeasible:
      return False
    finally:
      self.undo()
      moving.rewind(mark)

  def _touches(self, rng: np.random.Generator) -> Iterator[Touch]:
    shapes = joint.geoms(self.moving.world, *self.links)
    weight = np.array([surface.area(geom) for geom in shapes])
    found = []
    for _ in range(_DRAWS):
      geom = shapes[int(rng.choice(len(shapes), p=weight / weight.sum()))]
      found.append((_broad(geom), *surface.draw_point(geom, rng)))
    longest = max(self.path.lever(point) for _, point, _ in found)
    for flat, point, normal in found:
      if -normal @ self._inward(point) < _FACING:
        continue
      if self.path.lever(point) < _NEAR_HINGE * longest:
        continue
      aimed = (self._aimed(point, flat, rng) for _ in range(_AIMS))
      yield from itertools.islice(filter(None, aimed), 1)

  def _aimed(
    self, point: Float[np.ndarray, ' 3'], flat: bool, rng: np.random.Generator
  ) -> Touch | None:
    """Points the tool along the push at some moment of the motion."""
    follow = float(rng.choice((0.0, rng.uniform(), 1.0)))
    by = rng.uniform() * (self.limit - self.path.value)
    there, _ = self.path.moved(by, point, np.eye(3))
    wide = not self.path.slides and rng.random() < _WIDE_SHARE
    tilt = rng.uniform(*_WIDE) if wide else rng.normal() * _TILT
    rotation = _around(self._inward(there), float(tilt), rng)
    _, rotation = self.path.moved(-by, point, rotation, follow=follow)
    backup = rng.uniform(*_BACKUP)
    touch = Touch(point, flat, rotation, follow, backup)
    whole = self.limit - self.path.value
    end, turned = self.path.moved(whole, point, rotation, follow=follow)
    for tool, at in ((rotation, point), (turned, end)):
      if tool[:, 2] @ self._inward(at) < _MOST:
        return None
    return touch

  def _inward(self, point: np.ndarray) -> Float[np.ndarray, ' 3']:
    return self.sign * self.path.direction(point)

  def _before(self, touch: Touch) -> joint.Pose:
    position, rotation = self._pose(touch, 0.0)
    return position - _CLEAR * self._inward(touch.point), rotation

  def _pose(self, touch: Touch, by: float) -> joint.Pose:
    """The tool that touches the point once the joint has moved by `by`."""
    point, rotation = self.path.moved(
      by, touch.point, touch.rotation, follow=touch.follow
    )
    inward = self._inward(point)
    fingers = self.moving.world.robot.gripper.closed
    met = _contact(fingers, rotation, inward, flat=touch.flat)
    return point - met, rotation

  def _poses(self, touch: Touch) -> tuple[list[joint.Pose], list[float]]:
    press = _PRESS / self.path.lever(touch.point)
    values = self.path.steps(self.limit + self.sign * press, touch.point)
    start = self.path.value
    return [self._pose(touch, value - start) for value in values], list(values)


def _broad(geom: surface.Geom) -> bool:
  return geom.kind == surface.BOX and float(np.sort(geom.size)[1]) > _BROAD


def _contact(
  fingers: np.ndarray, rotation: np.ndarray, inward: np.ndarray, *, flat: bool
) -> Float[np.ndarray, ' 3']:
  """From the tool frame to where the fingers touch what they push.

  A plane meets the edge or corner that reaches furthest; something narrow is
  met where the line of the push through the tool frame leaves the fingers.
  """
  local = rotation.T @ inward
  corner = np.where(local < 0, fingers[0], fingers[1])
  if not flat:
    return inward * float(np.min(corner / (local + 1e-9 * np.sign(corner))))
  return rotation @ (np.minimum(np.abs(local) / _EDGE, 1) * corner)


def _around(
  inward: Float[np.ndarray, ' 3'], tilt: float, rng: np.random.Generator
) -> Float[np.ndarray, '3 3']:
  """A tool rotation `tilt` radians off `inward`, any way round."""
  side = np.cross(inward, rng.normal(size=3))
  side /= np.linalg.norm(side)
  tool = trajectory.rotation_matrix(tilt * side) @ inward
  roll = rng.uniform(-np.pi, np.pi)
  y = trajectory.rotation_matrix(roll * tool) @ side
  y -= (y @ tool) * tool
  y /= np.linalg.norm(y)
  return np.stack([np.cross(y, tool), y, tool], axis=1)
