"""The scenes by name."""

import dataclasses
import functools
from collections.abc import Callable

from sdd import errors
from sdd.scenes import balance, catapult, drawer, mailbox, scene, transport

SCENES: dict[str, Callable[[], scene.Scene]] = {
  'balance': balance.load,
  'catapult': catapult.load,
  'drawer': drawer.load,
  'mailbox': mailbox.load,
  'transport': transport.load,
  'transport_test': transport.load_test,
}


def load(name: str, variation: scene.Variation = 'wide') -> scene.Scene:
  """The scene of that name, built once a process.

  Args:
    name: of the scene.
    variation: how much its initial worlds vary.

  Raises:
    errors.UnknownNameError: there is no such scene or variation.
  """
  if name not in SCENES:
    raise errors.UnknownNameError('scene', name, SCENES)
  if variation not in scene.VARIATIONS:
    raise errors.UnknownNameError('variation', variation, scene.VARIATIONS)
  return _load(name, variation)


@functools.cache
def _load(name: str, variation: scene.Variation) -> scene.Scene:
  if variation == 'wide':
    return SCENES[name]()
  return dataclasses.replace(SCENES[name](), variation=variation)
