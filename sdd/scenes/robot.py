"""A UR5e-like arm and a parallel gripper, built from primitives.

The arm follows the Denavit-Hartenberg parameters that Universal Robots
publishes for the UR5e; link shapes are capsules of about the real girth and
the masses are the published ones. The gripper has a stroke of 110 mm. Its
frame `tcp` lies between the fingertips: z points out along the fingers, y is
the closing direction.
"""

import dataclasses

import mujoco
import numpy as np

from sdd.scenes import parts

D1, A2, A3 = 0.1625, -0.425, -0.3922
D4, D5, D6 = 0.1333, 0.0997, 0.0996
STROKE = 0.110
TOOL_LENGTH = 0.165  # flange to the middle of the fingertips

ARM_JOINTS = (
  'shoulder_pan', 'shoulder_lift', 'elbow', 'wrist_1', 'wrist_2', 'wrist_3',
)  # fmt: skip
FINGER_JOINTS = ('left_finger', 'right_finger')
TCP = 'tcp'
# Tool above the middle of the table, pointing down.
HOME = (-0.3397, -1.8437, 1.8110, -1.5381, -1.5708, -0.3397)

# Stiff servos follow a trajectory closely enough that the gripper does not
# close early: kp, kv and torque limit (N m) of the big and the wrist joints.
_SERVO = {'big': (4000.0, 300.0, 150.0), 'wrist': (1000.0, 60.0, 28.0)}
_METAL, _JOINT_BLUE = (0.78, 0.80, 0.83, 1), (0.35, 0.55, 0.75, 1)
_DARK, _PAD = (0.22, 0.23, 0.25, 1), (0.12, 0.12, 0.13, 1)


@dataclasses.dataclass(frozen=True)
class _Segment:
  """One moving link: its frame in the parent's, and what it looks like."""

  name: str
  position: tuple[float, float, float]
  turn: float  # radians about x, the DH alpha of the link before
  mass: float
  servo: str
  limit: float
  capsules: tuple[tuple[tuple, tuple, float, tuple], ...]


_ARM = (
  _Segment(
    'shoulder_pan', (0, 0, 0), 0, 3.7, 'big', np.pi,
    (((0, 0, 0.06), (0, 0, D1), 0.062, _METAL),),
  ),
  _Segment(
    'shoulder_lift', (0, 0, D1), np.pi / 2, 8.4, 'big', np.pi,
    (
      ((0, 0, 0.02), (0, 0, 0.138), 0.058, _JOINT_BLUE),
      ((0, 0, 0.138), (A2, 0, 0.138), 0.050, _METAL),
    ),
  ),
  _Segment(
    'elbow', (A2, 0, 0), 0, 2.3, 'big', 2.9,
    (
      ((0, 0, 0.138), (0, 0, 0.02), 0.052, _JOINT_BLUE),
      ((0, 0, 0.015), (A3, 0, 0.015), 0.042, _METAL),
    ),
  ),
  _Segment(
    'wrist_1', (A3, 0, 0), 0, 1.2, 'wrist', 2 * np.pi,
    (((0, 0, 0.03), (0, 0, D4), 0.040, _JOINT_BLUE),),
  ),
  _Segment(
    'wrist_2', (0, 0, D4), np.pi / 2, 1.2, 'wrist', 2 * np.pi,
    (((0, 0, 0.0), (0, 0, D5), 0.040, _METAL),),
  ),
  _Segment(
    'wrist_3', (0, 0, D5), -np.pi / 2, 0.25, 'wrist', 2 * np.pi,
    (((0, 0, 0.02), (0, 0, D6 - 0.03), 0.038, _JOINT_BLUE),),
  ),
)  # fmt: skip


def add_robot(spec: mujoco.MjSpec) -> None:
  """Adds arm, gripper, servos and wrist camera, base at the world origin."""
  # Half a turn: at zero angles a UR arm reaches along -x.
  body = spec.worldbody.add_body(name='base', quat=[0, 0, 0, 1])
  parts.capsule(
    body, 'base', (0, 0, -0.02), (0, 0, 0.03), 0.075,
    role=parts.LOOKS, rgba=_DARK,
  )  # fmt: skip
  for segment in _ARM:
    body = _add_segment(spec, body, segment)
  _add_gripper(spec, body)


def _add_segment(
  spec: mujoco.MjSpec, parent: parts.Body, segment: _Segment
) -> parts.Body:
  half = segment.turn / 2
  body = parent.add_body(
    name=segment.name,
    pos=list(segment.position),
    quat=[np.cos(half), np.sin(half), 0, 0],
    gravcomp=1,
  )
  kp, kv, torque = _SERVO[segment.servo]
  body.add_joint(
    name=segment.name, axis=[0, 0, 1], armature=0.1,
    range=[-segment.limit, segment.limit], limited=True,
  )  # fmt: skip
  for index, (start, end, radius, rgba) in enumerate(segment.capsules):
    parts.capsule(
      body, f'{segment.name}_{index}', start, end, radius, role=parts.ROBOT,
      rgba=rgba, mass=segment.mass / len(segment.capsules),
    )  # fmt: skip
  servo = spec.add_actuator(
    name=segment.name, target=segment.name,
    trntype=mujoco.mjtTrn.mjTRN_JOINT, forcerange=[-torque, torque],
    forcelimited=True,
  )  # fmt: skip
  servo.set_to_position(kp=kp, kv=kv)
  return body


def _add_gripper(spec: mujoco.MjSpec, wrist: parts.Body) -> None:
  hand = wrist.add_body(name='hand', pos=[0, 0, D6], gravcomp=1)
  parts.box(
    hand, 'hand', (0.028, 0.073, 0.034), (0, 0, 0.044), role=parts.ROBOT,
    rgba=_DARK, mass=0.6,
  )  # fmt: skip
  hand.add_site(name=TCP, pos=[0, 0, TOOL_LENGTH], size=[0.005] * 3)
  hand.add_camera(
    name='wrist', pos=[-0.09, 0, 0.03], fovy=60,
    xyaxes=[0, 1, 0, 0.96, 0, 0.28],
  )  # fmt: skip
  for name, side in zip(FINGER_JOINTS, (1, -1), strict=True):
    _add_finger(hand, name, side)
  spec.add_equality(
    type=mujoco.mjtEq.mjEQ_JOINT,
    objtype=mujoco.mjtObj.mjOBJ_JOINT,
    name1=FINGER_JOINTS[1],
    name2=FINGER_JOINTS[0],
    data=[0, 1] + [0] * 10,
    solref=[0.01, 1],
  )
  servo = spec.add_actuator(
    name='gripper', target=FINGER_JOINTS[0],
    trntype=mujoco.mjtTrn.mjTRN_JOINT, forcerange=[-40, 40],
    forcelimited=True,
  )  # fmt: skip
  servo.set_to_position(kp=1200, kv=50)


def _add_finger(hand: parts.Body, name: str, side: int) -> None:
  """One finger; its joint is half the opening, zero when closed."""
  finger = hand.add_body(name=name, pos=[0, 0, 0.08], gravcomp=1)
  finger.add_joint(
    name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, side, 0],
    range=[0, STROKE / 2], limited=True, armature=0.05,
  )  # fmt: skip
  parts.box(
    finger, name, (0.011, 0.006, 0.035), (0, side * 0.013, 0.034),
    role=parts.ROBOT, rgba=_METAL, mass=0.05,
  )  # fmt: skip
  parts.box(
    finger, f'{name}_pad', (0.011, 0.0035, 0.018),
    (0, side * 0.0035, TOOL_LENGTH - 0.08), role=parts.ROBOT, rgba=_PAD,
    mass=0.02, friction=[1.5, 0.05, 0.001], condim=4, solref=[0.01, 1],
    priority=1,
  )  # fmt: skip


def finger_geoms() -> tuple[tuple[str, ...], tuple[str, ...]]:
  """Geom names of the two fingertips, left and right."""
  left, right = ((f'{name}_pad', name) for name in FINGER_JOINTS)
  return left, right
