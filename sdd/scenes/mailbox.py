"""Mailbox: send a package for return.

The longest horizon: the lid must be opened, the package inserted, the lid
closed and the flag raised (paper, section 4 and Table 6). The numbers:

- Lid hinge 0 to 2.0 rad and flag hinge 0 to 1.65 rad, the paper's. Open, the
  lid leans back behind the opening, which is free from above.
- Opening 0.11 m by 0.18 m and 0.09 m deep: a package 0.07 m wide has 2 cm to
  spare on either side, the gripper around it fits in along the longer side,
  and no package sticks out however it comes to lie.
- The lid's handle is a bar in front of it, parallel to the hinge, so that it
  can turn between the fingertips; the flag's paddle hangs in front of the
  body, where fingers reach both its faces and, thanks to the stand, below it.
- Friction loss and damping hold lid and flag where they were left: they bear
  three times the weight of either and are weak against the arm.
- Wide variation: the package has one of five sizes, lies anywhere in 0.20 m
  by 0.18 m, at any yaw; the mailbox stands within +-3 cm and +-10 degrees of
  its place. Paper: one package in a square of 0.10 m, neither it nor the
  mailbox is turned. It starts at rest instead of falling from 0.2 m.
"""

import functools
from typing import Any

import mujoco
import numpy as np

from sdd.scenes import (
  parts,
  robot,
  scene,
  table_top,
  vocabulary,
  world_state,
)

TASK = 'send the package for return'
TIME_LIMIT = 200.0
LID_RANGE, FLAG_RANGE = (0.0, 2.0), (0.0, 1.65)
PLACE = (0.54, -0.12)
SHIFT, YAW = 0.03, np.radians(10)
PACKAGE_AREA = ((0.34, 0.18), (0.54, 0.36))  # x, y: lower and upper corner
PAPER_AREA = ((0.4, 0.3), (0.5, 0.4))
# Half sizes; the first one is the paper's only package.
PACKAGES = (
  (0.030, 0.030, 0.030),
  (0.025, 0.030, 0.030),
  (0.025, 0.035, 0.025),
  (0.030, 0.035, 0.035),
  (0.035, 0.035, 0.025),
)

_STAND, _WALL = 0.08, 0.006
_INNER = (0.055, 0.090, 0.090)  # half x, half y, depth
_FLOOR = _STAND + _WALL  # height of the inside bottom
_RIM = _FLOOR + _INNER[2]
_NEAR = 0.2  # share of a joint's range that counts as at its limit
_BLUE, _RED = (0.20, 0.33, 0.55, 1), (0.80, 0.15, 0.12, 1)
_DARK, _STEEL = (0.25, 0.26, 0.28, 1), (0.6, 0.6, 0.62, 1)
_CARDBOARD, _TAPE = (0.72, 0.55, 0.36, 1), (0.88, 0.80, 0.62, 1)
# Friction that hardly creeps: nothing sinks while the robot is elsewhere.
_STIFF = {'solimp_friction': [0.99, 0.999, 0.001, 0.5, 2]}


@functools.cache
def load(arm: robot.RobotSpec) -> scene.Scene:
  """Builds the mailbox scene."""
  specs = [_build(half, arm) for half in PACKAGES]
  shapes = tuple(spec.to_xml() for spec in specs)
  words = _vocabulary(specs[0], arm)
  rule = functools.partial(sent, words)
  return scene.Scene(
    name='mailbox',
    robot=arm,
    mjcf=shapes[0],
    vocabulary=words,
    tasks=(scene.Task(TASK, rule),),
    time_limit=TIME_LIMIT,
    sample=sample,
    shapes=shapes,
  )


def _build(
  half: tuple[float, float, float], arm: robot.RobotSpec
) -> mujoco.MjSpec:
  """The scene with a package of that size, compiled."""
  spec = table_top.make('mailbox')
  table_top.add_surroundings(spec)
  arm.add_to(spec)
  _add_mailbox(spec)
  _add_package(spec, half)
  spec.compile()
  return spec


def _add_mailbox(spec: mujoco.MjSpec) -> None:
  """The body; mocap, so that each world can place it elsewhere.

  Its frame: origin on the table under the middle, x away from the robot,
  z up. The lid is hinged at the far edge of the opening.
  """
  mailbox = spec.worldbody.add_body(name='mailbox', mocap=True, pos=[*PLACE, 0])
  x, y, depth = _INNER
  middle = _FLOOR + depth / 2
  panels = {
    'bottom': ((x, y, _WALL / 2), (0, 0, _FLOOR - _WALL / 2)),
    'front': ((_WALL / 2, y + _WALL, depth / 2), (-x - _WALL / 2, 0, middle)),
    'back': ((_WALL / 2, y + _WALL, depth / 2), (x + _WALL / 2, 0, middle)),
    'left': ((x, _WALL / 2, depth / 2), (0, y + _WALL / 2, middle)),
    'right': ((x, _WALL / 2, depth / 2), (0, -y - _WALL / 2, middle)),
  }
  for side, (half, position) in panels.items():
    parts.box(
      mailbox, f'mailbox/{side}', half, position, role=parts.FURNITURE,
      rgba=_BLUE,
    )  # fmt: skip
  parts.box(
    mailbox, 'mailbox/stand', (0.04, 0.06, _STAND / 2), (0, 0, _STAND / 2),
    role=parts.FURNITURE, rgba=_DARK,
  )  # fmt: skip
  _add_lid(mailbox)
  _add_flag(mailbox)


def _add_lid(mailbox: parts.Body) -> None:
  """Lid and handle; the frame is on the hinge, x still away from the robot."""
  x, y, _ = _INNER
  length = x + _WALL  # half, from the hinge to the front edge
  lid = mailbox.add_body(name='mailbox lid', pos=[length, 0, _RIM + 0.002])
  lid.add_joint(
    name='mailbox lid', type=mujoco.mjtJoint.mjJNT_HINGE, axis=[0, 1, 0],
    range=list(LID_RANGE), limited=True, damping=0.3, frictionloss=0.5,
    armature=0.005, **_STIFF,
  )  # fmt: skip
  parts.box(
    lid, 'mailbox lid/panel', (length, y + _WALL, 0.004), (-length, 0, 0.004),
    role=parts.FURNITURE, rgba=_BLUE, mass=0.12, **parts.GRIPPED,
  )  # fmt: skip
  handle = lid.add_body(name='mailbox lid handle', pos=[-2 * length, 0, 0.004])
  out, half = -0.048, 0.05
  steel = {
    'role': parts.FURNITURE,
    'rgba': _STEEL,
    'mass': 0.01,
    **parts.GRIPPED,
  }
  parts.capsule(
    handle, 'mailbox lid handle/bar', (out, -half, 0), (out, half, 0), 0.008,
    **steel,
  )  # fmt: skip
  for side, at in (('left', half), ('right', -half)):
    parts.capsule(
      handle, f'mailbox lid handle/{side}', (0, at, 0), (out, at, 0), 0.006,
      **steel,
    )  # fmt: skip


def _add_flag(mailbox: parts.Body) -> None:
  """The flag, on the robot's left; lowered, its arm points at the robot."""
  wall, out, arm = _INNER[1] + _WALL, 0.042, 0.11
  flag = mailbox.add_body(
    name='mailbox flag', pos=[-0.015, wall + out, _FLOOR + 0.06]
  )
  flag.add_joint(
    name='mailbox flag', type=mujoco.mjtJoint.mjJNT_HINGE, axis=[0, 1, 0],
    range=list(FLAG_RANGE), limited=True, damping=0.05, frictionloss=0.15,
    armature=0.002, **_STIFF,
  )  # fmt: skip
  red = {'role': parts.FURNITURE, 'rgba': _RED, 'mass': 0.01, **parts.GRIPPED}
  parts.capsule(
    flag, 'mailbox flag/spindle', (0, -out, 0), (0, 0, 0), 0.006, **red
  )
  parts.capsule(flag, 'mailbox flag/arm', (0, 0, 0), (-arm, 0, 0), 0.006, **red)
  parts.box(
    flag, 'mailbox flag/paddle', (0.022, 0.009, 0.018), (-arm, 0, 0), **red
  )


def _add_package(spec: mujoco.MjSpec, half: tuple[float, float, float]) -> None:
  package = spec.worldbody.add_body(name='package')
  package.add_freejoint(name='package')
  parts.box(
    package, 'package/carton', half, (0, 0, 0), role=parts.OBJECT,
    rgba=_CARDBOARD, mass=0.12, **parts.GRIPPED,
  )  # fmt: skip
  parts.box(
    package, 'package/tape', (half[0] + 5e-4, 0.008, half[2] + 5e-4),
    (0, 0, 0), role=parts.LOOKS, rgba=_TAPE,
  )  # fmt: skip


def _vocabulary(
  spec: mujoco.MjSpec, arm: robot.RobotSpec
) -> vocabulary.Vocabulary:
  def link(name: str, kind: vocabulary.Kind, *above: str) -> vocabulary.Link:
    geoms = table_top.geoms_of(spec, name)
    return vocabulary.Link(name, name, geoms, kind, *above)

  lid, flag = 'mailbox lid', 'mailbox flag'
  links = (
    link('package', 'object'),
    link('mailbox', 'furniture'),
    link(lid, 'part', lid, 'mailbox'),
    link('mailbox lid handle', 'part', lid, lid),
    link(flag, 'part', flag, 'mailbox'),
    *table_top.support_links(),
    *table_top.finger_links(arm),
  )
  return vocabulary.Vocabulary(links, (lid, flag), (LID_RANGE, FLAG_RANGE))


def sent(words: vocabulary.Vocabulary, state: Any) -> bool:
  """The ground truth: package inside, lid shut, flag raised.

  Inside is judged in the mailbox's own frame, on the package's origin, so
  that it shares no arithmetic with the predicates that language models
  write. Shut and raised mean within a fifth of the range of the limit, the
  paper's rule.
  """
  local = table_top.local_position(words, state, 'package', frame='mailbox')
  inside = abs(local[0]) < _INNER[0] and abs(local[1]) < _INNER[1]
  inside = inside and _FLOOR < local[2] < _RIM
  lid, flag = state.joint_position[
    [words.joint_index('mailbox lid'), words.joint_index('mailbox flag')]
  ]
  shut = lid < LID_RANGE[0] + _NEAR * (LID_RANGE[1] - LID_RANGE[0])
  raised = flag > FLAG_RANGE[1] - _NEAR * (FLAG_RANGE[1] - FLAG_RANGE[0])
  return bool(inside and shut and raised)


def sample(
  this: scene.Scene, rng: np.random.Generator
) -> world_state.WorldState:
  """Draws the package, the mailbox's pose and the arm's start."""
  rest = this.rest
  wide = this.variation == 'wide'
  shape = int(rng.integers(len(PACKAGES))) if wide else 0
  area = PACKAGE_AREA if wide else PAPER_AREA
  qpos = rest.qpos.copy()
  start = this.free_qpos('package')
  qpos[start : start + 2] = rng.uniform(*area)
  qpos[start + 2] = PACKAGES[shape][2] + 0.001
  turned = rng.uniform(-np.pi, np.pi) * wide
  qpos[start + 3 : start + 7] = parts.rotation_z(turned)
  arm = np.array(table_top.arm_start(this, rng))
  qpos[this.arm_qpos] = arm
  shift = rng.uniform(-1, 1, 2) * SHIFT * wide
  yaw = rng.uniform(-1, 1) * YAW * wide
  return world_state.WorldState(
    qpos=qpos,
    qvel=rest.qvel.copy(),
    mocap_pos=np.array([[*np.add(PLACE, shift), 0.0]]),
    mocap_quat=np.array([parts.rotation_z(yaw)]),
    arm_target=arm,
    gripper_target=this.robot.stroke,
    shape=shape,
  )
