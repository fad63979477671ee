"""The flags that say how the generator works, shared by several programs."""

from __future__ import annotations

from typing import Any, cast

from absl import flags
from etils import epy

from experiments import language_flags

with epy.lazy_imports():
  from sdd.collection import walk
  from sdd.planning import motion
  from sdd.scenes import address, physics_variation, registry, robots
  from sdd.scenes import scene as scene_lib

_RETRY = flags.DEFINE_enum(
  'retry', 'inferred', ['inferred', 'none'],
  "the generator's: verify and retry, or none: every skill once, unseen",
)  # fmt: skip
_PRIMITIVES = flags.DEFINE_enum(
  'primitives', '6dof', ['6dof', 'planar'],
  "the generator's: 6dof, or planar, the tool always pointing down",
)  # fmt: skip
_VARIATION = flags.DEFINE_enum(
  'variation', 'wide', ['wide', 'paper'],
  'how much initial worlds vary: wide, or as little as in the paper',
)  # fmt: skip
_PHYSICS = flags.DEFINE_float(
  'randomise_physics', 0.0,
  'how much mass, friction, damping, servo gains, joint offset and latency '
  'vary: 0, not at all; 1, as in sdd/scenes/physics_variation.py; between or '
  'beyond, that many times as much', lower_bound=0.0,
)  # fmt: skip
_PUSH = flags.DEFINE_float(
  'push', 0.0,
  'metres by which the robot is pushed off its way now and then, at most, '
  'see sdd/simulation/pushes.py', lower_bound=0.0,
)  # fmt: skip
_ROBOT = flags.DEFINE_string(
  'robot', None,
  'who acts: ur5e, panda, or a robot file; by default ur5e',
)  # fmt: skip
_GRIPPER = flags.DEFINE_string(
  'gripper', None,
  "the robot's: wide, hand; by default its own",
)  # fmt: skip
_TABLE = flags.DEFINE_boolean(
  'table', None, 'put a table under a scene of your own; by default what its '
  'YAML says, and else yes',
)  # fmt: skip
_CAMERAS = flags.DEFINE_list(
  'cameras', None, 'which cameras a scene of your own is given: front, top, '
  'wrist, or none; by default all',
)  # fmt: skip
LLM = language_flags.LLM
flags.adopt_module_key_flags(language_flags)


def retry() -> walk.Retry:
  """What the generator does about failures."""
  return cast(walk.Retry, _RETRY.value)


def primitives() -> motion.Primitives:
  """Which motions its planner draws."""
  return cast(motion.Primitives, _PRIMITIVES.value)


def physics() -> physics_variation.Physics | None:
  """The ranges that physics are drawn from; None for the scene's own."""
  return physics_variation.of_strength(_PHYSICS.value, _PUSH.value)


def world_settings() -> dict[str, Any]:
  """What makes worlds differ, beside the variation, for any policy."""
  return {flag.name: flag.value for flag in (_PHYSICS, _PUSH) if flag.value}


def robot() -> str | None:
  """The robot's canonical name; None where none was asked for.

  Raises:
    errors.UnknownNameError: there is no such robot or gripper.
    errors.SddError: the robot file is bad.
  """
  if _ROBOT.value is None and _GRIPPER.value is None:
    return None
  name = _ROBOT.value or robots.DEFAULT.name
  if _GRIPPER.value is not None:
    name = f'{name}+{_GRIPPER.value}'
  return robots.find(name).name


def settings() -> dict[str, Any]:
  """The generator's settings, to be kept with what it made."""
  chosen = robot()
  other = chosen not in (None, robots.DEFAULT.name)
  return {
    **({'robot': chosen} if other else {}),
    'retry': retry(),
    'primitives': primitives(),
    **world_settings(),
    **language_flags.settings(),
  }


def scene(name: str) -> scene_lib.Scene:
  """The scene of that name, with the robot and in the variation asked for.

  Raises:
    errors.UnknownNameError: there is no such scene, robot or gripper.
    errors.SddError: name and flag say two robots, or the robot file is bad.
  """
  variation = cast(scene_lib.Variation, _VARIATION.value)
  return registry.load(where(name), variation)


def where(name: str) -> str:
  """The address of that scene with all that the flags say."""
  cameras = None
  if _CAMERAS.value is not None:
    cameras = address.cameras('+'.join(_CAMERAS.value) or 'none')
  return address.join(name, robot(), table=_TABLE.value, cameras=cameras)
