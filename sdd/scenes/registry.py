"""The scenes by name."""

from collections.abc import Callable

from sdd import errors
from sdd.scenes import drawer, scene

SCENES: dict[str, Callable[[], scene.Scene]] = {'drawer': drawer.load}


def load(name: str) -> scene.Scene:
  """The scene of that name, built once a process.

  Raises:
    errors.UnknownNameError: there is none.
  """
  if name not in SCENES:
    raise errors.UnknownNameError('scene', name, SCENES)
  return SCENES[name]()
