"""Parallel grippers, built from primitives, for any arm's flange.

Both fingers slide; a servo moves the left one, the right one follows. A
finger's joint is half the opening, zero when closed.
"""

import dataclasses
import functools

import mujoco

from sdd.scenes import parts, robot

_METAL, _PALE = (0.78, 0.80, 0.83, 1), (0.92, 0.92, 0.90, 1)
_DARK, _PAD = (0.22, 0.23, 0.25, 1), (0.12, 0.12, 0.13, 1)
_JOINTS = ('left_finger', 'right_finger')

_Half = tuple[float, float, float]


@dataclasses.dataclass(frozen=True)
class _Shape:
  """What a gripper looks like; lengths from the flange, metres.

  Attributes:
    hand: half sizes of the hand's box.
    hand_at: height of its middle.
    hand_mass: kg.
    root: height of the fingers' frames.
    tool: height of the tool frame, the middle of the pads.
    finger: half sizes of a finger's box.
    finger_at: its middle in the finger's frame, outwards and along.
    pad: half sizes of a pad.
    stroke: opening at most.
    rgba: of hand and fingers.
  """

  hand: _Half
  hand_at: float
  hand_mass: float
  root: float
  tool: float
  finger: _Half
  finger_at: tuple[float, float]
  pad: _Half
  stroke: float
  rgba: tuple[tuple, tuple]


def _add(shape: _Shape, spec: mujoco.MjSpec, hand: parts.Body) -> None:
  parts.box(
    hand, 'hand', shape.hand, (0, 0, shape.hand_at), role=parts.ROBOT,
    rgba=shape.rgba[0], mass=shape.hand_mass,
  )  # fmt: skip
  hand.add_site(name=robot.TCP, pos=[0, 0, shape.tool], size=[0.005] * 3)
  hand.add_camera(
    name='wrist', pos=[-0.09, 0, 0.03], fovy=60,
    # Leaning forwards: the fingertips, and what is ahead of them.
    xyaxes=[0, 1, 0, 0.91, 0, -0.42],
  )  # fmt: skip
  for name, side in zip(_JOINTS, (1, -1), strict=True):
    _add_finger(shape, hand, name, side)
  spec.add_equality(
    type=mujoco.mjtEq.mjEQ_JOINT,
    objtype=mujoco.mjtObj.mjOBJ_JOINT,
    name1=_JOINTS[1],
    name2=_JOINTS[0],
    data=[0, 1] + [0] * 10,
    solref=[0.01, 1],
  )
  servo = spec.add_actuator(
    name='gripper', target=_JOINTS[0], trntype=mujoco.mjtTrn.mjTRN_JOINT,
    forcerange=[-40, 40], forcelimited=True,
  )  # fmt: skip
  servo.set_to_position(kp=1200, kv=50)


def _add_finger(shape: _Shape, hand: parts.Body, name: str, side: int) -> None:
  finger = hand.add_body(name=name, pos=[0, 0, shape.root], gravcomp=1)
  finger.add_joint(
    name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, side, 0],
    range=[0, shape.stroke / 2], limited=True, armature=0.05,
  )  # fmt: skip
  out, along = shape.finger_at
  parts.box(
    finger, name, shape.finger, (0, side * out, along), role=parts.ROBOT,
    rgba=shape.rgba[1], mass=0.05,
  )  # fmt: skip
  parts.box(
    finger, f'{name}_pad', shape.pad,
    (0, side * shape.pad[1], shape.tool - shape.root), role=parts.ROBOT,
    rgba=_PAD, mass=0.02, friction=[1.5, 0.05, 0.001], condim=4,
    solref=[0.01, 1], priority=1,
  )  # fmt: skip


def _gripper(name: str, shape: _Shape) -> robot.Gripper:
  left, right = (
    robot.Finger(joint, joint, (f'{joint}_pad', joint)) for joint in _JOINTS
  )
  outer = shape.finger_at[0] + shape.finger[1]
  end = max(
    shape.root + shape.finger_at[1] + shape.finger[2],
    shape.tool + shape.pad[2],
  )
  return robot.Gripper(
    name=name,
    add=functools.partial(_add, shape),
    fingers=(dataclasses.replace(left, servo='gripper'), right),
    stroke=shape.stroke,
    length=shape.tool,
    pad=(shape.pad[0], shape.pad[2]),
    tip=(
      max(shape.finger[0], shape.pad[0]),
      round(max(outer, 2 * shape.pad[1]), 4),
      round(end - shape.tool, 4),
    ),
  )


# Ours: slim fingers that reach down between the walls of bins and drawers.
WIDE = _gripper(
  'wide',
  _Shape(
    hand=(0.028, 0.073, 0.034), hand_at=0.044, hand_mass=0.6, root=0.08,
    tool=0.165, finger=(0.011, 0.006, 0.035), finger_at=(0.013, 0.034),
    pad=(0.011, 0.0035, 0.018), stroke=0.110, rgba=(_DARK, _METAL),
  ),
)  # fmt: skip

# Of the size that Franka Emika publishes for its hand.
HAND = _gripper(
  'hand',
  _Shape(
    hand=(0.0315, 0.102, 0.0330), hand_at=0.0330, hand_mass=0.73, root=0.0584,
    tool=0.1034, finger=(0.0105, 0.006, 0.020), finger_at=(0.013, 0.022),
    pad=(0.00875, 0.0035, 0.0095), stroke=0.080, rgba=(_PALE, _PALE),
  ),
)  # fmt: skip

GRIPPERS = {gripper.name: gripper for gripper in (WIDE, HAND)}
