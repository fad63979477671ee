"""A Panda-like arm of seven joints, built from primitives.

It follows the Denavit-Hartenberg parameters (Craig's convention), limits and
link masses that Franka Emika publishes for the Panda; link shapes are
capsules of about the real girth. Its servos are stiffer and, at the wrist,
stronger than the real ones, so that it follows as closely as the other arms.
"""

import dataclasses

import mujoco
import numpy as np

from sdd.scenes import parts, robot

D1, D3, A4, A5, D5, A7 = 0.333, 0.316, 0.0825, -0.0825, 0.384, 0.088
FLANGE = 0.107

# kp, kv and torque limit (N m): the real ones' are 87 and 12.
_SERVO = {'big': (4000.0, 300.0, 87.0), 'wrist': (1000.0, 60.0, 28.0)}
_PALE, _GREY = (0.92, 0.92, 0.90, 1), (0.55, 0.57, 0.60, 1)
_DARK = (0.30, 0.31, 0.33, 1)

_Vector = tuple[float, float, float]


@dataclasses.dataclass(frozen=True)
class _Segment:
  """One moving link: its frame in the one before, and what it looks like."""

  position: _Vector
  turn: float  # radians about x, the DH alpha of the link before
  mass: float
  servo: str
  limits: tuple[float, float]
  speed: float  # rad/s
  capsules: tuple[tuple[_Vector, _Vector, float, tuple], ...]


_BACK, _AHEAD = -np.pi / 2, np.pi / 2
_ARM = (
  _Segment(
    (0, 0, D1), 0, 4.970684, 'big', (-2.8973, 2.8973), 2.175,
    (((0, 0, -0.19), (0, 0, -0.03), 0.060, _PALE),),
  ),
  _Segment(
    (0, 0, 0), _BACK, 0.646926, 'big', (-1.7628, 1.7628), 2.175,
    (
      ((0, 0, -0.05), (0, 0, 0.05), 0.058, _GREY),
      ((0, -0.03, 0), (0, -0.19, 0), 0.060, _PALE),
    ),
  ),
  _Segment(
    (0, -D3, 0), _AHEAD, 3.228604, 'big', (-2.8973, 2.8973), 2.175,
    (
      ((0, 0, -0.10), (0, 0, -0.06), 0.058, _PALE),
      ((0.01, 0, -0.05), (A4, 0, 0), 0.050, _PALE),
    ),
  ),
  _Segment(
    (A4, 0, 0), _AHEAD, 3.587895, 'big', (-3.0718, -0.0698), 2.175,
    (
      ((0, 0, -0.05), (0, 0, 0.05), 0.052, _GREY),
      ((-0.02, 0.03, 0), (A5, 0.13, 0), 0.052, _PALE),
    ),
  ),
  _Segment(
    (A5, D5, 0), _BACK, 1.225946, 'wrist', (-2.8973, 2.8973), 2.61,
    (
      ((0, 0, -0.24), (0, 0.02, -0.16), 0.052, _PALE),
      ((0, 0.05, -0.12), (0, 0.06, -0.02), 0.034, _PALE),
    ),
  ),
  _Segment(
    (0, 0, 0), _AHEAD, 1.666555, 'wrist', (-0.0175, 3.7525), 2.61,
    (
      ((0, 0, -0.04), (0, 0, 0.04), 0.046, _GREY),
      ((0, 0, 0), (A7, 0, 0), 0.044, _PALE),
    ),
  ),
  _Segment(
    (A7, 0, 0), _AHEAD, 0.735522, 'wrist', (-2.8973, 2.8973), 2.61,
    (((0, 0, 0.02), (0, 0, FLANGE - 0.038), 0.038, _PALE),),
  ),
)  # fmt: skip
_JOINTS = tuple(f'joint{k}' for k in range(1, len(_ARM) + 1))


def add(spec: mujoco.MjSpec) -> parts.Body:
  """Adds the arm with its servos, base at the origin; returns the hand."""
  body = spec.worldbody.add_body(name='base')
  for name, (start, end, radius) in {
    'base': ((0, 0, 0.06), (0, 0, 0.10), 0.068),
    'base plate': ((-0.06, 0, 0.04), (0, 0, 0.04), 0.062),
  }.items():
    parts.capsule(body, name, start, end, radius, role=parts.LOOKS, rgba=_PALE)
  for name, segment in zip(_JOINTS, _ARM, strict=True):
    body = _add_segment(spec, body, name, segment)
  # The hand is mounted an eighth of a turn back.
  return body.add_body(
    name=robot.HAND, pos=[0, 0, FLANGE], gravcomp=1,
    quat=list(parts.rotation_z(-np.pi / 4)),
  )  # fmt: skip


def _add_segment(
  spec: mujoco.MjSpec, parent: parts.Body, name: str, segment: _Segment
) -> parts.Body:
  half = segment.turn / 2
  body = parent.add_body(
    name=name.replace('joint', 'link'), pos=list(segment.position),
    quat=[np.cos(half), np.sin(half), 0, 0], gravcomp=1,
  )  # fmt: skip
  kp, kv, torque = _SERVO[segment.servo]
  body.add_joint(
    name=name, axis=[0, 0, 1], armature=0.1, range=list(segment.limits),
    limited=True,
  )  # fmt: skip
  for index, (start, end, radius, rgba) in enumerate(segment.capsules):
    parts.capsule(
      body, f'{body.name}_{index}', start, end, radius, role=parts.ROBOT,
      rgba=rgba, mass=segment.mass / len(segment.capsules),
    )  # fmt: skip
  servo = spec.add_actuator(
    name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT,
    forcerange=[-torque, torque], forcelimited=True,
  )  # fmt: skip
  servo.set_to_position(kp=kp, kv=kv)
  return body


ARM = robot.Arm(
  name='panda',
  add=add,
  joints=_JOINTS,
  home=(0.0, -0.4428, 0.0, -2.5450, 0.0, 2.1022, 0.7854),
  speed=tuple(segment.speed for segment in _ARM),
  shoulder=(0.0, 0.0, D1),
  reach=float(np.hypot(D3, A4) + np.hypot(D5, A5) + A7) + 0.02,
  wrist=FLANGE,
)
