"""Every geom of a user's scene as boxes, capsules and spheres.

The planners work on these three, and MJX collides them exactly. A cylinder
collides as a prism of eight sides, made of four boxes; an ellipsoid as a
capsule; a mesh as the box around it. What can be drawn keeps its look.
"""

import dataclasses
import re
from collections.abc import Iterator

import mujoco
import numpy as np
from jaxtyping import Float

from sdd.scenes import parts
from sdd.scenes.own import finding

_GEOM = mujoco.mjtGeom
_PLAIN = (_GEOM.mjGEOM_BOX, _GEOM.mjGEOM_CAPSULE, _GEOM.mjGEOM_SPHERE)
_NAMES = {
  _GEOM.mjGEOM_CYLINDER: 'cylinder', _GEOM.mjGEOM_ELLIPSOID: 'ellipsoid',
  _GEOM.mjGEOM_MESH: 'mesh', _GEOM.mjGEOM_PLANE: 'plane',
  _GEOM.mjGEOM_HFIELD: 'height field', _GEOM.mjGEOM_SDF: 'SDF',
}  # fmt: skip
_SIDES = 8
_HIDDEN = r'/(side \d|rod)$'  # ends the names of what collides unseen


@dataclasses.dataclass(frozen=True)
class Shape:
  """One geom to be added to a body.

  Attributes:
    name: of the MJCF geom.
    kind: MuJoCo's type.
    size: as MuJoCo has it, metres.
    position: in the body's frame.
    quaternion: in the body's frame, wxyz.
    rgba: its colour.
    collides: whether anything can touch it.
    friction: sliding, torsional, rolling.
    source: name of the geom of the file that it stands for.
  """

  name: str
  kind: mujoco.mjtGeom
  size: Float[np.ndarray, ' 3']
  position: Float[np.ndarray, ' 3']
  quaternion: Float[np.ndarray, ' 4']
  rgba: Float[np.ndarray, ' 4']
  collides: bool
  friction: Float[np.ndarray, ' 3']
  source: str


def shapes(
  model: mujoco.MjModel, geom: int, name: str
) -> tuple[list[Shape], list[finding.Finding]]:
  """What a compiled geom becomes, and what there is to say about it.

  Args:
    model: the user's scene.
    geom: number of the geom.
    name: what it is called.
  """
  kind = _GEOM(model.geom_type[geom])
  touched = bool(model.geom_contype[geom] or model.geom_conaffinity[geom])
  plain = Shape(
    name=name,
    kind=kind,
    size=model.geom_size[geom].copy(),
    position=model.geom_pos[geom].copy(),
    quaternion=model.geom_quat[geom].copy(),
    rgba=_colour(model, geom),
    collides=touched,
    friction=model.geom_friction[geom].copy(),
    source=name,
  )
  if kind in _PLAIN:
    return [plain], []
  if kind == _GEOM.mjGEOM_CYLINDER:
    how = 'a prism of eight sides'
    made = [dataclasses.replace(plain, collides=False)]
    made += _prism(plain) if touched else []
  elif kind == _GEOM.mjGEOM_ELLIPSOID:
    how = 'a capsule of about its size'
    made = [dataclasses.replace(plain, collides=False)]
    made += [_rod(plain)] if touched else []
  elif kind == _GEOM.mjGEOM_MESH:
    how = 'the box around it, and looks like it'
    made = [_around(plain, model.geom_aabb[geom])]
  else:
    text = f'{name!r} is a {_NAMES[kind]}, which robots here cannot touch.'
    return [], [finding.fatal(f'{text} Build it of boxes and capsules.')]
  told = f'{name!r} is a {_NAMES[kind]}: MJX does not collide it with all '
  told += f'others, so it collides as {how}.'
  return made, [finding.note(told)] if touched else []


def seen(name: str) -> str:
  """The geom that is seen where the one of that name collides."""
  return re.sub(_HIDDEN, '', name)


def _colour(model: mujoco.MjModel, geom: int) -> Float[np.ndarray, ' 4']:
  rgba, material = model.geom_rgba[geom], model.geom_matid[geom]
  if material >= 0 and np.allclose(rgba, (0.5, 0.5, 0.5, 1)):
    rgba = model.mat_rgba[material]
  return np.asarray(rgba, float)


def _prism(plain: Shape) -> Iterator[Shape]:
  """Boxes through opposite sides of an octagon; together they fill it.

  The cylinder's radius lies midway between its sides and its corners.
  """
  radius, half = plain.size[:2]
  angle = np.pi / _SIDES
  outer = radius * 2 / (1 + np.cos(angle))  # to the corners
  for k in range(_SIDES // 2):
    quaternion = np.zeros(4)
    mujoco.mju_mulQuat(
      quaternion, plain.quaternion, np.array(parts.rotation_z(2 * k * angle))
    )
    yield dataclasses.replace(
      plain,
      name=f'{plain.name}/side {k}',
      kind=_GEOM.mjGEOM_BOX,
      size=np.array([outer * np.cos(angle), outer * np.sin(angle), half]),
      quaternion=quaternion,
      # Drawn as the cylinder only.
      rgba=np.array([*plain.rgba[:3], 0.0]),
    )


def _rod(plain: Shape) -> Shape:
  """A capsule along an ellipsoid's longest axis."""
  longest = int(np.argmax(plain.size))
  radius = float(np.mean(np.delete(plain.size, longest)))
  turn, quaternion = np.zeros(4), np.zeros(4)
  mujoco.mju_quatZ2Vec(turn, np.eye(3)[longest])
  mujoco.mju_mulQuat(quaternion, plain.quaternion, turn)
  return dataclasses.replace(
    plain,
    name=f'{plain.name}/rod',
    kind=_GEOM.mjGEOM_CAPSULE,
    size=np.array([radius, max(plain.size[longest] - radius, 1e-4), 0.0]),
    quaternion=quaternion,
    rgba=np.array([*plain.rgba[:3], 0.0]),
  )


def _around(plain: Shape, box: Float[np.ndarray, ' 6']) -> Shape:
  """The box around a mesh; `box` is its middle and half sizes."""
  offset = np.zeros(3)
  mujoco.mju_rotVecQuat(offset, box[:3], plain.quaternion)
  return dataclasses.replace(
    plain,
    kind=_GEOM.mjGEOM_BOX,
    size=np.maximum(box[3:], 1e-4),
    position=plain.position + offset,
  )
