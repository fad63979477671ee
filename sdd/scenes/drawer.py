"""Drawer: put an object into one of three closed drawers and close it again.

Tests articulation, sideways reach and a horizon of several skills: the
drawer must be opened before and closed after, and each object has a shape of
its own (paper, section 4 and Table 6). The numbers:

- Drawer travel 0.22 m of 0.26 m depth: the gripper (0.15 m wide) fits in from
  above, and an object placed mid-opening is clear of the cabinet.
- Pitch 0.13 m: every object fits upright under the drawer above.
- The lowest handle is 0.12 m above the table so that a gripper that closes
  vertically on it clears the table top.
- Friction loss 1 N and damping 8 N s/m hold a drawer where it was left and
  are weak against the arm.
- Wide variation: objects start around four places on the table, +-4 cm and
  any yaw, which one where is drawn; the cabinet stands within +-3 cm and
  +-10 degrees of its place. Paper: each object has its place in a row, +-5 cm,
  and neither it nor the cabinet is turned.
"""

import functools
from typing import Any

import mujoco
import numpy as np

from sdd.scenes import (
  objects,
  parts,
  robot,
  scene,
  table_top,
  vocabulary,
  world_state,
)

LEVELS = ('bottom', 'middle', 'top')
TRAVEL = 0.22
CABINET_PLACE = (0.32, 0.80)
CABINET_SHIFT, CABINET_YAW = 0.03, np.radians(10)
OBJECT_PLACES = ((0.42, -0.32), (0.60, -0.20), (0.42, -0.08), (0.62, 0.04))
OBJECT_SHIFT = 0.04
PAPER_PLACES = ((0.516, -0.34), (0.516, -0.17), (0.516, 0.0), (0.516, 0.17))
PAPER_SHIFT = 0.05
TIME_LIMIT = 120.0

_WIDTH, _DEPTH, _PITCH, _BASE = 0.36, 0.30, 0.13, 0.055
_INNER = (0.130, 0.145, 0.036)  # half depth, half width, half wall height
_WALL = 0.006
_WOOD, _STEEL = (0.62, 0.44, 0.27, 1), (0.6, 0.6, 0.62, 1)
_FRONTS = {
  'bottom': (0.42, 0.58, 0.50, 1),
  'middle': (0.80, 0.62, 0.40, 1),
  'top': (0.50, 0.56, 0.70, 1),
}


@functools.cache
def load(arm: robot.RobotSpec) -> scene.Scene:
  """Builds the drawer scene."""
  spec = table_top.make('drawer')
  table_top.add_surroundings(spec)
  arm.add_to(spec)
  _add_cabinet(spec)
  for kind in objects.DRAWER_OBJECTS:
    objects.add_object(spec, kind)
  spec.compile()
  words = _vocabulary(spec, arm)
  return scene.Scene(
    name='drawer',
    robot=arm,
    mjcf=spec.to_xml(),
    vocabulary=words,
    tasks=_tasks(words),
    time_limit=TIME_LIMIT,
    sample=sample,
  )


def _add_cabinet(spec: mujoco.MjSpec) -> None:
  """The shell; a mocap body, so that each world can place it elsewhere.

  Its frame: origin on the table's level under the middle of the cabinet, x
  out of the front, which is where drawers open to.
  """
  cabinet = spec.worldbody.add_body(
    name='cabinet', mocap=True, pos=[*CABINET_PLACE, 0],
    quat=list(parts.rotation_z(-np.pi / 2)),
  )  # fmt: skip
  top = _BASE + 3 * _PITCH
  wood = {'role': parts.FURNITURE, 'rgba': _WOOD}
  half_d, half_w = _DEPTH / 2, _WIDTH / 2
  shell = {
    'plinth': ((half_d, half_w, (_BASE - table_top.FLOOR_HEIGHT) / 2 - 0.004),
               (0, 0, (_BASE + table_top.FLOOR_HEIGHT) / 2 - 0.004)),
    'roof': ((half_d, half_w, 0.008), (0, 0, top + 0.008)),
    'back': ((0.008, half_w, (top - _BASE) / 2),
             (-half_d + 0.008, 0, (top + _BASE) / 2)),
    'left side': ((half_d, 0.008, (top - _BASE) / 2),
                  (0, half_w - 0.008, (top + _BASE) / 2)),
    'right side': ((half_d, 0.008, (top - _BASE) / 2),
                   (0, -half_w + 0.008, (top + _BASE) / 2)),
  }  # fmt: skip
  for name, (half, position) in shell.items():
    parts.box(cabinet, f'cabinet/{name}', half, position, **wood)
  for level, name in enumerate(LEVELS):
    _add_drawer(cabinet, f'{name} drawer', level)


def _add_drawer(cabinet: parts.Body, name: str, level: int) -> None:
  """One drawer; its frame sits in the middle of its inside bottom."""
  drawer = cabinet.add_body(
    name=name, pos=[0.008, 0, _BASE + level * _PITCH + 2 * _WALL]
  )
  drawer.add_joint(
    name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[1, 0, 0],
    range=[0, TRAVEL], limited=True, damping=8, frictionloss=1,
    armature=0.01,
  )  # fmt: skip
  depth, width, wall = _INNER
  front = _DEPTH / 2 + 0.002  # the front panel closes flush with the shell
  look = {'role': parts.FURNITURE, 'rgba': table_top.PALE}
  panels = {
    'bottom': ((depth, width, _WALL / 2), (0, 0, -_WALL / 2)),
    'left': ((depth, _WALL / 2, wall), (0, width, wall)),
    'right': ((depth, _WALL / 2, wall), (0, -width, wall)),
    'back': ((_WALL / 2, width, wall), (-depth, 0, wall)),
  }
  for side, (half, position) in panels.items():
    parts.box(drawer, f'{name}/{side}', half, position, mass=0.1, **look)
  parts.box(
    drawer, f'{name}/front', (0.008, _WIDTH / 2 - 0.002, _PITCH / 2 - 0.004),
    (front, 0, _PITCH / 2 - 2 * _WALL), role=parts.FURNITURE,
    rgba=_FRONTS[name.split()[0]], mass=0.3,
  )  # fmt: skip
  _add_handle(drawer, f'{name} handle', front + 0.008)


def _add_handle(drawer: parts.Body, name: str, surface: float) -> None:
  handle = drawer.add_body(name=name, pos=[surface, 0, _PITCH / 2 - 0.012])
  out, half = 0.045, 0.055
  steel = {
    'role': parts.FURNITURE, 'rgba': _STEEL, 'mass': 0.02, 'condim': 4,
    'friction': [1.0, 0.01, 0.0005], 'solref': [0.01, 1],
  }  # fmt: skip
  parts.capsule(
    handle, f'{name}/bar', (out, -half, 0), (out, half, 0), 0.009, **steel
  )
  for side, y in (('left', half), ('right', -half)):
    parts.capsule(
      handle, f'{name}/{side}', (0, y, 0), (out, y, 0), 0.006, **steel
    )


def _vocabulary(
  spec: mujoco.MjSpec, arm: robot.RobotSpec
) -> vocabulary.Vocabulary:
  links = [
    vocabulary.Link(
      kind.name, kind.name, table_top.geoms_of(spec, kind.name), 'object'
    )
    for kind in objects.DRAWER_OBJECTS
  ]
  links.append(
    vocabulary.Link(
      'cabinet', 'cabinet', table_top.geoms_of(spec, 'cabinet'), 'furniture'
    )
  )
  drawers = [f'{level} drawer' for level in reversed(LEVELS)]
  for name in drawers:
    handle = f'{name} handle'
    links += [
      vocabulary.Link(
        name, name, table_top.geoms_of(spec, name), 'part', name, 'cabinet'
      ),
      vocabulary.Link(
        handle, handle, table_top.geoms_of(spec, handle), 'part', name, name
      ),
    ]
  links += [*table_top.support_links(), *table_top.finger_links(arm)]
  ranges = ((0.0, TRAVEL),) * len(drawers)
  return vocabulary.Vocabulary(tuple(links), tuple(drawers), ranges)


def _tasks(words: vocabulary.Vocabulary) -> tuple[scene.Task, ...]:
  return tuple(
    scene.Task(
      f'move the {kind.name} into the {level} drawer',
      functools.partial(
        in_closed_drawer, words, thing=kind.name, drawer=f'{level} drawer'
      ),
    )
    for kind in objects.DRAWER_OBJECTS
    for level in reversed(LEVELS)
  )


def in_closed_drawer(
  words: vocabulary.Vocabulary, state: Any, *, thing: str, drawer: str
) -> bool:
  """The ground truth: the object lies in the drawer and the drawer is shut.

  Judged in the drawer's own frame, on the object's origin, so that it shares
  no arithmetic with the predicates that language models write. Shut means
  within a fifth of the travel of closed, the paper's rule.
  """
  local = table_top.local_position(words, state, thing, frame=drawer)
  depth, width, _ = _INNER
  inside = abs(local[0]) < depth and abs(local[1]) < width
  inside = inside and 0 < local[2] < _PITCH
  shut = state.joint_position[words.joint_index(drawer)] < 0.2 * TRAVEL
  return bool(inside and shut)


def sample(
  this: scene.Scene, rng: np.random.Generator
) -> world_state.WorldState:
  """Draws object poses, the cabinet's pose and the arm's start."""
  rest = this.rest
  qpos = rest.qpos.copy()
  wide = this.variation == 'wide'
  for kind, (x, y, yaw) in zip(
    objects.DRAWER_OBJECTS, _places(rng, wide=wide), strict=True
  ):
    start = this.free_qpos(kind.name)
    qpos[start : start + 3] = (x, y, kind.height + 0.001)
    qpos[start + 3 : start + 7] = parts.rotation_z(yaw)
  arm = np.array(table_top.arm_start(this, rng))
  qpos[this.arm_qpos] = arm
  shift = rng.uniform(-1, 1, 2) * CABINET_SHIFT * wide
  yaw = -np.pi / 2 + rng.uniform(-1, 1) * CABINET_YAW * wide
  return world_state.WorldState(
    qpos=qpos,
    qvel=rest.qvel.copy(),
    mocap_pos=np.array([[*np.add(CABINET_PLACE, shift), 0.0]]),
    mocap_quat=np.array([parts.rotation_z(yaw)]),
    arm_target=arm,
    gripper_target=this.robot.stroke,
  )


def _places(
  rng: np.random.Generator, *, wide: bool
) -> list[tuple[float, float, float]]:
  """x, y and yaw of each object."""
  if not wide:
    shifts = rng.uniform(-1, 1, (len(PAPER_PLACES), 2)) * PAPER_SHIFT
    return [(float(x), float(y), 0.0) for x, y in PAPER_PLACES + shifts]
  places = []
  for place in rng.permutation(len(OBJECT_PLACES)):
    x, y = np.add(OBJECT_PLACES[place], rng.uniform(-1, 1, 2) * OBJECT_SHIFT)
    places.append((float(x), float(y), rng.uniform(-np.pi, np.pi)))
  return places
