"""Balance: a toy bus onto a block that is smaller than it.

Tests precision and intuitive physics: the middle of the bus must come to rest
over a block a quarter of its length, from whatever side the bus fell on
(paper, section 4). The numbers:

- Bus 160 x 56 x 66 mm, 0.22 kg: with two of its sides narrower than the
  gripper opens, it can be grasped however it lies.
- Block edge 40 mm on a stand, its middle 67 mm above the table. With its
  middle up to half an edge beside the block's the bus stays.
- The bus is dropped from 0.1 m, turned in any way, all rotations being
  equally likely, and has come to rest when the episode begins. It is dropped
  again where it fell off the table or against the stand.
- Wide variation: the drop +-6 cm in x and y; the block +-6 cm in x and y, any
  yaw, edge 35 to 60 mm, its middle 0.07 to 0.15 m high; the bus 0.85 to 1.1
  times as large. Sizes and heights are the scene's shapes. Paper: nothing but
  how the bus is turned.
"""

import dataclasses
import functools
import itertools
from typing import Any

import mujoco
import numpy as np

from sdd import errors
from sdd.scenes import (
  parts,
  robot,
  scene,
  table_top,
  vocabulary,
  world_state,
)

TASK = 'balance the bus on the block'
TIME_LIMIT = 100.0
DROP_PLACE = (0.40, 0.0, 0.10)
BLOCK_PLACE = (0.40, 0.30)
DROP_SHIFT = BLOCK_SHIFT = 0.06

_LEVEL = 0.99  # least z of the mean contact normal, the paper's rule
_DROPS = 50
_KEPT_CLEAR = 0.01  # metres from the table's edge that the bus has fallen
_CENTRE = np.array([-0.0048, 0.0, 0.0317])  # of mass, from under the middle
_YELLOW, _BLACK = (0.96, 0.72, 0.08, 1), (0.10, 0.10, 0.11, 1)
_GLASS, _LAMP = (0.16, 0.24, 0.34, 1), (0.98, 0.97, 0.85, 1)
_RED, _STEEL = (0.82, 0.12, 0.10, 1), (0.55, 0.56, 0.58, 1)


@dataclasses.dataclass(frozen=True)
class Shape:
  """Sizes of what is in the scene.

  Attributes:
    scale: of the bus.
    edge: of the block, metres.
    height: of the block's middle above the table, metres.
  """

  scale: float
  edge: float
  height: float


PAPER_SHAPE = Shape(1.0, 0.040, 0.067)
_HEIGHTS = (0.07, 0.11, 0.15)
# Every scale with every edge, and each of them with every height once.
WIDE_SHAPES = tuple(
  Shape(scale, edge, _HEIGHTS[(i + j) % 3])
  for (i, scale), (j, edge) in itertools.product(
    enumerate((0.85, 0.97, 1.1)), enumerate((0.035, 0.045, 0.060))
  )
)


@functools.cache
def load(arm: robot.RobotSpec) -> scene.Scene:
  """Builds the balance scene."""
  specs = [_spec(shape, arm) for shape in (PAPER_SHAPE, *WIDE_SHAPES)]
  texts = tuple(spec.to_xml() for spec in specs)
  words = _vocabulary(specs[0], arm)
  return scene.Scene(
    name='balance',
    robot=arm,
    mjcf=texts[0],
    vocabulary=words,
    tasks=(scene.Task(TASK, functools.partial(balanced, words)),),
    time_limit=TIME_LIMIT,
    sample=sample,
    shapes=texts,
  )


def _spec(shape: Shape, arm: robot.RobotSpec) -> mujoco.MjSpec:
  spec = table_top.make('balance')
  table_top.add_surroundings(spec)
  arm.add_to(spec)
  _add_stand(spec, shape)
  _add_bus(spec, shape.scale)
  spec.compile()
  return spec


def _add_stand(spec: mujoco.MjSpec, shape: Shape) -> None:
  """Foot, post and block; a mocap body, its origin on the table's level."""
  stand = spec.worldbody.add_body(
    name='stand', mocap=True, pos=[*BLOCK_PLACE, 0]
  )
  half = shape.edge / 2
  post = (shape.height - half) / 2
  steel = {'role': parts.FURNITURE, 'rgba': _STEEL, **parts.GRIPPED}
  parts.box(stand, 'stand/foot', (0.04, 0.04, 0.003), (0, 0, 0.003), **steel)
  parts.box(stand, 'stand/post', (0.011, 0.011, post), (0, 0, post), **steel)
  block = stand.add_body(name='block', pos=[0, 0, shape.height])
  parts.box(
    block, 'block', (half,) * 3, (0, 0, 0), role=parts.FURNITURE, rgba=_RED,
    **parts.GRIPPED,
  )  # fmt: skip


def _add_bus(spec: mujoco.MjSpec, scale: float) -> None:
  """The bus; its frame in its centre of mass, x ahead, z through the roof."""
  bus = spec.worldbody.add_body(name='bus')
  bus.add_freejoint(name='bus')
  # Half sizes, and the middle from the ground under the middle of the bus.
  solid = {
    'cabin': ((0.0625, 0.028, 0.029), (-0.0175, 0, 0.037), 0.16, _YELLOW),
    'bonnet': ((0.0175, 0.026, 0.014), (0.0625, 0, 0.022), 0.03, _YELLOW),
  }
  for name, (half, at, mass, rgba) in solid.items():
    parts.box(
      bus, f'bus/{name}', scale * np.array(half), scale * (at - _CENTRE),
      role=parts.OBJECT, rgba=rgba, mass=mass * scale**3, **parts.GRIPPED,
    )  # fmt: skip
  for name, x in (('front axle', 0.052), ('rear axle', -0.060)):
    left, right = (np.array([x, y, 0.013]) - _CENTRE for y in (0.014, -0.014))
    parts.capsule(
      bus, f'bus/{name}', scale * left, scale * right, 0.013 * scale,
      role=parts.OBJECT, rgba=_BLACK, mass=0.015 * scale**3, **parts.GRIPPED,
    )  # fmt: skip
  _add_looks(bus, scale)


def _add_looks(bus: parts.Body, scale: float) -> None:
  """Windows, a stripe, wheels and lamps, which touch nothing."""
  boxes = {
    'windows': ((0.056, 0.0284, 0.010), (-0.0175, 0, 0.049), _GLASS),
    'windscreen': ((0.0629, 0.022, 0.011), (-0.0175, 0, 0.050), _GLASS),
    'stripe': ((0.0629, 0.0284, 0.0015), (-0.0175, 0, 0.030), _BLACK),
    'grille': ((0.0003, 0.014, 0.007), (0.0802, 0, 0.022), _BLACK),
  }
  for index, x in enumerate((-0.047, -0.0175, 0.012)):
    boxes[f'pillar {index}'] = (
      (0.0025, 0.0287, 0.0105), (x, 0, 0.049), _YELLOW
    )  # fmt: skip
  for name, (half, at, rgba) in boxes.items():
    parts.box(
      bus, f'bus/{name}', scale * np.array(half), scale * (at - _CENTRE),
      role=parts.LOOKS, rgba=rgba,
    )  # fmt: skip
  balls = {
    'left lamp': (0.079, 0.020, 0.024),
    'right lamp': (0.079, -0.02, 0.024),
  }
  for name, at in balls.items():
    parts.sphere(
      bus, f'bus/{name}', 0.0035 * scale, scale * (at - _CENTRE),
      role=parts.LOOKS, rgba=_LAMP,
    )  # fmt: skip
  for index, (x, y) in enumerate(itertools.product((-0.060, 0.052), (-1, 1))):
    at = np.array([x, 0.0175 * y, 0.013]) - _CENTRE
    parts.sphere(
      bus, f'bus/wheel {index}', 0.013 * scale, scale * at, role=parts.LOOKS,
      rgba=_BLACK,
    )  # fmt: skip


def _vocabulary(
  spec: mujoco.MjSpec, arm: robot.RobotSpec
) -> vocabulary.Vocabulary:
  links = (
    vocabulary.Link('bus', 'bus', table_top.geoms_of(spec, 'bus'), 'object'),
    vocabulary.Link(
      'stand', 'stand', table_top.geoms_of(spec, 'stand'), 'furniture'
    ),
    vocabulary.Link('block', 'block', ('block',), 'part', parent='stand'),
    *table_top.support_links(),
    *table_top.finger_links(arm),
  )
  return vocabulary.Vocabulary(links, (), ())


def balanced(words: vocabulary.Vocabulary, state: Any) -> bool:
  """The ground truth: the block alone carries the bus, level and centred.

  The paper's rule, contact with a normal within eight degrees of upwards,
  would hold for an instant of a bus that tips over or hangs in the gripper.
  Here the bus must touch nothing else, and its centre of mass must be over
  the block, where it can stay; judged in the block's own frame.
  """
  bus, block = words.index('bus'), words.index('block')
  others = [words.index('table'), words.index('stand'), *words.fingers]
  if not state.contact[bus, block] or state.contact[bus, others].any():
    return False
  local = table_top.local_position(words, state, 'bus', frame='block')
  lower, upper = state.link_bounds[block]
  half = float(upper[2] - lower[2]) / 2  # a cube that stands upright
  over = np.all(np.abs(local[:2]) < half) and local[2] > half
  return bool(over and state.contact_normal[block, bus, 2] > _LEVEL)


def sample(
  this: scene.Scene, rng: np.random.Generator
) -> world_state.WorldState:
  """Draws sizes, the stand's pose, the arm's start and how the bus lies.

  Raises:
    errors.SddError: the bus never came to rest on the table.
  """
  wide = this.variation == 'wide'
  shape = int(rng.integers(1, len(this.shapes))) if wide else 0
  block = np.add(BLOCK_PLACE, rng.uniform(-1, 1, 2) * BLOCK_SHIFT * wide)
  yaw = rng.uniform(-np.pi, np.pi) * wide
  arm = np.array(table_top.arm_start(this, rng))
  qpos = this.rest.qpos.copy()
  qpos[this.arm_qpos] = arm
  start = this.free_qpos('bus')
  for _ in range(_DROPS):
    shift = rng.uniform(-1, 1, 2) * DROP_SHIFT * wide
    qpos[start : start + 3] = np.add(DROP_PLACE, [*shift, 0.0])
    turn = rng.normal(size=4)  # an isotropic direction: a uniform rotation
    qpos[start + 3 : start + 7] = turn / np.linalg.norm(turn)
    dropped = world_state.WorldState(
      qpos=qpos.copy(),
      qvel=this.rest.qvel.copy(),
      mocap_pos=np.array([[*block, 0.0]]),
      mocap_quat=np.array([parts.rotation_z(yaw)]),
      arm_target=arm,
      gripper_target=this.robot.stroke,
      shape=shape,
    )
    world = table_top.settled(this, dropped)
    if _on_table_alone(world.qpos[start : start + 3], block):
      return world
  raise errors.SddError(f'The bus fell off the table {_DROPS} times.')


def _on_table_alone(bus: np.ndarray, block: np.ndarray) -> bool:
  """Whether the bus lies inside the table's edges and clear of the stand."""
  size = 0.1  # metres: half the diagonal of the largest bus, about
  room = np.subtract(table_top.TABLE_HALF, size / 2 + _KEPT_CLEAR)
  inside = np.abs(bus[:2] - table_top.TABLE_MIDDLE) < room
  clear = np.linalg.norm(bus[:2] - block) > size + 0.06
  return bool(inside.all() and 0 < bus[2] < 0.11 and clear)
