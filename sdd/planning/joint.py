"""An articulated joint where it is now, and how to lead it along its path."""

import dataclasses

import mujoco
import numpy as np
from jaxtyping import Float

from sdd.planning import collision, surface, trajectory
from sdd.scenes import robot as robot_lib
from sdd.simulation import action

_SPEED = 0.14  # metres a second, of the point that is moved
_HAND = 0.10  # metres behind the tool frame
_LOW = 0.03  # metres above the table that hand and wrist keep, at least

Pose = tuple[Float[np.ndarray, ' 3'], Float[np.ndarray, '3 3']]


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
    self,
    by: float,
    position: Float[np.ndarray, ' 3'],
    rotation: Float[np.ndarray, '3 3'],
    *,
    follow: float = 1.0,
  ) -> Pose:
    """Where a pose goes when the joint moves by `by`.

    Args:
      by: metres or radians.
      position: of a point fixed to the link.
      rotation: of what moves with it.
      follow: share of the link's turn that the rotation takes part in.
    """
    if self.slides:
      return position + by * self.axis, rotation
    turn = trajectory.rotation_matrix(by * self.axis)
    part = trajectory.rotation_matrix(follow * by * self.axis)
    return self.anchor + turn @ (position - self.anchor), part @ rotation

  def direction(
    self, point: Float[np.ndarray, ' 3']
  ) -> Float[np.ndarray, ' 3']:
    """Unit velocity of a point of the link for an increasing value."""
    if self.slides:
      return self.axis
    velocity = np.cross(self.axis, point - self.anchor)
    return velocity / (np.linalg.norm(velocity) + 1e-9)

  def lever(self, point: Float[np.ndarray, ' 3']) -> float:
    """Metres that the point moves per unit of the joint."""
    if self.slides:
      return 1.0
    return float(np.linalg.norm(np.cross(self.axis, point - self.anchor)))

  def steps(
    self, goal: float, point: Float[np.ndarray, ' 3']
  ) -> Float[np.ndarray, ' T']:
    """Joint values on the way to `goal`, one a control period, eased."""
    distance = abs(goal - self.value) * self.lever(point)
    rate = action.ActionSpec().rate_hz
    count = max(2, int(np.ceil(distance / _SPEED * rate)) + 1)
    t = np.arange(1, count + 1) / count
    ease = 0.5 - 0.5 * np.cos(np.pi * t)
    return self.value + (goal - self.value) * (0.5 * ease + 0.5 * t)


def find(world: collision.PlanningWorld, link: str) -> Joint:
  """The joint that moves `link`, as the placed `world` has it."""
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


def geoms(world: collision.PlanningWorld, *links: str) -> list[surface.Geom]:
  """The colliding geoms of links where they are now."""
  find_link = world.scene.vocabulary.find
  names = tuple(name for link in links for name in find_link(link).geoms)
  return surface.link_geoms(world.model, world.data, names)


def moving_with(world: collision.PlanningWorld, link: str) -> tuple[str, ...]:
  """The link and those of its parts that the same joint moves."""
  words = world.scene.vocabulary
  name = words.find(link).joint
  parts = [words.links[i] for i in words.parts_of(link)]
  return tuple(part.name for part in parts if part.joint == name)


def follow(
  moving: trajectory.Trajectory, joint: Joint, poses: list[Pose], values: list
) -> None:
  """Leads the tool through `poses` while the joint takes on `values`.

  Raises:
    motion.Infeasible: a pose is out of reach, or the motion would collide.
  """
  inside = np.clip(values, joint.lower, joint.upper)
  moving.through(poses, joint=joint.name, values=inside)
  moving.wait(1)


def plausible(
  robot: robot_lib.RobotSpec, position: np.ndarray, rotation: np.ndarray
) -> bool:
  """A quick look whether an arm could hold its tool there at all."""
  back, behind = -rotation[:, 2], robot.arm.wrist + robot.gripper.length
  wrist = position + behind * back - robot.arm.shoulder
  lowest = min(_HAND * back[2], behind * back[2]) + position[2]
  return bool(lowest > _LOW and np.linalg.norm(wrist) < robot.arm.reach)
