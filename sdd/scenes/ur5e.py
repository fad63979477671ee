"""A UR5e-like arm, built from primitives.

The arm follows the Denavit-Hartenberg parameters that Universal Robots
publishes for the UR5e; link shapes are capsules of about the real girth and
the masses are the published ones.
"""

import dataclasses

import mujoco
import numpy as np

from sdd.scenes import parts, robot

D1, A2, A3 = 0.1625, -0.425, -0.3922
D4, D5, D6 = 0.1333, 0.0997, 0.0996

_SPEED = 3.0  # rad/s; the maker allows 3.14

# Stiff servos follow a trajectory closely enough that the gripper does not
# close early: kp, kv and torque limit (N m) of the big and the wrist joints.
_SERVO = {'big': (4000.0, 300.0, 150.0), 'wrist': (1000.0, 60.0, 28.0)}
_METAL, _JOINT_BLUE = (0.78, 0.80, 0.83, 1), (0.35, 0.55, 0.75, 1)
_DARK = (0.22, 0.23, 0.25, 1)


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


def add(spec: mujoco.MjSpec) -> parts.Body:
  """Adds the arm with its servos, base at the origin; returns the hand."""
  # Half a turn: at zero angles a UR arm reaches along -x.
  body = spec.worldbody.add_body(name='base', quat=[0, 0, 0, 1])
  parts.capsule(
    body, 'base', (0, 0, -0.02), (0, 0, 0.03), 0.075,
    role=parts.LOOKS, rgba=_DARK,
  )  # fmt: skip
  for segment in _ARM:
    body = _add_segment(spec, body, segment)
  return body.add_body(name=robot.HAND, pos=[0, 0, D6], gravcomp=1)


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


ARM = robot.Arm(
  name='ur5e',
  add=add,
  joints=tuple(segment.name for segment in _ARM),
  home=(-0.3397, -1.8437, 1.8110, -1.5381, -1.5708, -0.3397),
  speed=(_SPEED,) * len(_ARM),
  shoulder=(0.0, 0.0, D1),
  reach=-(A2 + A3) + D5 + 0.03,
  wrist=0.095,
)
