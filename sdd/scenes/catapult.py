"""Catapult: choose where on its arm to put a block, then press the button.

Tests tool use and common sense (paper, section 4): the tasks differ in the
box that they name and in nothing else, and what decides where a block lands
is how far out on the arm it sat. The mechanics:

- A spring of 1 N m/rad, relaxed at 2 rad, turns the arm to a stop at 60
  degrees. A latch, an equality constraint, holds it down until the button
  is past 0.8 of its travel; the button stays down (friction loss).
- A flywheel of 0.03 kg m2 on the axle outweighs any block on the arm
  (0.001 to 0.004), so that the arm is as fast whatever lies where: a block
  flies as fast as its place is far from the hinge.
- Rubber marks (friction 2): on wood a block would creep outwards.
- Timestep 0.002 s, as at the end of the swing a step is 4 mm long already.
- Marks 0.148, 0.212 and 0.266 m from the hinge send it 0.26, 0.46 and
  0.66 m beyond it (measured at the boxes' bottom), into boxes 0.19 m wide
  in steps of 0.20 m. Arm and marks are narrower than any block, so that
  fingers at its sides touch neither.

Measured in C MuJoCo, every block on every mark 60 times, put within +-6 mm
of the middle and +-10 degrees of straight: 539 of 540 came to rest in the
mark's box; of 360 within +-12 mm, 357.

Wide variation: the block starts within +-4 cm of its place at any yaw and
its edge is 40, 36 or 44 mm at the same density; catapult and boxes stand
within +-2 cm and +-6 degrees of theirs, moved as one, for what a catapult is
aimed at stays where it is aimed. Paper: nothing varies.

Whoever carries the block beyond the line y = 0 fails, as in the paper: it
must fly. Once the arm has sprung the robot has no further say.
"""

import functools
from typing import Any

import mujoco
import numpy as np

from sdd.scenes import (
  latch,
  parts,
  robot,
  scene,
  table_top,
  vocabulary,
  world_state,
)

ARM, BUTTON, BLOCK = 'catapult arm', 'button', 'block'
# Metres from the hinge, backwards and forwards.
MARKS = {'inner mark': 0.148, 'middle mark': 0.212, 'outer mark': 0.266}
BOXES = {'closest box': 0.27, 'middle box': 0.47, 'furthest box': 0.67}
EDGES = (0.040, 0.036, 0.044)  # metres, of the block, by shape
ARM_TOP = 0.091  # metres above the table, where a block on a mark stands
BUTTON_TRAVEL, RELEASED_ABOVE = 0.012, 0.8  # metres; share of it
STOP = 1.05  # radians
FOUL_LINE = 0.0  # metres; the y beyond which nothing may be carried
TIME_LIMIT = 60.0

PLACE, HEADING = (0.52, 0.22), -np.pi / 2  # of the catapult
SHIFT, TURN = 0.02, float(np.radians(6))
BLOCK_PLACE, BLOCK_SHIFT = (0.30, 0.35), 0.04

_SPRING, _RELAXED, _FLYWHEEL, _DAMPING = 1.0, 2.0, 0.03, 0.002
_ARM_HALF, _MARK_HALF = (0.155, 0.014, 0.005), (0.022, 0.017, 0.001)
_BUTTON_PLACE = (0.08, -0.20)  # towards the robot, out of the line of fire
_BOX_HALF, _BOX_HEIGHT, _WALL = 0.097, 0.070, 0.004
_DENSITY = 700.0  # wood
_RUBBER = {'friction': [2.0, 0.02, 0.0005], 'condim': 4, 'solref': [0.01, 1]}
_FELT = {  # priority: what lands on it must not bounce, whatever it is
  'friction': [1.0, 0.02, 0.001], 'condim': 4, 'solref': [0.02, 1.2],
  'priority': 1,
}  # fmt: skip
_WOOD, _STEEL = (0.62, 0.44, 0.27, 1), (0.55, 0.55, 0.58, 1)
_PAINT = ((0.97, 0.97, 0.95, 1), (0.95, 0.80, 0.15, 1), (0.15, 0.15, 0.17, 1))
_FRONTS = ((0.42, 0.58, 0.50, 1), (0.80, 0.62, 0.40, 1), (0.50, 0.56, 0.70, 1))
_CAMERA, _LOOKS_AT = (1.30, -0.25, 0.85), (0.36, 0.01, 0.08)


@functools.cache
def load(arm: robot.RobotSpec) -> scene.Scene:
  """Builds the catapult scene."""
  specs = [_spec(edge, arm) for edge in EDGES]
  texts = tuple(spec.to_xml() for spec in specs)
  words = _vocabulary(specs[0], arm)
  catch = latch.Latch(
    equality='latch',
    button=BUTTON,
    released_above=RELEASED_ABOVE * BUTTON_TRAVEL,
    arm=ARM,
    caught_below=0.1,
  )
  return scene.Scene(
    name='catapult',
    robot=arm,
    mjcf=texts[0],
    vocabulary=words,
    tasks=_tasks(words),
    time_limit=TIME_LIMIT,
    sample=sample,
    shapes=texts,
    latches=(catch,),
    rules=scene.Rules(
      foul=functools.partial(carried_over, words),
      final=functools.partial(launched, words),
      settle=4.0,
    ),
  )


def _spec(edge: float, arm: robot.RobotSpec) -> mujoco.MjSpec:
  spec = table_top.make('catapult', timestep=0.002)
  table_top.add_surroundings(spec)
  front = spec.camera('front')
  front.pos = list(_CAMERA)  # the boxes would be out of the usual picture
  front.alt.xyaxes = table_top.look_at(_CAMERA, _LOOKS_AT)
  arm.add_to(spec)
  base = _add_base(spec)
  _add_arm(base)
  _add_button(base)
  for (name, distance), rgba in zip(BOXES.items(), _FRONTS, strict=True):
    _add_box(spec, name, distance, rgba)
  block = spec.worldbody.add_body(name=BLOCK)
  block.add_freejoint(name=BLOCK)
  parts.box(
    block, BLOCK, (edge / 2,) * 3, (0, 0, 0), role=parts.OBJECT,
    rgba=(0.80, 0.22, 0.18, 1), mass=_DENSITY * edge**3, **parts.GRIPPED,
  )  # fmt: skip
  spec.add_equality(
    name='latch', type=mujoco.mjtEq.mjEQ_JOINT,
    objtype=mujoco.mjtObj.mjOBJ_JOINT, name1=ARM, data=[0] * 12,
    solref=[0.01, 1],
  )  # fmt: skip
  spec.compile()
  return spec


def _add_base(spec: mujoco.MjSpec) -> parts.Body:
  """The stand; x points at the boxes, the hinge is above the origin."""
  base = spec.worldbody.add_body(
    name='catapult', mocap=True, pos=[*PLACE, 0],
    quat=list(parts.rotation_z(HEADING)),
  )  # fmt: skip
  x, y = _BUTTON_PLACE
  wood = {'role': parts.FURNITURE, 'rgba': _WOOD}
  solid = {
    'stand': ((0.030, 0.036, 0.030), (0, 0, 0.030)),
    'left cheek': ((0.020, 0.006, 0.024), (0, 0.030, 0.084)),
    'right cheek': ((0.020, 0.006, 0.024), (0, -0.030, 0.084)),
    'button stand': ((0.040, 0.040, 0.020), (x, y, 0.020)),
  }
  for name, (half, position) in solid.items():
    parts.box(base, f'catapult/{name}', half, position, **wood)
  plain = {'role': parts.LOOKS, 'rgba': _WOOD}
  board = (0.16, 0.030, 0.004)
  parts.box(base, 'catapult/board', board, (-0.14, 0, 0.004), **plain)
  rod = ((0, y + 0.04, 0.012), (x, y, 0.012))
  parts.capsule(base, 'catapult/rod', (0, 0, 0.012), rod[0], 0.006, **plain)
  parts.capsule(base, 'catapult/bent rod', *rod, 0.006, **plain)
  return base


def _add_arm(base: parts.Body) -> None:
  arm = base.add_body(name=ARM, pos=[0, 0, ARM_TOP - _MARK_HALF[2]])
  arm.add_joint(
    name=ARM, axis=[0, 1, 0], range=[0, STOP], limited=True,
    stiffness=_SPRING, springref=_RELAXED, armature=_FLYWHEEL,
    damping=_DAMPING, solref_limit=[0.008, 1],
  )  # fmt: skip
  half, _, thick = _ARM_HALF
  parts.box(
    arm, ARM, _ARM_HALF, (0.01 - half, 0, -_MARK_HALF[2] - thick),
    role=parts.FURNITURE, rgba=_STEEL, mass=0.1,
  )  # fmt: skip
  for (name, radius), rgba in zip(MARKS.items(), _PAINT, strict=True):
    mark = arm.add_body(name=name, pos=[-radius, 0, 0])
    parts.box(
      mark, name, _MARK_HALF, (0, 0, 0), role=parts.FURNITURE, rgba=rgba,
      mass=0.002, **_RUBBER,
    )  # fmt: skip


def _add_button(base: parts.Body) -> None:
  # Without its weight, under which it would creep: friction loss is soft.
  button = base.add_body(name=BUTTON, pos=[*_BUTTON_PLACE, 0.052], gravcomp=1)
  button.add_joint(
    name=BUTTON, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, 0, -1],
    range=[0, BUTTON_TRAVEL], limited=True, damping=5, frictionloss=2,
    armature=0.02,
  )  # fmt: skip
  parts.box(
    button, BUTTON, (0.028, 0.028, 0.010), (0, 0, 0), role=parts.FURNITURE,
    rgba=(0.85, 0.10, 0.10, 1), mass=0.03,
  )  # fmt: skip


def _add_box(
  spec: mujoco.MjSpec, name: str, distance: float, rgba: parts.VectorLike
) -> None:
  """An open box; its frame sits in the middle of its underside."""
  c, s = np.cos(HEADING), np.sin(HEADING)
  box = spec.worldbody.add_body(
    name=name, mocap=True,
    pos=[PLACE[0] + c * distance, PLACE[1] + s * distance, 0],
    quat=list(parts.rotation_z(HEADING)),
  )  # fmt: skip
  half, wall, up = _BOX_HALF, _WALL, _BOX_HEIGHT / 2
  panels = {
    'bottom': ((half, half, wall), (0, 0, wall)),
    'near': ((wall, half, up), (wall - half, 0, up)),
    'far': ((wall, half, up), (half - wall, 0, up)),
    'left': ((half, wall, up), (0, half - wall, up)),
    'right': ((half, wall, up), (0, wall - half, up)),
  }
  for side, (size, position) in panels.items():
    parts.box(
      box, f'{name}/{side}', size, position, role=parts.FURNITURE, rgba=rgba,
      **_FELT,
    )  # fmt: skip


def _vocabulary(
  spec: mujoco.MjSpec, arm: robot.RobotSpec
) -> vocabulary.Vocabulary:
  def link(
    name: str, kind: vocabulary.Kind, *, joint: str | None = None,
    parent: str | None = None,
  ) -> vocabulary.Link:  # fmt: skip
    geoms = table_top.geoms_of(spec, name)
    return vocabulary.Link(name, name, geoms, kind, joint, parent)

  links = [
    link(BLOCK, 'object'),
    link('catapult', 'furniture'),
    link(ARM, 'part', joint=ARM, parent='catapult'),
    *(link(name, 'part', parent=ARM) for name in MARKS),
    link(BUTTON, 'part', joint=BUTTON, parent='catapult'),
    *(link(name, 'furniture') for name in BOXES),
    *table_top.support_links(),
    *table_top.finger_links(arm),
  ]
  ranges = ((0.0, STOP), (0.0, BUTTON_TRAVEL))
  return vocabulary.Vocabulary(tuple(links), (ARM, BUTTON), ranges)


def _tasks(words: vocabulary.Vocabulary) -> tuple[scene.Task, ...]:
  return tuple(
    scene.Task(
      'move the block onto the catapult arm, then press the button to shoot '
      f'the block into the {name}',
      functools.partial(shot_into, words, box=name),
    )
    for name in BOXES
  )


def launched(words: vocabulary.Vocabulary, state: Any) -> bool:
  """Whether the arm has sprung away."""
  return bool(state.joint_position[words.joint_index(ARM)] > STOP / 2)


def carried_over(words: vocabulary.Vocabulary, state: Any) -> bool:
  """Whether the block is held beyond the line it must be shot across."""
  beyond = state.link_position[words.index(BLOCK), 1] < FOUL_LINE
  return bool(beyond and _fingers_on_block(words, state).all())


def shot_into(words: vocabulary.Vocabulary, state: Any, *, box: str) -> bool:
  """The ground truth: the arm has sprung, and the block lies in the box.

  Judged in the box's own frame, on the block's origin; between the walls
  and below their tops is in.
  """
  if not launched(words, state) or _fingers_on_block(words, state).any():
    return False
  local = table_top.local_position(words, state, BLOCK, frame=box)
  between = np.abs(local[:2]).max() < _BOX_HALF - 2 * _WALL
  return bool(between and 0 < local[2] < _BOX_HEIGHT)


def _fingers_on_block(words: vocabulary.Vocabulary, state: Any) -> np.ndarray:
  return np.asarray(state.contact)[list(words.fingers), words.index(BLOCK)]


def sample(
  this: scene.Scene, rng: np.random.Generator
) -> world_state.WorldState:
  """Draws the block, its pose, where the catapult stands, the arm's start."""
  rest = this.rest
  wide = this.variation == 'wide'
  shape = int(rng.integers(len(EDGES))) * wide
  arm = np.array(table_top.arm_start(this, rng))
  qpos = rest.qpos.copy()
  qpos[this.arm_qpos] = arm
  start = this.free_qpos(BLOCK)
  shift = rng.uniform(-1, 1, 2) * BLOCK_SHIFT * wide
  qpos[start : start + 2] = np.add(BLOCK_PLACE, shift)
  qpos[start + 2] = EDGES[shape] / 2
  turn = rng.uniform(-np.pi, np.pi) * wide
  qpos[start + 3 : start + 7] = parts.rotation_z(turn)
  shift = rng.uniform(-1, 1, 2) * SHIFT * wide
  turn = rng.uniform(-1, 1) * TURN * wide
  c, s = np.cos(turn), np.sin(turn)
  mocap_pos = rest.mocap_pos.copy()
  from_hinge = mocap_pos[:, :2] - PLACE
  mocap_pos[:, :2] = from_hinge @ np.array([[c, s], [-s, c]]) + PLACE + shift
  heading = np.tile(parts.rotation_z(HEADING + turn), (len(mocap_pos), 1))
  return world_state.WorldState(
    qpos=qpos,
    qvel=rest.qvel.copy(),
    mocap_pos=mocap_pos,
    mocap_quat=heading,
    arm_target=arm,
    gripper_target=this.robot.stroke,
    shape=shape,
  )
