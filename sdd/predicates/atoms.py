"""The questions that success code may ask about a scene state."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, Literal

from jaxtyping import Array, Bool, Float

from sdd.predicates import reading, small_axes

INSIDE_THRESHOLD = 0.75  # Paper, Appendix B; its code used 0.25.
UPWARD = 0.9  # z of the unit contact normal, about 26 degrees from vertical
JOINT_TOLERANCE = 0.2  # of the joint's range

UPRIGHT_ANGLE = 0.35  # radians, 20 degrees

Kind = Literal['link', 'joint', 'fraction', 'angle']


@dataclasses.dataclass(frozen=True)
class Parameter:
  """One argument after the state: a link, a jointed link, or a constant.

  A `fraction` is from 0 to 1, an `angle` from 0 to pi.
  """

  name: str
  kind: Kind = 'link'
  default: float | None = None


@dataclasses.dataclass(frozen=True)
class Atom:
  """One function of the predicate language.

  Attributes:
    name: its canonical name.
    parameters: what it takes after the state.
    type: of its value.
    summary: one sentence, for prompts.
    measure: reader and arguments to the value, shape (*b,).
    aliases: further names it may be called by.
  """

  name: str
  parameters: tuple[Parameter, ...]
  type: Literal['bool', 'number']
  summary: str
  measure: Callable[..., Any]
  aliases: tuple[str, ...] = ()

  def signature(self, name: str | None = None) -> str:
    """E.g. `check_contact(state, a, b) -> bool`."""
    shown = ['state']
    for parameter in self.parameters:
      default = '' if parameter.default is None else f'={parameter.default}'
      shown.append(parameter.name + default)
    kind = 'bool' if self.type == 'bool' else 'float'
    return f'{name or self.name}({", ".join(shown)}) -> {kind}'


def contact(reader: reading.Reader, a: str, b: str) -> Bool[Array, '*b']:
  """Any part of `a` touches any part of `b`."""
  return reader.touching(a, b)


def inside(
  reader: reading.Reader, containee: str, container: str, threshold: float
) -> Bool[Array, '*b']:
  """Most of the containee's box lies in the container's.

  Boxes are axis-aligned in the world frame and around own geoms only;
  most is more than `threshold` of the volume. Unknown where either box has
  no volume.
  """
  xp = reader.xp
  inner, outer = reader.box(containee), reader.box(container)
  lower = xp.maximum(inner[..., 0, :], outer[..., 0, :])
  upper = xp.minimum(inner[..., 1, :], outer[..., 1, :])
  extent = xp.maximum(inner[..., 1, :] - inner[..., 0, :], 1e-9)
  share = xp.maximum(upper - lower, 0.0) / extent
  return small_axes.product(xp, share) > threshold


def on_top_of(
  reader: reading.Reader, top: str, bottom: str
) -> Bool[Array, '*b']:
  """The two touch, and the mean normal from `bottom` to `top` points up."""
  return reader.normal(bottom, top)[..., 2] > UPWARD


def activated(reader: reading.Reader, name: str) -> Bool[Array, '*b']:
  """The joint is within a fifth of its range of the upper limit."""
  lower, upper = reader.limits(name)
  return reader.joint(name) >= upper - JOINT_TOLERANCE * (upper - lower)


def deactivated(reader: reading.Reader, name: str) -> Bool[Array, '*b']:
  """The joint is within a fifth of its range of the lower limit."""
  lower, upper = reader.limits(name)
  return reader.joint(name) <= lower + JOINT_TOLERANCE * (upper - lower)


def grasped(reader: reading.Reader, name: str) -> Bool[Array, '*b']:
  """Both fingertips touch the link or parts of it."""
  left, right = reader.at.fingers
  return reader.finger_touches(left, name) & reader.finger_touches(right, name)


def is_upright(
  reader: reading.Reader, name: str, max_angle: float
) -> Bool[Array, '*b']:
  """The link's own z axis is within `max_angle` of straight up."""
  return reader.upright(name) >= math.cos(max_angle)


def joint_position(reader: reading.Reader, name: str) -> Float[Array, '*b']:
  """Metres or radians along the joint that moves the link."""
  return reader.joint(name)


def distance(reader: reading.Reader, a: str, b: str) -> Float[Array, '*b']:
  """Metres between the origins of the two links."""
  apart = reader.position(a) - reader.position(b)
  return reader.xp.sqrt(small_axes.total(reader.xp, apart * apart))


def gripper(reader: reading.Reader) -> Float[Array, '*b']:
  """The commanded opening, metres."""
  return reader.gripper()


_PAIR = (Parameter('a'), Parameter('b'))
_NAME = (Parameter('name'),)
_JOINT = (Parameter('name', 'joint'),)

ATOMS: tuple[Atom, ...] = (
  Atom(
    'check_contact', _PAIR, 'bool',
    'a, or a part of it, touches b, or a part of it.', contact,
  ),
  Atom(
    'check_inside',
    (
      Parameter('containee'),
      Parameter('container'),
      Parameter('containment_threshold', 'fraction', INSIDE_THRESHOLD),
    ),
    'bool',
    "more than that share of the containee's box is in the container's.",
    inside,
  ),
  Atom(
    'check_on_top_of', (Parameter('top'), Parameter('bottom')), 'bool',
    'bottom touches top and carries it from below.', on_top_of,
  ),
  Atom(
    'check_activated', _JOINT, 'bool',
    'its joint is near the upper limit: opened, switched on, raised.',
    activated, ('check_opened',),
  ),
  Atom(
    'check_deactivated', _JOINT, 'bool',
    'its joint is near the lower limit: closed, switched off, lowered.',
    deactivated, ('check_closed',),
  ),
  Atom(
    'check_grasped', _NAME, 'bool',
    'both fingertips of the gripper touch it.', grasped,
  ),
  Atom(
    'is_upright',
    (Parameter('name'), Parameter('max_angle', 'angle', UPRIGHT_ANGLE)),
    'bool',
    'it stands as it was made: its own z axis is within max_angle (radians) '
    'of straight up.',
    is_upright, ('check_upright',),
  ),
  Atom(
    'get_joint_position', _JOINT, 'number',
    'metres or radians along the joint that moves it.', joint_position,
  ),
  Atom(
    'get_distance', _PAIR, 'number',
    'metres between the origins of a and b.', distance,
  ),
  Atom(
    'gripper_command', (), 'number',
    'the commanded opening of the gripper, metres; 0 is closed.', gripper,
  ),
)  # fmt: skip

BY_NAME: dict[str, Atom] = {
  name: atom for atom in ATOMS for name in (atom.name, *atom.aliases)
}


def describe() -> str:
  """Every function as a bullet list, for prompts."""
  lines = []
  for atom in ATOMS:
    for name in (atom.name, *atom.aliases):
      lines.append(f'- `{atom.signature(name)}`: {atom.summary}')
  lines.append(
    '- `get_pose(state, name).position`: origin of the link in the world, '
    'metres: x, y, z (up).'
  )
  lines.append(
    '- `get_pose(state, name).orientation`: quaternion of the link: w, x, y, z.'
  )
  return '\n'.join(lines)
