"""From what was read of a user's scene to a whole model with a robot."""

import mujoco
import numpy as np

from sdd.scenes import parts, robot, table_top
from sdd.scenes.own import articulation, reading, shapes

# Fingers need some torsional friction, whatever the file says.
_TORSION, _ROLLING = 0.01, 0.0005


def build(
  read: reading.Reading,
  arm: robot.RobotSpec,
  *,
  table: bool,
  cameras: tuple[str, ...] | None = None,
) -> mujoco.MjSpec:
  """The scene with surroundings and robot.

  Args:
    read: the scene.
    arm: the robot.
    table: whether it is given a table.
    cameras: names of those it is given; None for all.

  Raises:
    reading.OwnSceneError: a name is the robot's or the table's.
  """
  spec = table_top.make(read.path.stem)
  table_top.add_surroundings(spec, table=table)
  arm.add_to(spec)
  for camera in list(spec.cameras):
    if cameras is not None and camera.name not in cameras:
      spec.delete(camera)
  _require_free_names(spec, read)
  for shape in read.supports:
    _add_shape(spec.worldbody, shape, parts.FURNITURE)
  roles: dict[str, parts.Role] = {}
  for body in read.bodies:
    above = roles.get(body.parent or '', parts.FURNITURE)
    roles[body.name] = parts.OBJECT if body.kind == 'object' else above
    _add_body(spec, body, roles[body.name])
  return spec


def _require_free_names(spec: mujoco.MjSpec, read: reading.Reading) -> None:
  taken = {each.name for each in (*spec.bodies, *spec.joints, *spec.geoms)}
  names = [body.name for body in read.bodies]
  names += [shape.name for shape in read.supports]
  for name in names:
    if name in taken:
      raise reading.OwnSceneError(
        f'{read.path}: the name {name!r} is taken by the robot and what it '
        'stands on. Give yours another, in the file or under `names` in '
        f'{read.path.with_suffix(".yaml").name}.'
      )


def _add_body(
  spec: mujoco.MjSpec, body: reading.Body, role: parts.Role
) -> None:
  parent = spec.body(body.parent) if body.parent else spec.worldbody
  made = parent.add_body(
    name=body.name,
    pos=list(body.position),
    quat=list(body.quaternion),
    mocap=body.kind == 'furniture',
  )
  if body.kind == 'object':
    made.add_freejoint(name=body.name)
  if body.joint is not None:
    _add_joint(made, body.name, body.joint)
  if body.inertia is not None:
    made.mass = body.inertia.mass
    made.ipos, made.iquat = body.inertia.position, body.inertia.quaternion
    made.inertia = body.inertia.moments
    made.explicitinertial = True
  gripped = role == parts.OBJECT or body.kind == 'part'
  for shape in body.shapes:
    _add_shape(made, shape, role, gripped=gripped)


def _add_joint(body: parts.Body, name: str, joint: articulation.Joint) -> None:
  kinds = mujoco.mjtJoint
  body.add_joint(
    name=name,
    type=kinds.mjJNT_SLIDE if joint.slides else kinds.mjJNT_HINGE,
    pos=list(joint.position),
    axis=list(joint.axis),
    range=list(joint.limits),
    limited=True,
    **joint.passive,
  )


def _add_shape(
  body: parts.Body,
  shape: shapes.Shape,
  role: parts.Role,
  *,
  gripped: bool = False,
) -> None:
  sliding, torsional, rolling = shape.friction
  physics = {
    'friction': [
      sliding, max(torsional, _TORSION), max(rolling, _ROLLING)
    ],
  }  # fmt: skip
  if gripped:
    physics |= {'condim': 4, 'solref': [0.01, 1]}
  body.add_geom(
    name=shape.name,
    type=shape.kind,
    size=list(np.asarray(shape.size, float)),
    pos=list(shape.position),
    quat=list(shape.quaternion),
    rgba=list(shape.rgba),
    mass=0,
    **(role if shape.collides else parts.LOOKS),
    **physics,
  )
