"""The scenes by name."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable

from sdd import errors
from sdd.scenes import balance, catapult, drawer, mailbox, scene, transport
from sdd.scenes.own import loading

SCENES: dict[str, Callable[[], scene.Scene]] = {
  'balance': balance.load,
  'catapult': catapult.load,
  'drawer': drawer.load,
  'mailbox': mailbox.load,
  'transport': transport.load,
  'transport_test': transport.load_test,
}

OWN = '.xml'  # ends the path of a user's scene


def load(name: str, variation: scene.Variation = 'wide') -> scene.Scene:
  """The scene of that name, built once a process.

  Args:
    name: of the scene.
    variation: how much its initial worlds vary.

  Raises:
    errors.UnknownNameError: there is no such scene or variation.
  """
  if name.endswith(OWN):
    return _varied(loading.load(pathlib.Path(name)), variation)
  if name not in SCENES:
    raise errors.UnknownNameError('scene', name, SCENES)
  if variation not in scene.VARIATIONS:
    raise errors.UnknownNameError('variation', variation, scene.VARIATIONS)
  return _varied(SCENES[name](), variation)


@functools.lru_cache(maxsize=64)
def _varied(this: scene.Scene, variation: scene.Variation) -> scene.Scene:
  if variation == this.variation:
    return this
  return dataclasses.replace(this, variation=variation)
