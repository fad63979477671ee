"""Where a scene's latches are in a model's arrays."""

import dataclasses

from sdd.scenes import latch
from sdd.scenes import scene as scene_lib


@dataclasses.dataclass(frozen=True)
class Address:
  """One latch, its constraint, and where its two joints are in `qpos`."""

  latch: latch.Latch
  equality: int
  button: int
  arm: int


def addresses(scene: scene_lib.Scene) -> tuple[Address, ...]:
  """Resolves the names of a scene's latches once."""
  model = scene.model
  return tuple(
    Address(
      latch=each,
      equality=int(model.equality(each.equality).id),
      button=int(model.joint(each.button).qposadr[0]),
      arm=int(model.joint(each.arm).qposadr[0]),
    )
    for each in scene.latches
  )
