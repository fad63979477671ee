"""The scenes by address: a name, and the robot in it."""

import dataclasses
import functools
from collections.abc import Callable

from sdd import errors
from sdd.scenes import (
  address,
  balance,
  catapult,
  drawer,
  mailbox,
  robot,
  robots,
  scene,
  transport,
)
from sdd.scenes.own import loading

SCENES: dict[str, Callable[[robot.RobotSpec], scene.Scene]] = {
  'balance': balance.load,
  'catapult': catapult.load,
  'drawer': drawer.load,
  'mailbox': mailbox.load,
  'transport': transport.load,
  'transport_test': transport.load_test,
}


def load(name: str, variation: scene.Variation = 'wide') -> scene.Scene:
  """The scene at an address, built once a process.

  Args:
    name: `SCENE` or `SCENE@ROBOT`; see `address`.
    variation: how much its initial worlds vary.

  Raises:
    errors.UnknownNameError: there is no such scene, robot or variation.
    errors.SddError: the address is malformed, or the robot's file is bad.
  """
  found = address.resolve(name)
  if variation not in scene.VARIATIONS:
    raise errors.UnknownNameError('variation', variation, scene.VARIATIONS)
  if found.own:
    return loading.load(found, variation)
  if found.scene not in SCENES:
    raise errors.UnknownNameError('scene', found.scene, SCENES)
  return _load(found, variation)


@functools.cache
def _load(found: address.Address, variation: scene.Variation) -> scene.Scene:
  built = SCENES[found.scene](robots.find(found.robot))
  return dataclasses.replace(built, name=str(found), variation=variation)
