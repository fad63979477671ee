"""Toys: small things of many shapes, each written as a table of bricks.

A toy is one line for each of its bricks, in the units of things that fit a
hand: centimetres and grams. Axes as it would stand on a shelf: x forwards, y
to its left, z up; the origin anywhere, as it is moved to the centre of mass.

  Toy('dumbbell', 200, (
    rod('steel', (-4.5, 0, 0), (4.5, 0, 0), 1.1),
    box('blue', (-3.6, 0, 0), (1.4, 5.0, 5.0)),
    box('blue', (3.6, 0, 0), (1.4, 5.0, 5.0)),
  ))

All toys are shapes of one and the same body, so each has the same slots for
bricks, `SLOTS`; those it does not use are shrunk and hidden inside it. What
is added here should be 5 to 16 cm long, 60 to 200 g, and less than 9 cm wide
in some direction whichever way it lies; tests check that. Flat sides and
things that stick out keep it from rolling away.
"""

import dataclasses
from typing import Literal

import mujoco
import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.scenes import parts

Kind = Literal['box', 'rod', 'ball', 'dot']
Point = tuple[float, float, float]
Turn = tuple[Literal['x', 'y', 'z'], float]

# How many bricks of each kind a toy may have. Dots are for looks alone.
SLOTS: dict[Kind, int] = {'box': 5, 'rod': 5, 'ball': 4, 'dot': 4}
PALETTE = {
  'black': (0.10, 0.10, 0.12), 'grey': (0.55, 0.57, 0.60),
  'steel': (0.72, 0.75, 0.80), 'white': (0.95, 0.95, 0.93),
  'cream': (0.96, 0.90, 0.74), 'tan': (0.80, 0.66, 0.44),
  'wood': (0.66, 0.44, 0.22), 'brown': (0.40, 0.24, 0.12),
  'terracotta': (0.76, 0.36, 0.22), 'red': (0.86, 0.12, 0.12),
  'orange': (0.98, 0.48, 0.06), 'gold': (0.90, 0.66, 0.12),
  'yellow': (0.99, 0.82, 0.10), 'lime': (0.60, 0.80, 0.16),
  'green': (0.10, 0.58, 0.24), 'moss': (0.24, 0.42, 0.18),
  'teal': (0.05, 0.56, 0.58), 'sky': (0.46, 0.76, 0.94),
  'blue': (0.12, 0.34, 0.84), 'navy': (0.10, 0.16, 0.42),
  'purple': (0.48, 0.20, 0.66), 'pink': (0.96, 0.52, 0.70),
}  # fmt: skip
_UNUSED = 0.0005  # metres, half the extent of what is hidden
_AXES = {'x': 0, 'y': 1, 'z': 2}


@dataclasses.dataclass(frozen=True)
class Brick:
  """One primitive of a toy, in centimetres.

  Attributes:
    kind: `box`, `rod` (a capsule), `ball`, or `dot`, a ball for looks.
    colour: a name in `PALETTE`.
    at: the centre; of a rod, one end of its axis.
    extent: full sizes of a box; the other end of a rod's axis.
    radius: of what is round.
    turn: axis and degrees that a box is turned by.
  """

  kind: Kind
  colour: str
  at: Point
  extent: Point = (0, 0, 0)
  radius: float = 0.0
  turn: Turn = ('z', 0.0)

  @property
  def centre(self) -> Float[np.ndarray, ' 3']:
    if self.kind == 'rod':
      return (np.array(self.at) + self.extent) / 2
    return np.array(self.at, float)

  @property
  def volume(self) -> float:
    """Cubic centimetres that weigh something."""
    if self.kind == 'box':
      return float(np.prod(self.extent))
    if self.kind == 'dot':
      return 0.0
    length = np.linalg.norm(np.subtract(self.extent, self.at))
    along = float(length) if self.kind == 'rod' else 0.0
    return np.pi * self.radius**2 * (4 / 3 * self.radius + along)


@dataclasses.dataclass(frozen=True)
class Toy:
  """A toy.

  Attributes:
    name: what it is; language calls all of them `toy`.
    grams: its mass, spread over its bricks by volume.
    bricks: what it is made of.
  """

  name: str
  grams: float
  bricks: tuple[Brick, ...]

  def __post_init__(self) -> None:
    for kind, room in SLOTS.items():
      count = sum(brick.kind == kind for brick in self.bricks)
      if count > room:
        raise errors.SddError(
          f'The toy {self.name!r} has {count} bricks of kind {kind!r}; there '
          f'is room for {room}.'
        )
    for brick in self.bricks:
      if brick.colour not in PALETTE:
        raise errors.UnknownNameError('colour', brick.colour, PALETTE)

  @property
  def centre(self) -> Float[np.ndarray, ' 3']:
    """The centre of mass, centimetres."""
    weight = np.array([brick.volume for brick in self.bricks])
    return weight @ [brick.centre for brick in self.bricks] / weight.sum()


def box(
  colour: str, centre: Point, sizes: Point, turn: Turn = ('z', 0.0)
) -> Brick:
  """A box of full `sizes`, turned about its centre by axis and degrees."""
  return Brick('box', colour, centre, sizes, turn=turn)


def rod(colour: str, start: Point, end: Point, radius: float) -> Brick:
  """A capsule whose axis runs from `start` to `end`."""
  return Brick('rod', colour, start, end, radius)


def ball(colour: str, centre: Point, radius: float) -> Brick:
  """A sphere."""
  return Brick('ball', colour, centre, radius=radius)


def dot(colour: str, centre: Point, radius: float) -> Brick:
  """A sphere that is seen and not felt: eyes, buttons, lights."""
  return Brick('dot', colour, centre, radius=radius)


def both(brick: Brick) -> tuple[Brick, Brick]:
  """The brick, and its mirror image on the toy's other side (-y)."""
  x, y, z = brick.at
  far, axis = brick.extent, brick.turn[0]
  if brick.kind == 'rod':
    far = (far[0], -far[1], far[2])
  angle = brick.turn[1] if axis == 'y' else -brick.turn[1]
  mirrored = dataclasses.replace(
    brick, at=(x, -y, z), extent=far, turn=(axis, angle)
  )
  return brick, mirrored


def add_toy(spec: mujoco.MjSpec, toy: Toy, body_name: str = 'toy') -> None:
  """Adds one free body with the same geoms whichever toy it is."""
  body = spec.worldbody.add_body(name=body_name)
  body.add_freejoint(name=body_name)
  middle, whole = toy.centre, sum(brick.volume for brick in toy.bricks)
  inside = (toy.bricks[0].centre - middle) / 100
  for kind, room in SLOTS.items():
    bricks = [brick for brick in toy.bricks if brick.kind == kind]
    for index in range(room):
      name = f'{body_name}/{kind} {index}'
      if index < len(bricks):
        mass = toy.grams / 1000 * bricks[index].volume / whole
        _add_brick(body, name, bricks[index], middle, mass)
      else:
        _hide(body, name, kind, inside)


def _add_brick(
  body: parts.Body, name: str, brick: Brick, middle: np.ndarray, mass: float
) -> None:
  look = {
    'rgba': (*PALETTE[brick.colour], 1),
    'mass': mass,
    **_role(brick.kind),
  }
  at = (np.array(brick.at) - middle) / 100
  if brick.kind == 'box':
    parts.box(
      body, name, np.array(brick.extent) / 200, at,
      quaternion=_quaternion(*brick.turn), **look,
    )  # fmt: skip
  elif brick.kind == 'rod':
    end = (np.array(brick.extent) - middle) / 100
    parts.capsule(body, name, at, end, brick.radius / 100, **look)
  else:
    parts.sphere(body, name, brick.radius / 100, at, **look)


def _hide(body: parts.Body, name: str, kind: Kind, inside: np.ndarray) -> None:
  """A brick that the toy does not use."""
  look = {'rgba': (0.5, 0.5, 0.5, 1), **_role(kind)}
  if kind == 'box':
    parts.box(body, name, (_UNUSED,) * 3, inside, **look)
  elif kind == 'rod':
    end = inside + np.array([0, 0, _UNUSED])
    parts.capsule(body, name, inside, end, _UNUSED, **look)
  else:
    parts.sphere(body, name, _UNUSED, inside, **look)


def _role(kind: Kind) -> dict:
  if kind == 'dot':
    return {'role': parts.LOOKS}
  return {'role': parts.OBJECT, **parts.GRIPPED}


def _quaternion(axis: str, degrees: float) -> Float[np.ndarray, ' 4']:
  half = np.radians(degrees) / 2
  quaternion = np.array([np.cos(half), 0, 0, 0])
  quaternion[1 + _AXES[axis]] = np.sin(half)
  return quaternion
