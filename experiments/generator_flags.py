"""The flags that say how the generator works, shared by several programs."""

from typing import Any, cast

from absl import flags

from experiments import language_flags
from sdd.collection import walk
from sdd.planning import motion
from sdd.scenes import registry
from sdd.scenes import scene as scene_lib

_RETRY = flags.DEFINE_enum(
  'retry', 'inferred', walk.RETRY,
  "the generator's: verify and retry, or none: every skill once, unseen",
)  # fmt: skip
_PRIMITIVES = flags.DEFINE_enum(
  'primitives', '6dof', motion.PRIMITIVES,
  "the generator's: 6dof, or planar, the tool always pointing down",
)  # fmt: skip
_VARIATION = flags.DEFINE_enum(
  'variation', 'wide', scene_lib.VARIATIONS,
  'how much initial worlds vary: wide, or as little as in the paper',
)  # fmt: skip
LLM = language_flags.LLM
flags.adopt_module_key_flags(language_flags)


def retry() -> walk.Retry:
  """What the generator does about failures."""
  return cast(walk.Retry, _RETRY.value)


def primitives() -> motion.Primitives:
  """Which motions its planner draws."""
  return cast(motion.Primitives, _PRIMITIVES.value)


def settings() -> dict[str, Any]:
  """The generator's settings, to be kept with what it made."""
  return {
    'retry': retry(),
    'primitives': primitives(),
    **language_flags.settings(),
  }


def scene(name: str) -> scene_lib.Scene:
  """The scene of that name, in the variation asked for.

  Raises:
    errors.UnknownNameError: there is no such scene.
  """
  return registry.load(name, cast(scene_lib.Variation, _VARIATION.value))
