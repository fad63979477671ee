"""The four graspable things of the drawer domain.

Each has a shape of its own: a standing prism with a cap, a long rounded bar,
a flat open box with its content sticking out, and a four-legged figure. Each
is thinner than the gripper's stroke in at least one direction and low enough
to fit under the drawer above.
"""

import dataclasses
from collections.abc import Callable

import mujoco
import numpy as np

from sdd.scenes import parts


@dataclasses.dataclass(frozen=True)
class ObjectKind:
  """An object's name, how to build it, and how it rests.

  Attributes:
    name: its name in language.
    build: adds its geoms to a body.
    height: of the body origin above the surface it rests on, metres.
    radius: of the circle about the origin that holds its footprint, metres.
  """

  name: str
  build: Callable[[parts.Body, str], None]
  height: float
  radius: float


def _bottle(body: parts.Body, name: str) -> None:
  amber, white = (0.85, 0.45, 0.10, 1), (0.95, 0.95, 0.92, 1)
  half = (0.024, 0.024, 0.034)
  parts.box(
    body, f'{name}/side', half, (0, 0, -0.008), role=parts.OBJECT, rgba=amber,
    mass=0.12, **parts.GRIPPED,
  )  # fmt: skip
  parts.box(
    body, f'{name}/turned side', half, (0, 0, -0.008), role=parts.LOOKS,
    rgba=amber, quaternion=parts.rotation_z(np.pi / 4),
  )  # fmt: skip
  parts.capsule(
    body, f'{name}/cap', (0, 0, 0.024), (0, 0, 0.031), 0.017,
    role=parts.OBJECT, rgba=white, mass=0.01, **parts.GRIPPED,
  )  # fmt: skip


def _pencilcase(body: parts.Body, name: str) -> None:
  purple, zip_grey = (0.50, 0.20, 0.65, 1), (0.80, 0.75, 0.85, 1)
  parts.box(
    body, f'{name}/middle', (0.075, 0.012, 0.020), (0, 0, 0),
    role=parts.OBJECT, rgba=purple, mass=0.08, **parts.GRIPPED,
  )  # fmt: skip
  for side, y in (('left', 0.013), ('right', -0.013)):
    parts.capsule(
      body, f'{name}/{side}', (-0.068, y, 0), (0.068, y, 0), 0.020,
      role=parts.OBJECT, rgba=purple, mass=0.03, **parts.GRIPPED,
    )  # fmt: skip
  parts.box(
    body, f'{name}/zip', (0.065, 0.002, 0.001), (0, 0, 0.0205),
    role=parts.LOOKS, rgba=zip_grey,
  )  # fmt: skip


def _crayon_box(body: parts.Body, name: str) -> None:
  parts.box(
    body, f'{name}/carton', (0.042, 0.031, 0.014), (0, 0, 0),
    role=parts.OBJECT, rgba=(0.95, 0.80, 0.10, 1), mass=0.10, **parts.GRIPPED,
  )  # fmt: skip
  colours = ((0.9, 0.1, 0.1), (0.1, 0.6, 0.2), (0.1, 0.3, 0.9), (0.9, 0.4, 0.7))
  for index, colour in enumerate(colours):
    y = -0.0225 + 0.015 * index
    parts.capsule(
      body, f'{name}/crayon {index}', (0.036, y, 0.002), (0.050, y, 0.002),
      0.006, role=parts.OBJECT if index in (0, 3) else parts.LOOKS,
      rgba=(*colour, 1), mass=0.005, **parts.GRIPPED,
    )  # fmt: skip


def _horse(body: parts.Body, name: str) -> None:
  brown, mane = (0.55, 0.33, 0.18, 1), (0.25, 0.15, 0.08, 1)
  parts.capsule(
    body, f'{name}/trunk', (-0.030, 0, 0), (0.030, 0, 0), 0.020,
    role=parts.OBJECT, rgba=brown, mass=0.07, **parts.GRIPPED,
  )  # fmt: skip
  for index, (x, y) in enumerate(
    ((0.03, 0.012), (0.03, -0.012), (-0.03, 0.012), (-0.03, -0.012))
  ):
    parts.capsule(
      body, f'{name}/leg {index}', (x, y, -0.012), (x, y, -0.037), 0.008,
      role=parts.OBJECT, rgba=brown, mass=0.01, **parts.GRIPPED,
    )  # fmt: skip
  parts.capsule(
    body, f'{name}/neck', (0.036, 0, 0.008), (0.050, 0, 0.036), 0.012,
    role=parts.OBJECT, rgba=mane, mass=0.01, **parts.GRIPPED,
  )  # fmt: skip
  parts.capsule(
    body, f'{name}/head', (0.050, 0, 0.038), (0.068, 0, 0.030), 0.011,
    role=parts.OBJECT, rgba=brown, mass=0.01, **parts.GRIPPED,
  )  # fmt: skip


DRAWER_OBJECTS = (
  ObjectKind('vitamin bottle', _bottle, 0.042, 0.034),
  ObjectKind('purple pencilcase', _pencilcase, 0.020, 0.090),
  ObjectKind('crayon box', _crayon_box, 0.014, 0.065),
  ObjectKind('horse toy', _horse, 0.045, 0.080),
)


def add_object(spec: mujoco.MjSpec, kind: ObjectKind) -> None:
  """Adds one free body named after the object, at the origin."""
  body = spec.worldbody.add_body(name=kind.name)
  body.add_freejoint(name=kind.name)
  kind.build(body, kind.name)
