"""Where a ray enters a shape and how the surface is turned there, in JAX.

Everything is in the shape's own frame and per component: `origin` and
`direction` are tuples (x, y, z) of scalars or (R,) arrays that broadcast
against each other, so that rays with a common origin or a common direction
cost no more than they must. Directions need not be of unit length. Shapes
are seen from outside only: a ray that starts inside passes through.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

Components = Sequence[Any]  # x, y, z: scalars or (R,) arrays

PLANE, ELLIPSOID, CAPSULE, CYLINDER, BOX = range(5)

_TINY = 1e-12


def _ball(origin: Components, direction: Components, radius: Any) -> Any:
  """Entry and exit of a disc (2 components) or a ball (3 components).

  From the point of the ray nearest to the centre, which does not lose
  digits when the shape is small and far as the textbook formula does.
  """
  square = sum(d * d for d in direction) + _TINY
  nearest = -sum(o * d for o, d in zip(origin, direction)) / square
  miss = sum((o + nearest * d) ** 2 for o, d in zip(origin, direction))
  inside = radius**2 - miss
  half = jnp.sqrt(jnp.maximum(inside, 0) / square)
  return (
    jnp.where(inside > 0, nearest - half, jnp.inf),
    jnp.where(inside > 0, nearest + half, -jnp.inf),
  )


def _slab(origin: Any, direction: Any, half: Any) -> Any:
  """Entry and exit of the space between two parallel planes."""
  steep = jnp.abs(direction) > 1e-9
  inverse = 1 / jnp.where(steep, direction, 1e-9)
  middle, reach = -origin * inverse, half * jnp.abs(inverse)
  return middle - reach, middle + reach


def _enter(entry: Any, leave: Any) -> jax.Array:
  return jnp.where((entry <= leave) & (entry > 0), entry, jnp.inf)


def _plane(origin: Components, direction: Components, size: Components):
  down = direction[2] < -_TINY
  distance = -origin[2] / jnp.where(down, direction[2], -1.0)
  x = origin[0] + distance * direction[0]
  y = origin[1] + distance * direction[1]
  within = (size[0] <= 0) | (jnp.abs(x) <= size[0])
  within &= (size[1] <= 0) | (jnp.abs(y) <= size[1])
  return jnp.where(down & within & (distance > 0), distance, jnp.inf)


def _ellipsoid(origin: Components, direction: Components, size: Components):
  origin = [o / s for o, s in zip(origin, size)]
  direction = [d / s for d, s in zip(direction, size)]
  return _enter(*_ball(origin, direction, 1.0))


def _capsule(origin: Components, direction: Components, size: Components):
  entry, _ = _ball(origin[:2], direction[:2], size[0])
  reached = origin[2] + jnp.where(entry < jnp.inf, entry, 0) * direction[2]
  shifted = origin[2] - jnp.clip(reached, -size[1], size[1])
  cap, leave = _ball([*origin[:2], shifted], direction, size[0])
  missed = entry == jnp.inf
  on_side = jnp.abs(reached) <= size[1]
  side = jnp.where(entry > 0, entry, jnp.inf)
  return jnp.where(
    missed, jnp.inf, jnp.where(on_side, side, _enter(cap, leave))
  )


def _cylinder(origin: Components, direction: Components, size: Components):
  side = _ball(origin[:2], direction[:2], size[0])
  ends = _slab(origin[2], direction[2], size[1])
  return _enter(jnp.maximum(side[0], ends[0]), jnp.minimum(side[1], ends[1]))


def _box(origin: Components, direction: Components, size: Components):
  x, y, z = map(_slab, origin, direction, size)
  entry = jnp.maximum(jnp.maximum(x[0], y[0]), z[0])
  leave = jnp.minimum(jnp.minimum(x[1], y[1]), z[1])
  return _enter(entry, leave)


# By kind: the distance at which a ray enters, in lengths of `direction`;
# infinite where it does not.
ENTER: tuple[Callable[[Components, Components, Components], jax.Array], ...] = (
  _plane,
  _ellipsoid,
  _capsule,
  _cylinder,
  _box,
)


def normal(kind: jax.Array, point: Components, size: Components) -> jax.Array:
  """Outward unit normal (3, R) at surface points of shapes of mixed kinds.

  Args:
    kind: (R,) which shape each point is on.
    point: three (R,) arrays, in the shape's frame.
    size: three (R,) arrays, half extents; (radius, half length) where round.
  """
  x, y, z = point
  zero, one = jnp.zeros_like(x), jnp.ones_like(x)
  beyond = [jnp.abs(p) - s for p, s in zip(point, size)]
  face = jnp.argmax(jnp.stack(beyond), axis=0)
  fixed = jax.lax.stop_gradient((x, y))
  end = jnp.abs(z) - size[1] > jnp.hypot(*fixed) - size[0]
  flat = [
    jnp.where(face == axis, jnp.sign(point[axis]), 0) for axis in range(3)
  ]
  choices = (
    (zero, zero, one),
    tuple(p / jnp.maximum(s, 1e-9) ** 2 for p, s in zip(point, size)),
    (x, y, z - jnp.clip(z, -size[1], size[1])),
    tuple(jnp.where(end, e, s) for e, s in zip((zero, zero, z), (x, y, zero))),
    tuple(flat),
  )
  vector = jnp.stack(
    [
      jnp.select([kind == k for k in range(len(choices))], list(column))
      for column in zip(*choices)
    ]
  )
  return vector / jnp.sqrt(jnp.sum(vector**2, axis=0) + _TINY**2)
