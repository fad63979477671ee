"""Success code as ordinary Python, over one scene state at a time.

The functions of `PROGRAMS` run as they stand, with the checks below; their
text is what the predicate language compiles. `look_at` says which scene the
names are of.
"""

import dataclasses
import inspect
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from sdd.predicates import atoms
from sdd.scenes import vocabulary as vocabulary_lib
from sdd.simulation import scene_state


@dataclasses.dataclass
class _Names:
  """Where links are in a scene state."""

  index: dict[str, int] = dataclasses.field(default_factory=dict)
  parts: dict[str, list[int]] = dataclasses.field(default_factory=dict)
  joint: dict[str, tuple[int, float, float]] = dataclasses.field(
    default_factory=dict
  )
  fingers: tuple[int, int] = (0, 0)


_names = _Names()
State = scene_state.SceneState


def look_at(vocabulary: vocabulary_lib.Vocabulary) -> None:
  """From now on names are those of `vocabulary`, spelt as it does."""
  names = vocabulary.names
  _names.index = {name: vocabulary.index(name) for name in names}
  _names.parts = {name: vocabulary.parts_of(name).tolist() for name in names}
  _names.joint = {
    name: (axis, *vocabulary.ranges[axis].tolist())
    for name in names
    if vocabulary.find(name).joint
    for axis in [vocabulary.joint_index(name)]
  }
  _names.fingers = vocabulary.fingers


def get_pose(state: State, name: str) -> types.SimpleNamespace:
  index = _names.index[name]
  return types.SimpleNamespace(
    position=state.link_position[index],
    orientation=state.link_quaternion[index],
  )


def get_joint_position(state: State, name: str) -> float:
  return float(state.joint_position[_names.joint[name][0]])


def get_distance(state: State, a: str, b: str) -> float:
  apart = get_pose(state, a).position - get_pose(state, b).position
  return float(np.linalg.norm(apart))


def gripper_command(state: State) -> float:
  return float(state.gripper_command)


def check_contact(state: State, a: str, b: str) -> bool:
  return _touch(state, _names.parts[a], _names.parts[b])


def check_grasped(state: State, name: str) -> bool:
  parts = _names.parts[name]
  return all(_touch(state, [finger], parts) for finger in _names.fingers)


def check_on_top_of(state: State, top: str, bottom: str) -> bool:
  i, j = _names.index[bottom], _names.index[top]
  return bool(state.contact[i, j]) and bool(
    state.contact_normal[i, j, 2] > atoms.UPWARD
  )


def check_inside(state: State, containee: str, container: str) -> bool:
  inner = state.link_bounds[_names.index[containee]]
  outer = state.link_bounds[_names.index[container]]
  lower = np.maximum(inner[0], outer[0])
  upper = np.minimum(inner[1], outer[1])
  share = np.maximum(upper - lower, 0.0) / (inner[1] - inner[0])
  return bool(np.prod(share) > atoms.INSIDE_THRESHOLD)


def check_closed(state: State, name: str) -> bool:
  axis, lower, upper = _names.joint[name]
  limit = lower + atoms.JOINT_TOLERANCE * (upper - lower)
  return bool(state.joint_position[axis] <= limit)


def is_upright(state: State, name: str) -> bool:
  w, x, y, z = get_pose(state, name).orientation.tolist()
  tilt = (x * x + y * y) / (w * w + x * x + y * y + z * z)
  return 1 - 2 * tilt >= math.cos(atoms.UPRIGHT_ANGLE)


def _touch(state: State, first: list[int], second: list[int]) -> bool:
  return bool(state.contact[np.ix_(first, second)].any())


def put_away(init_state: State, final_state: State) -> bool:
  # The crayon box has to be in the top drawer, and the drawer closed again.
  inside = check_inside(final_state, 'crayon box', 'top drawer')
  closed = check_closed(final_state, 'top drawer')
  return inside and closed


def in_the_bin(init_state: State, final_state: State) -> bool:
  inside = check_inside(final_state, 'toy', 'left bin')
  released = not check_grasped(final_state, 'toy')
  return inside and released


def picked_up(init_state: State, final_state: State) -> bool:
  return check_grasped(final_state, 'crayon box')


def tidy(init_state: State, final_state: State):
  """Everything stands, apart from each other, about where it was."""
  names = ['vitamin bottle', 'purple pencilcase', 'crayon box', 'horse toy']
  standing = 0
  moved = 0.0
  for i, name in enumerate(names):
    before = get_pose(init_state, name).position
    now = get_pose(final_state, name).position
    way = float(np.linalg.norm(now[:2] - before[:2]))
    moved += way
    if way > 0.05 and now[0] - before[0] < -0.5 * way:
      return False  # pulled towards the robot
    if is_upright(final_state, name):
      standing += 1
    for other in names[i + 1 :]:
      if check_contact(final_state, name, other):
        return False
      if get_distance(final_state, name, other) < 0.06:
        return False
  opened = sum(
    get_joint_position(final_state, f'{level} drawer') ** 2
    for level in ['top', 'middle', 'bottom']
  )
  return standing >= 3 and moved / len(names) < 0.03 and math.sqrt(opened) < 0.1


@dataclasses.dataclass(frozen=True)
class Program:
  """One function, and the scene that it speaks of."""

  label: str
  scene: str
  function: Callable[[State, State], Any]

  @property
  def source(self) -> str:
    return inspect.getsource(self.function)


PROGRAMS = (
  Program('put into a drawer that is closed again', 'drawer', put_away),
  Program('let go of in a bin', 'transport', in_the_bin),
  Program('grasped', 'drawer', picked_up),
  Program('loops and arithmetic over four objects', 'drawer', tidy),
)
