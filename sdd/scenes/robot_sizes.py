"""What a robot file need not say, because the model tells: sizes.

And what it says, checked against the model: that the rest posture is within
the limits, and that tool frame and stroke are those of the fingers.
"""

import dataclasses

import mujoco
import numpy as np
from jaxtyping import Float

from sdd.scenes import attachment, entries, grippers, robot

_MARGIN = 0.03  # metres added to the reach
_SLIM = (0.01, 0.05)  # metres behind the tool frame that fingers are slim
_OFF, _STROKE_OFF = 0.02, 0.01  # metres that tool frame and stroke may be off
_ALONG = 0.9  # least cosine between the tool's y and the closing direction
_BOX = mujoco.mjtGeom.mjGEOM_BOX


def measured(found: robot.RobotSpec, entry: entries.Entry) -> robot.RobotSpec:
  """The same robot with the sizes that its model has.

  Args:
    found: a robot whose sizes are not known yet.
    entry: the whole robot file, for what it says wrong.

  Raises:
    errors.SddError: the file contradicts the model.
  """
  spec = mujoco.MjSpec()
  spec.compiler.degree = False
  found.add_to(spec)
  model = spec.compile()
  _require_chain(found, model, entry)
  data = mujoco.MjData(model)
  for name, angle in zip(found.arm.joints, found.home, strict=True):
    joint = model.joint(name)
    _require_within(joint, angle, entry)
    data.qpos[joint.qposadr[0]] = angle
  _set_opening(found, model, data, 0.0)
  gripper = found.gripper
  if gripper.name not in grippers.GRIPPERS:
    gripper = _sized(found, model, data, entry)
  arm = _reaching(found, model, data)
  return dataclasses.replace(found, arm=arm, gripper=gripper)


def _reaching(
  found: robot.RobotSpec, model: mujoco.MjModel, data: mujoco.MjData
) -> robot.Arm:
  """The arm, taken for a rope from its shoulder to its last joint."""
  ids = [model.joint(name).id for name in found.arm.joints]
  anchors, axis = data.xanchor[ids], data.xaxis[ids[0]]
  shoulder = anchors[0] + axis * (axis @ (anchors[1] - anchors[0]))
  position, rotation = _tool(found, data)
  behind = float((position - anchors[-1]) @ rotation[:, 2])
  aside = position - behind * rotation[:, 2] - anchors[-1]
  rope = np.diff(np.vstack([shoulder, anchors[1:]]), axis=0)
  length = np.linalg.norm(rope, axis=1).sum() + np.linalg.norm(aside)
  x, y, z = (float(value) for value in shoulder)
  return dataclasses.replace(
    found.arm,
    shoulder=(x, y, z),
    reach=float(length) + _MARGIN,
    wrist=behind - found.gripper.length,
  )


def _sized(
  found: robot.RobotSpec,
  model: mujoco.MjModel,
  data: mujoco.MjData,
  entry: entries.Entry,
) -> robot.Gripper:
  """The gripper with the sizes of its fingertips, which are closed now."""
  gripper = found.gripper
  position, rotation = _tool(found, data)
  left, right = gripper.fingers
  pads = [data.geom(finger.geoms[0]).xpos for finger in (left, right)]
  if np.linalg.norm(np.mean(pads, axis=0) - position) > _OFF:
    middle = (np.mean(pads, axis=0) - position) @ rotation
    raise entry.get('tool').wrong(
      'a frame in the middle of the first geoms of both fingers, which is at '
      f'{np.round(middle, 4).tolist()} in it'
    )
  lower, upper = _extent(model, data, (*left.geoms, *right.geoms), found)
  first_lower, first_upper = _extent(model, data, left.geoms[:1], found)
  half = (first_upper - first_lower) / 2
  _set_opening(found, model, data, gripper.stroke)
  apart = data.geom(left.geoms[0]).xpos - data.geom(right.geoms[0]).xpos
  _set_opening(found, model, data, 0.0)
  apart = apart - (
    data.geom(left.geoms[0]).xpos - data.geom(right.geoms[0]).xpos
  )
  length = float(np.linalg.norm(apart))
  if abs(length - gripper.stroke) > _STROKE_OFF:
    raise (
      entry.get('gripper')
      .get('stroke')
      .wrong(
        f'about {length:.3f}, by which `closed` and `open` move the fingertips '
        'apart'
      )
    )
  if abs(apart @ rotation[:, 1]) < _ALONG * length:
    raise entry.get('tool').wrong(
      'a frame whose y axis is the direction in which the fingers close'
    )
  x, y = np.maximum(-lower, upper)[:2]
  return dataclasses.replace(
    gripper,
    pad=(float(half[0]), float(half[2])),
    tip=(float(x), float(y), float(upper[2])),
    back=float(np.clip(-lower[2], *_SLIM)),
  )


def _extent(
  model: mujoco.MjModel,
  data: mujoco.MjData,
  geoms: tuple[str, ...],
  found: robot.RobotSpec,
) -> tuple[Float[np.ndarray, ' 3'], Float[np.ndarray, ' 3']]:
  """Corners of a box around geoms, in the tool frame."""
  position, rotation = _tool(found, data)
  lower, upper = [], []
  for name in geoms:
    geom, at = model.geom(name), data.geom(name)
    half, radius = geom.size, 0.0
    if geom.type[0] != _BOX:
      radius, half = geom.size[0], np.array([0.0, 0.0, geom.size[1]])
    turned = np.abs(rotation.T @ at.xmat.reshape(3, 3))
    reach, middle = turned @ half + radius, (at.xpos - position) @ rotation
    lower.append(middle - reach)
    upper.append(middle + reach)
  return np.min(lower, axis=0), np.max(upper, axis=0)


def _tool(
  found: robot.RobotSpec, data: mujoco.MjData
) -> tuple[Float[np.ndarray, ' 3'], Float[np.ndarray, '3 3']]:
  site = data.site(found.arm.tool)
  return site.xpos.copy(), site.xmat.reshape(3, 3).copy()


def _set_opening(
  found: robot.RobotSpec,
  model: mujoco.MjModel,
  data: mujoco.MjData,
  opening: float,
) -> None:
  values = found.finger_positions(opening)
  for name, value in zip(found.finger_joints, values, strict=True):
    data.qpos[model.joint(name).qposadr[0]] = value
  mujoco.mj_kinematics(model, data)


def _require_chain(
  found: robot.RobotSpec, model: mujoco.MjModel, entry: entries.Entry
) -> None:
  """The arm's joints are all hinges there are from the base to the tool."""
  body, chain = int(model.site(found.arm.tool).bodyid[0]), []
  while body:
    first = model.body_jntadr[body]
    own = range(first, first + model.body_jntnum[body])
    chain = [model.joint(i).name for i in own] + chain
    body = int(model.body_parentid[body])
  if tuple(chain) != found.arm.joints:
    listed = [name.removeprefix(attachment.PREFIX) for name in chain]
    raise entry.get('arm').wrong(
      f'{listed}, the joints from the base to the tool, in that order'
    )
  for name in chain:
    if model.joint(name).type[0] != mujoco.mjtJoint.mjJNT_HINGE:
      raise entry.get('arm').wrong(
        f'hinges only, which {name.removeprefix(attachment.PREFIX)!r} is not'
      )


def _require_within(joint, angle: float, entry: entries.Entry) -> None:
  lower, upper = joint.range
  if not lower <= angle <= upper:
    raise entry.get('rest').wrong(
      f'{joint.name.removeprefix(attachment.PREFIX)!r} between {lower:.4g} and '
      f'{upper:.4g}, its limits in radians'
    )
