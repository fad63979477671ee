"""The world as a planner sees it: which arm configurations are free.

The physics model keeps few geom pairs; the planning model lets the robot,
and what it carries, collide with everything, itself included.
"""

import dataclasses
import functools
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Bool, Float

from sdd.scenes import registry, world_state
from sdd.scenes import scene as scene_lib
from sdd.simulation import kinematics

CLEARANCE = 0.01  # metres kept from the world in free motion
TOUCH = -0.002  # metres of overlap that count as a mere touch
CARRIED = 'carried/'  # begins the names of what hangs on the hand
MOVING = 5  # MJCF group of the robot and of what it carries
_SELF, _BODY = 8, 1  # collision bits
_EDGE = 0.03  # radians between checked configurations


class PlanningWorld:
  """Collision checks of one world, with or without an object in hand.

  Attributes:
    arm: the kinematic chain.
    model: the planning model.
    robot: who acts.
    opening: of the gripper, metres; may be set between checks.
  """

  def __init__(
    self,
    scene: str,
    world: world_state.WorldState,
    *,
    carried: str | None = None,
  ):
    """Sees `world` of the scene called `scene`, `carried` in the hand."""
    self.scene = registry.load(scene).shaped(world.shape)
    self.arm = arm_chain(scene)
    self.model = _compile(self.scene, world, carried)
    self.data = mujoco.MjData(self.model)
    self.data.qpos[:] = world.qpos
    self.data.mocap_pos[:] = world.mocap_pos
    self.data.mocap_quat[:] = world.mocap_quat
    self._arm = self.scene.arm_qpos
    self._finger = self.scene.finger_qpos
    self.robot = self.scene.robot
    self.opening = float(self.robot.opening(world.qpos[self._finger]))
    self._relevant = _relevant_pairs(self.model, _joined(scene))
    self._touchable = np.zeros(self.model.ngeom, bool)
    self._forgiven = np.zeros((self.model.ngeom, self.model.ngeom), bool)
    self.start = np.asarray(world.arm_target, float)

  @property
  def opening(self) -> float:
    """Of the gripper, metres."""
    return self._opening

  @opening.setter
  def opening(self, opening: float) -> None:
    self._opening = opening
    self._fingers = self.robot.finger_positions(opening)

  def allow(self, *links: str) -> None:
    """Lets the robot press on these links in `free(..., touching=True)`."""
    self._touchable[:] = False
    for link in links:
      geoms = self.scene.vocabulary.find(link).geoms
      self._touchable[[self.model.geom(name).id for name in geoms]] = True

  def forgive(self, q: Float[np.ndarray, ' n'] | None) -> None:
    """Lets pairs that overlap at `q` go on doing so while touching is meant.

    An arm that ended up pressing on something must be able to leave it.
    None takes it back.
    """
    self._forgiven[:] = False
    if q is not None:
      self.place(q)
      mujoco.mj_collision(self.model, self.data)
      first, second = self.data.contact.geom.T
      self._forgiven[first, second] = self._forgiven[second, first] = True

  def set_joint(self, joint: str, value: float) -> None:
    """Moves an articulated joint of the world."""
    self.data.qpos[self.model.joint(joint).qposadr[0]] = value

  def place(self, q: Float[np.ndarray, ' n']) -> None:
    """Moves the arm, and what hangs on it, to `q`."""
    self.data.qpos[self._arm] = q
    self.data.qpos[self._finger] = self._fingers
    mujoco.mj_kinematics(self.model, self.data)

  def free(self, q: Float[np.ndarray, ' n'], *, touching: bool = False) -> bool:
    """Whether the arm at `q` is clear of everything.

    Args:
      q: joint angles.
      touching: near contact is meant: no clearance, light touches pass, and
        so does any contact with the links given to `allow`.
    """
    self.place(q)
    mujoco.mj_collision(self.model, self.data)
    if self.data.ncon == 0:
      return True
    pairs, distance = self.data.contact.geom, self.data.contact.dist
    bad = self._relevant[pairs[:, 0], pairs[:, 1]]
    if touching:
      bad = bad & (distance < TOUCH)
      bad = bad & ~self._touchable[pairs].any(axis=1)
      bad = bad & ~self._forgiven[pairs[:, 0], pairs[:, 1]]
    return not bad.any()

  def free_edge(
    self,
    start: Float[np.ndarray, ' n'],
    end: Float[np.ndarray, ' n'],
    *,
    touching: bool = False,
  ) -> bool:
    """Whether the straight joint-space segment is free, start excluded."""
    count = max(1, int(np.ceil(np.max(np.abs(end - start)) / _EDGE)))
    return all(
      self.free(start + (end - start) * (k / count), touching=touching)
      for k in range(1, count + 1)
    )


@functools.cache
def arm_chain(scene: str) -> kinematics.Chain:
  """The kinematic chain of the robot in that scene."""
  return kinematics.of_robot(registry.load(scene))


@dataclasses.dataclass(frozen=True)
class _Grip:
  """A carried body's pose in the hand."""

  body: str
  position: Float[np.ndarray, ' 3']
  quaternion: Float[np.ndarray, ' 4']


def _compile(
  scene: scene_lib.Scene, world: world_state.WorldState, carried: str | None
) -> mujoco.MjModel:
  spec = _base_spec(scene.name, world.shape).copy()
  if carried is not None:
    grip = _grip(scene, world, carried)
    hand = spec.body(_hand(scene))
    for geom in list(spec.body(grip.body).geoms):
      if geom.conaffinity:
        _copy_to_hand(hand, geom, grip)
      geom.contype = geom.conaffinity = 0
  return spec.compile()


@functools.cache
def _base_spec(scene: str, shape: int) -> mujoco.MjSpec:
  this = registry.load(scene).shaped(shape)
  spec = mujoco.MjSpec.from_string(this.mjcf)
  root = spec.body(this.robot.arm.root)
  robot_bodies = {body.name for body in (root, *root.find_all('body'))}
  for geom in spec.geoms:
    if geom.contype == 0 and geom.conaffinity == 0:
      continue
    if geom.parent.name in robot_bodies:
      geom.contype, geom.conaffinity = _BODY | _SELF, _SELF
      geom.group = MOVING
    else:
      geom.contype, geom.conaffinity = 0, _BODY
      geom.margin = CLEARANCE
  return spec


def _hand(scene: scene_lib.Scene) -> str:
  """The body that the tool frame is fixed to."""
  site = scene.model.site(scene.robot.arm.tool)
  return scene.model.body(site.bodyid[0]).name


def _copy_to_hand(hand: Any, geom: Any, grip: _Grip) -> None:
  """Adds a geom of the carried body to the hand, where it is held."""
  ends = np.array(geom.fromto)
  if np.all(np.isfinite(ends)):  # a capsule given by its two ends
    turned = np.zeros((2, 3))
    for row, end in enumerate(ends.reshape(2, 3)):
      mujoco.mju_rotVecQuat(turned[row], end, grip.quaternion)
    where = {'fromto': (turned + grip.position).ravel()}
  else:
    position, quaternion = np.zeros(3), np.zeros(4)
    mujoco.mju_rotVecQuat(position, geom.pos, grip.quaternion)
    mujoco.mju_mulQuat(quaternion, grip.quaternion, np.array(geom.quat))
    where = {'pos': position + grip.position, 'quat': quaternion}
  hand.add_geom(
    name=f'{CARRIED}{geom.name}',
    type=geom.type,
    size=np.array(geom.size),
    contype=_BODY,
    conaffinity=0,
    group=MOVING,
    **where,
  )


def _grip(
  scene: scene_lib.Scene, world: world_state.WorldState, carried: str
) -> _Grip:
  data = mujoco.MjData(scene.model)
  data.qpos[:] = world.qpos
  mujoco.mj_kinematics(scene.model, data)
  body = scene.vocabulary.find(carried).body
  hand, thing = data.body(_hand(scene)), data.body(body)
  inverse, position, quaternion = np.zeros(4), np.zeros(3), np.zeros(4)
  mujoco.mju_negQuat(inverse, hand.xquat)
  mujoco.mju_rotVecQuat(position, thing.xpos - hand.xpos, inverse)
  mujoco.mju_mulQuat(quaternion, inverse, thing.xquat)
  return _Grip(body, position, quaternion)


@functools.cache
def _joined(scene: str) -> frozenset[tuple[int, int]]:
  """Pairs of the robot's bodies that overlap at rest, and so always may.

  An arm of somebody else may be drawn so that its links run into each other.
  """
  this = registry.load(scene)
  model = _base_spec(this.name, 0).compile()
  data = mujoco.MjData(model)
  data.qpos[:] = this.rest.qpos
  mujoco.mj_kinematics(model, data)
  mujoco.mj_collision(model, data)
  pairs = data.contact.geom
  both = pairs[np.all(model.geom_group[pairs] == MOVING, axis=1)]
  first, second = model.geom_bodyid[both].T
  return frozenset(zip(first.tolist(), second.tolist(), strict=True))


def _relevant_pairs(
  model: mujoco.MjModel, joined: frozenset[tuple[int, int]]
) -> Bool[np.ndarray, 'G G']:
  """Pairs that matter: all but bodies within two joints of each other.

  Args:
    model: the planning model.
    joined: bodies that overlap anyway.
  """
  near = np.eye(model.nbody, dtype=bool)
  for _ in range(2):
    grown = near.copy()
    for body in range(1, model.nbody):
      parent = model.body_parentid[body]
      if parent:
        grown[:, body] |= near[:, parent]
        grown[:, parent] |= near[:, body]
    near = grown | grown.T
  for one, other in joined:
    near[one, other] = near[other, one] = True
  body = model.geom_bodyid
  return ~near[np.ix_(body, body)]
