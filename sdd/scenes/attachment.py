"""Somebody's own MJCF robot in one of our scenes.

What is attached keeps its bodies, joints and shapes. Taken away or replaced
is what does not go with the rest of a scene: actuators, whose place our stiff
position servos take; the world's own floor and lights; collision bits;
meshes, which become capsules of about their size, so that neither a file has
to travel along nor MJX has to collide them.
"""

import dataclasses
import functools

import mujoco
import numpy as np

from sdd import errors
from sdd.scenes import parts, robot

PREFIX = 'robot/'
_BASE = 'base'
_ARMATURE = 0.1  # kg m2 of a joint that says nothing: what its motor adds
_TURNS = 6.2832  # radians that an unlimited joint may turn, either way
_GEOM = mujoco.mjtGeom
_KINDS = (_GEOM.mjGEOM_BOX, _GEOM.mjGEOM_CAPSULE, _GEOM.mjGEOM_SPHERE)
# What fingertips are made of, as those of our own grippers.
_PAD = {
  'friction': [1.5, 0.05, 0.001], 'condim': 4, 'solref': [0.01, 1],
  'priority': 1,
}  # fmt: skip

Vector = tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Place:
  """A pose in a body.

  Attributes:
    body: its name in the robot's own MJCF.
    position: metres.
    quaternion: wxyz.
  """

  body: str
  position: Vector = (0.0, 0.0, 0.0)
  quaternion: Vector = (1.0, 0.0, 0.0, 0.0)


@dataclasses.dataclass(frozen=True)
class Servo:
  """A position servo: gains, and the most it exerts (N m or N)."""

  kp: float
  kv: float
  force: float


@dataclasses.dataclass(frozen=True)
class Arm:
  """Adds an arm from a file; a `robot.Arm.add`.

  Attributes:
    mjcf: path of the file.
    base: where its world is, in ours; the body does not matter.
    joints: names in the file, from base to flange.
    servos: one for each joint.
    tool: where to put the tool frame, or None where it exists.
    mount: where to put the body `hand`, or None for an own gripper.
  """

  mjcf: str
  base: Place
  joints: tuple[str, ...]
  servos: tuple[Servo, ...]
  tool: Place | None
  mount: Place | None

  def __call__(self, spec: mujoco.MjSpec) -> parts.Body:
    base = spec.worldbody.add_body(
      name=_BASE, pos=list(self.base.position), quat=list(self.base.quaternion)
    )
    spec.attach(
      _simple(self.mjcf).copy(), prefix=PREFIX, frame=base.add_frame()
    )
    for body in base.find_all('body'):
      body.gravcomp = 1
    for joint, servo in zip(self.joints, self.servos, strict=True):
      _add_servo(spec, joint, servo)
    if self.tool is not None:
      holder = spec.body(PREFIX + self.tool.body)
      holder.add_site(name=robot.TCP, size=[0.005] * 3, **_pose(self.tool))
    if self.mount is None:
      return base
    flange = spec.body(PREFIX + self.mount.body)
    return flange.add_body(name=robot.HAND, gravcomp=1, **_pose(self.mount))


@dataclasses.dataclass(frozen=True)
class Fingers:
  """Makes fingers that came with the arm a gripper; a `robot.Gripper.add`.

  Attributes:
    joints: names in the file of those that get a servo.
    geoms: of the fingertips.
    servo: of each.
  """

  joints: tuple[str, ...]
  geoms: tuple[str, ...]
  servo: Servo

  def __call__(self, spec: mujoco.MjSpec, hand: parts.Body) -> None:
    del hand  # the fingers are there already
    for joint in self.joints:
      _add_servo(spec, joint, self.servo)
    for name in self.geoms:
      geom = spec.geom(PREFIX + name)
      for field, value in _PAD.items():
        setattr(geom, field, value)


def read(path: str) -> mujoco.MjSpec:
  """The model in a file.

  Raises:
    errors.SddError: there is none, or MuJoCo does not accept it.
  """
  try:
    spec = mujoco.MjSpec.from_file(path)
    spec.compile()
  except (ValueError, OSError) as problem:
    raise errors.SddError(
      f'{path} is no MJCF model that MuJoCo can read: {problem}'
    ) from problem
  return spec


def _pose(place: Place) -> dict[str, list[float]]:
  return {'pos': list(place.position), 'quat': list(place.quaternion)}


def _add_servo(spec: mujoco.MjSpec, joint: str, servo: Servo) -> None:
  name = PREFIX + joint
  found = spec.joint(name)
  if not found.armature:
    found.armature = _ARMATURE
  added = spec.add_actuator(
    name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT,
    forcerange=[-servo.force, servo.force], forcelimited=True,
  )  # fmt: skip
  added.set_to_position(kp=servo.kp, kv=servo.kv)


@functools.lru_cache(maxsize=8)
def _simple(path: str) -> mujoco.MjSpec:
  """The model made of primitives, without what drives or surrounds it."""
  spec = read(path)
  for index, geom in enumerate(list(spec.geoms)):
    geom.name = geom.name or f'geom {index}'
    if geom.type == _GEOM.mjGEOM_MESH:
      geom.type = _GEOM.mjGEOM_CAPSULE  # the compiler fits it to the mesh
  model, world = spec.compile(), spec.worldbody
  for thing in (
    *spec.actuators, *spec.keys, *spec.sensors, *world.geoms, *world.lights,
    *world.cameras,
  ):  # fmt: skip
    spec.delete(thing)
  for geom in list(spec.geoms):
    _simplify(spec, geom, model)
  for thing in (*spec.meshes, *spec.materials, *spec.textures):
    spec.delete(thing)
  most = float(np.degrees(_TURNS)) if spec.compiler.degree else _TURNS
  for joint in spec.joints:
    limited = model.jnt_limited[model.joint(joint.name).id]
    if joint.type == mujoco.mjtJoint.mjJNT_HINGE and not limited:
      joint.limited, joint.range = True, [-most, most]
  return spec


def _simplify(
  spec: mujoco.MjSpec, geom: parts.Body, model: mujoco.MjModel
) -> None:
  """Makes one geom a box, capsule or sphere with our collision bits."""
  found = model.geom(geom.name)
  collides = bool(found.contype[0] or found.conaffinity[0])
  if geom.meshname and not collides:
    spec.delete(geom)
    return
  size = found.size.copy()
  if geom.type == _GEOM.mjGEOM_CYLINDER:
    size[1] = max(size[1] - size[0], 1e-3)  # the caps of a capsule are round
  if geom.type == _GEOM.mjGEOM_CYLINDER or geom.meshname:
    geom.type, geom.meshname, geom.size = _GEOM.mjGEOM_CAPSULE, '', size
    geom.fromto = [np.nan] * 6
    geom.pos, geom.quat = found.pos, found.quat
    geom.alt.type = mujoco.mjtOrientation.mjORIENTATION_QUAT
  if geom.type not in _KINDS:
    raise errors.SddError(
      f'The robot has a geom {geom.name!r} of a kind that we do not collide; '
      'expected box, capsule, sphere, cylinder or mesh.'
    )
  role = parts.ROBOT if collides else parts.LOOKS
  geom.contype, geom.conaffinity = role['contype'], role['conaffinity']
  geom.rgba, geom.material = found.rgba, ''
