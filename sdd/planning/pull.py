"""Moving a joint by holding on: grasp a handle or part and lead it along.

A bar along the hinge can turn between two fingertips, so the tool need not
turn as far as the link does; how far is drawn anew for every grasp.
"""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from sdd.planning import (
  approach,
  joint,
  motion,
  reach,
  surface,
  trajectory,
)

_SHORT_OF_END = 0.01  # share of the range left before the limit, opening
_BEYOND = 0.003  # metres led beyond the lower limit
_OUTWARD = 1.0  # how far a tool leans away from the base midway, at most
_SHARES = (0.15, 0.7, 0.15)  # how often a tool follows not, partly, wholly
_ALONG = 0.8  # cosine beyond which something is along the hinge
_TWIST = 0.1  # share of the turn that pads on its axis may twist by
_NEAR_HINGE = 0.7  # share of the longest lever below which nothing is held
_DRAWS = 120
_REHEARSALS = 25  # grasps whose way along the joint is tried out


@dataclasses.dataclass(frozen=True)
class Hold(approach.Grasp):
  """A grasp to lead with; `follow` is the share of the turn it takes part in.

  None at all is 0: the link turns between the fingertips.
  """

  follow: float = 1.0


def plan(
  moving: trajectory.Trajectory,
  link: str,
  direction: str,
  rng: np.random.Generator,
) -> motion.Motion:
  """Holds `link` and leads it to its upper (`max`) or lower limit.

  Raises:
    motion.Infeasible: no grasp of this draw can be reached and led along.
  """
  lead = _Lead(moving, link, direction)
  holds = lead.promising(rng)
  for hold in approach.ways_to(moving, holds, rng):
    try:
      return lead.carry_out(hold)
    except motion.Infeasible:
      lead.undo()
  raise motion.Infeasible(f'{link!r} cannot be led along its joint')


class _Lead:
  """Leading one link to one limit, with whatever grasp."""

  def __init__(self, moving: trajectory.Trajectory, link: str, direction: str):
    self.moving, self.link = moving, link
    self.path = joint.find(moving.world, link)
    shapes = joint.geoms(moving.world, link)
    self.longest = max(self.path.lever(shape.position) for shape in shapes)
    self.goal = self.path.lower - _BEYOND / self.longest
    if direction == 'max':
      short = _SHORT_OF_END * (self.path.upper - self.path.lower)
      self.goal = self.path.upper - short

  def carry_out(self, hold: approach.Grasp) -> motion.Motion:
    """Closes, leads, lets go and backs off, from the grasp's pose.

    Raises:
      motion.Infeasible: the arm cannot.
    """
    moving = self.moving
    approach.squeeze(moving, hold, self.link)
    poses, values = self._poses(hold)
    joint.follow(moving, self.path, poses, values)
    held = len(moving)
    moving.grip(hold.opening, at_least=hold.width, periods=2)
    moving.world.allow()
    position, rotation = moving.pose
    moving.line(position - hold.backup * rotation[:, 2])
    return motion.Motion(moving.actions, (held, held))

  def undo(self) -> None:
    """The world as it was before leading."""
    self.moving.world.allow()
    self.moving.world.set_joint(self.path.name, self.path.value)

  def promising(self, rng: np.random.Generator) -> Iterator[Hold]:
    """The grasps with which the arm gets to the goal once it has them."""
    rehearsed = 0
    for hold in self._holds(rng):
      poses, _ = self._poses(hold)
      robot = self.moving.world.robot
      if not all(joint.plausible(robot, *poses[k]) for k in (0, -1)):
        continue
      rehearsed += 1
      if rehearsed > _REHEARSALS:
        return
      if self._rehearse(hold, rng):
        yield hold

  def _holds(self, rng: np.random.Generator) -> Iterator[Hold]:
    shapes = joint.geoms(self.moving.world, self.link)
    least = 0.0 if any(map(self._is_axle, shapes)) else 1 - _TWIST
    for _ in range(_DRAWS):
      share = float(rng.choice((least, rng.uniform(least, 1), 1), p=_SHARES))
      prefer = self._preferred(shapes[0].position, share, rng)
      gripper = self.moving.world.robot.gripper
      found = approach.draw_grasps(shapes, gripper, prefer=prefer, rng=rng)
      for grasp in itertools.islice(filter(self._far_out, found), 1):
        least_here = self._least_follow(grasp, shapes)
        yield Hold(**vars(grasp), follow=max(share, least_here))

  def _far_out(self, grasp: approach.Grasp) -> bool:
    return self.path.lever(grasp.position) > _NEAR_HINGE * self.longest

  def _is_axle(self, geom: surface.Geom) -> bool:
    """Whether it can turn between two pads as the link turns."""
    along = abs(geom.rotation[:, 2] @ self.path.axis)
    capsule = geom.kind == surface.CAPSULE and along > _ALONG
    return bool(geom.kind == surface.SPHERE or capsule)

  def _least_follow(
    self, grasp: approach.Grasp, shapes: list[surface.Geom]
  ) -> float:
    """The least share of the turn that this grip has to take part in."""
    if abs(grasp.rotation[:, 1] @ self.path.axis) > _ALONG:
      return 1 - _TWIST
    for geom in filter(self._is_axle, shapes):
      local = geom.rotation.T @ (grasp.position - geom.position)
      half = geom.size[1] if geom.kind == surface.CAPSULE else 0.0
      local[2] -= np.clip(local[2], -half, half)
      if np.linalg.norm(local) < geom.size[0]:
        return 0.0
    return 1.0

  def _preferred(
    self,
    point: Float[np.ndarray, ' 3'],
    share: float,
    rng: np.random.Generator,
  ) -> Float[np.ndarray, ' 3']:
    """Where the tool should point when it grasps.

    What slides is held from the side it comes out of. For what turns, midway
    counts: there the tool should point downwards and away from the base,
    which leaves the most room to turn in both directions.
    """
    path, down = self.path, np.array([0.0, 0.0, -1.0])
    if path.slides:
      return down if path.axis[2] < -0.5 else -path.axis
    half = (self.goal - path.value) / 2
    middle, _ = path.moved(half, point, np.eye(3))
    away = middle * (1, 1, 0) / (np.linalg.norm(middle[:2]) + 1e-9)
    wanted = down + rng.uniform(0, _OUTWARD) * away
    _, back = path.moved(-half, point, np.eye(3), follow=share)
    return back @ wanted / np.linalg.norm(wanted)

  def _rehearse(self, hold: Hold, rng: np.random.Generator) -> bool:
    moving, world = self.moving, self.moving.world
    mark = moving.mark()
    for q in reach.configurations(
      world, hold.position, hold.rotation, near=moving.q, rng=rng
    )[:2]:
      world.opening = moving.opening = hold.opening
      moving.q = q
      try:
        if world.free(q, touching=True):
          self.carry_out(hold)
          return True
      except motion.Infeasible:
        pass
      finally:
        self.undo()
        moving.rewind(mark)
    return False

  def _poses(
    self, hold: approach.Grasp
  ) -> tuple[list[joint.Pose], list[float]]:
    path = self.path
    values = path.steps(self.goal, hold.position)
    follow = hold.follow if isinstance(hold, Hold) else 1 - _TWIST
    poses = [
      path.moved(
        value - path.value, hold.position, hold.rotation, follow=follow
      )
      for value in values
    ]
    return poses, list(values)
