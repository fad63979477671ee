"""Transport: move a toy of any shape, lying any way, from one bin to another.

Tests grasping: every episode has another toy in another pose (paper, section
4: 22 toys to train on, 8 that are never trained on). The numbers:

- The bins' walls lean outwards, are slippery and 0.07 m high: what is dropped
  slides off them to the flat bottom, 0.23 m wide, and the hand, 0.15 m wide,
  stays above them while the fingers reach down to the bottom.
- Paper variation: each bin's y is 0.22 to 0.24 m from the middle and its yaw
  within 0.1 rad; the toy falls from 0.2 to 0.3 m above the table, within
  0.1 m of the right bin's middle, in an orientation uniform over all. It is
  drawn again if it does not end up in the bin.
- Wide: bins stand within 3 cm in x and 2.5 cm in y of their place, turned by
  up to 15 degrees. The toy falls as in the paper.

The worlds begin when the toy has come to rest.
"""

import functools
from typing import Any

import mujoco
import numpy as np

from sdd import errors
from sdd.scenes import (
  parts,
  robot,
  scene,
  table_top,
  toys,
  toys_training,
  toys_unseen,
  vocabulary,
  world_state,
)

TASK = 'move the toy into the left bin'
TIME_LIMIT = 100.0
BINS = {'left bin': (0.47, 0.23), 'right bin': (0.47, -0.23)}  # x, y
SHIFT = {'wide': (0.03, 0.025), 'paper': (0.0, 0.01)}  # metres, x and y
YAW = {'wide': np.radians(15), 'paper': 0.1}
DROP_SHIFT = 0.10  # metres from the bin's middle, along its sides
DROP_HEIGHT = (0.20, 0.30)  # above the table
BOTTOM, WALL = 0.115, 0.07  # half width of the bottom, height of the walls
LEAN = np.radians(20)  # of the walls, outwards

_THICK = 0.006
_LEVEL = _THICK + 0.002  # of the inside bottom above the table
_SLIPPERY = {'friction': [0.3, 0.005, 0.0001], 'priority': 1, 'condim': 4}
_COLOURS = {
  'left bin': (0.36, 0.56, 0.50, 1), 'right bin': (0.44, 0.48, 0.62, 1),
}  # fmt: skip
_DRAWS = 30
_STILL = 0.001  # metres


@functools.cache
def load(arm: robot.RobotSpec) -> scene.Scene:
  """Builds the transport scene: 22 toys, one a world."""
  return _build('transport', toys_training.TOYS, arm)


@functools.cache
def load_test(arm: robot.RobotSpec) -> scene.Scene:
  """The same with 8 toys that training never sees."""
  return _build('transport_test', toys_unseen.TOYS, arm)


def _build(
  name: str, kinds: tuple[toys.Toy, ...], arm: robot.RobotSpec
) -> scene.Scene:
  specs = [_spec(name, toy, arm) for toy in kinds]
  texts = tuple(spec.to_xml() for spec in specs)
  words = _vocabulary(specs[0], arm)
  truth = functools.partial(in_bin, words, thing='toy', container='left bin')
  return scene.Scene(
    name=name,
    robot=arm,
    mjcf=texts[0],
    vocabulary=words,
    tasks=(scene.Task(TASK, truth),),
    time_limit=TIME_LIMIT,
    sample=sample,
    shapes=texts,
  )


def _spec(name: str, toy: toys.Toy, arm: robot.RobotSpec) -> mujoco.MjSpec:
  spec = table_top.make(name)
  table_top.add_surroundings(spec)
  arm.add_to(spec)
  for container, place in BINS.items():
    _add_bin(spec, container, place)
  toys.add_toy(spec, toy)
  spec.compile()
  return spec


def _add_bin(
  spec: mujoco.MjSpec, name: str, place: tuple[float, float]
) -> None:
  """A bin; a mocap body whose frame sits in the middle of its bottom."""
  body = spec.worldbody.add_body(name=name, mocap=True, pos=[*place, _LEVEL])
  look = {'role': parts.FURNITURE, 'rgba': _COLOURS[name]}
  parts.box(
    body, f'{name}/bottom', (BOTTOM, BOTTOM, _THICK / 2), (0, 0, -_THICK / 2),
    friction=[1.0, 0.01, 0.0005], **look,
  )  # fmt: skip
  half = WALL / 2 / np.cos(LEAN)
  outwards = np.array([np.cos(LEAN), 0, -np.sin(LEAN)])
  upwards = np.array([np.sin(LEAN), 0, np.cos(LEAN)])
  middle = [BOTTOM, 0, 0] + half * upwards + _THICK / 2 * outwards
  leaning = np.array([np.cos(LEAN / 2), 0, np.sin(LEAN / 2), 0])
  for k, side in enumerate(('front', 'left', 'back', 'right')):
    turn = np.array(parts.rotation_z(k * np.pi / 2))
    position, quaternion = np.zeros(3), np.zeros(4)
    mujoco.mju_rotVecQuat(position, middle, turn)
    mujoco.mju_mulQuat(quaternion, turn, leaning)
    parts.box(
      body, f'{name}/{side}', (_THICK / 2, BOTTOM + WALL * np.tan(LEAN), half),
      position, quaternion=quaternion, **look, **_SLIPPERY,
    )  # fmt: skip


def _vocabulary(
  spec: mujoco.MjSpec, arm: robot.RobotSpec
) -> vocabulary.Vocabulary:
  links = [
    vocabulary.Link('toy', 'toy', table_top.geoms_of(spec, 'toy'), 'object')
  ]
  links += [
    vocabulary.Link(name, name, table_top.geoms_of(spec, name), 'furniture')
    for name in BINS
  ]
  links += [*table_top.support_links(), *table_top.finger_links(arm)]
  return vocabulary.Vocabulary(tuple(links), (), ())


def in_bin(
  words: vocabulary.Vocabulary, state: Any, *, thing: str, container: str
) -> bool:
  """The ground truth: the object's origin is within the bin.

  Judged in the bin's own frame, between its leaning walls and beneath their
  upper edge, so that it shares no arithmetic with the predicates that
  language models write.
  """
  local = table_top.local_position(words, state, thing, frame=container)
  reach = BOTTOM + local[2] * np.tan(LEAN)
  between = abs(local[0]) < reach and abs(local[1]) < reach
  return bool(between and 0 < local[2] < WALL)


def sample(
  this: scene.Scene, rng: np.random.Generator
) -> world_state.WorldState:
  """Draws a toy, the bins' poses, how the toy lies, and the arm's start.

  Raises:
    errors.SddError: the toy never comes to rest in the right bin.
  """
  rest = this.rest
  shape = int(rng.integers(max(1, len(this.shapes))))
  position, quaternion = _bin_poses(this.variation, rng)
  arm = np.array(table_top.arm_start(this, rng))
  for _ in range(_DRAWS):
    qpos = rest.qpos.copy()
    qpos[this.arm_qpos] = arm
    start = this.free_qpos('toy')
    qpos[start : start + 7] = _drop(position[1], quaternion[1], rng)
    world = world_state.WorldState(
      qpos=qpos,
      qvel=rest.qvel.copy(),
      mocap_pos=position,
      mocap_quat=quaternion,
      arm_target=arm,
      gripper_target=this.robot.stroke,
      shape=shape,
    )
    world = table_top.settled(this, world)
    later = table_top.settled(this, world, seconds=1.0)
    # What was slow for a moment may have been about to tip over.
    moved = np.linalg.norm(np.subtract(later.qpos, world.qpos)[start:][:3])
    lies = _lies_in(later.qpos[start:][:3], position[1], quaternion[1])
    if lies and moved < _STILL:
      return later
  raise errors.SddError(
    f'In {_DRAWS} draws the toy of shape {shape} never stayed in the bin.'
  )


def _bin_poses(
  variation: scene.Variation, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
  places = np.array(list(BINS.values()))
  shift = rng.uniform(-1, 1, places.shape) * SHIFT[variation]
  yaws = rng.uniform(-1, 1, len(places)) * YAW[variation]
  position = np.column_stack([places + shift, np.full(len(places), _LEVEL)])
  return position, np.array([parts.rotation_z(yaw) for yaw in yaws])


def _drop(
  position: np.ndarray, quaternion: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
  """A pose above a bin; four normal numbers give any rotation alike."""
  across, offset = rng.uniform(-1, 1, 2) * DROP_SHIFT, np.zeros(3)
  mujoco.mju_rotVecQuat(offset, np.array([*across, 0.0]), quaternion)
  turned = rng.normal(size=4)
  height = rng.uniform(*DROP_HEIGHT)
  place = position[:2] + offset[:2]
  return np.array([*place, height, *(turned / np.linalg.norm(turned))])


def _lies_in(
  point: np.ndarray, position: np.ndarray, quaternion: np.ndarray
) -> bool:
  """Whether a point is over the bottom of a bin and below its edge."""
  inverse, local = np.zeros(4), np.zeros(3)
  mujoco.mju_negQuat(inverse, quaternion)
  mujoco.mju_rotVecQuat(local, point - position, inverse)
  return bool(np.all(np.abs(local[:2]) < BOTTOM) and 0 < local[2] < WALL)
