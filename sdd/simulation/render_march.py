"""Rays through a scene: which geoms can be met, and which is met first."""

from collections.abc import Sequence
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from sdd.simulation import render_geoms, render_shapes

_X, _Z = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
_TIE = 2e-5  # metres; of surfaces this close the first wins, without speckle

Components = Sequence[Any]  # x, y, z: scalars or (R,) arrays


@flax.struct.dataclass
class Solids:
  """Geoms in the table's order, where they are in one frame.

  Attributes:
    table: what they are.
    position: (V, 3) centre of each shape, world frame, metres.
    rotation: (V, 3, 3) shape to world.
    there: (V,) bool, whether it is there at all.
  """

  table: render_geoms.GeomTable
  position: Any
  rotation: Any
  there: Any


def nearest(
  solids: Solids, origin: Components, direction: Components, wanted: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """Nearest entry (R,) and its row in the table (R,), -1 for none.

  Distances are in lengths of `direction`. Not differentiable.
  """

  def closer(found: jax.Array, row: jax.Array, best):
    better = found < best[0] - _TIE
    return jnp.where(better, found, best[0]), jnp.where(better, row, best[1])

  shape = _shape(origin, direction)
  best = (jnp.full(shape, jnp.inf), jnp.full(shape, -1, jnp.int32))
  return _march(solids, origin, direction, wanted, closer, best)


def blocked(
  solids: Solids,
  origin: Components,
  direction: Components,
  wanted: jax.Array,
  limit: jax.Array,
) -> jax.Array:
  """Whether (R,) anything is met before `limit` lengths of `direction`."""

  def seen(found: jax.Array, row: jax.Array, before: jax.Array):
    del row
    return before | (found < limit)

  nothing = jnp.zeros(_shape(origin, direction), bool)
  return _march(solids, origin, direction, wanted, seen, nothing)


def in_cone(solids: Solids, origin: Any, view: jax.Array) -> jax.Array:
  """Which geoms (V,) can meet rays from `origin` along unit `view` (3, R)."""
  axis = view.mean(axis=1)
  axis /= jnp.maximum(jnp.linalg.norm(axis), 1e-6)
  spread = jnp.arccos(jnp.clip(jnp.min(axis @ view), -1, 1)) + 1e-3
  apart = solids.position - origin
  distance = jnp.maximum(jnp.linalg.norm(apart, axis=-1), 1e-9)
  bound = solids.table.bound
  angle = jnp.arccos(jnp.clip(apart @ axis / distance, -1, 1))
  radius = jnp.arcsin(jnp.clip(bound / distance, 0, 1))
  return solids.there & ((angle <= spread + radius) | (distance <= bound))


def between(
  solids: Solids, point: jax.Array, lamp: jax.Array, asked: jax.Array
) -> jax.Array:
  """Which geoms (V,) can stand between points (3, R) `asked` and a lamp."""
  any_asked = jnp.any(asked)
  first = point[:, jnp.argmax(asked)][:, None]
  kept = jnp.where(asked, point, first)
  view = kept - lamp[:, None]
  length = jnp.sqrt(jnp.sum(view**2, axis=0) + 1e-20)
  meets = in_cone(solids, lamp, view / length)
  apart = jnp.linalg.norm(solids.position - lamp, axis=-1)
  return any_asked & meets & (apart - solids.table.bound <= jnp.max(length))


def upstream(
  solids: Solids, point: jax.Array, sun: jax.Array, asked: jax.Array
) -> jax.Array:
  """Which geoms (V,) can stand between points (3, R) `asked` and a sun.

  By the box around those points in a frame that looks at the unit `sun`.
  """
  side = jnp.cross(sun, jnp.where(jnp.abs(sun[2]) < 0.9, _Z, _X))
  side /= jnp.maximum(jnp.linalg.norm(side), 1e-6)
  frame = jnp.stack([side, jnp.cross(sun, side), sun])
  seen = frame @ point
  low = jnp.min(jnp.where(asked, seen, jnp.inf), axis=1)
  high = jnp.max(jnp.where(asked, seen, -jnp.inf), axis=1)
  centre, bound = solids.position @ frame.T, solids.table.bound[:, None]
  above, below = centre + bound >= low, centre - bound <= high
  return solids.there & above.all(axis=1) & below[:, :2].all(axis=1)


def _march(solids: Solids, origin, direction, wanted, visit, carry):
  """Lets `visit` see every wanted geom's entry (R,) and row.

  One short loop for each kind of shape, so that every shape's mathematics
  is compiled once and run for its own only.
  """
  counts = solids.table.counts
  bucket = jnp.where(wanted, solids.table.kind, len(counts))
  order = jnp.argsort(bucket, stable=True)
  for kind, count in enumerate(counts):
    if not count:
      continue

    def meet(step, carry, kind=kind):
      row = order[step]
      matrix = solids.rotation[row]
      start = _into(
        matrix, [o - p for o, p in zip(origin, solids.position[row])]
      )
      ray = _into(matrix, direction)
      size = tuple(solids.table.size[row])
      return visit(render_shapes.ENTER[kind](start, ray, size), row, carry)

    first = jnp.sum(bucket < kind)
    last = first + jnp.sum(bucket == kind)
    carry = jax.lax.fori_loop(first, last, meet, carry)
  return carry


def _shape(origin: Components, direction: Components) -> tuple[int, ...]:
  return jnp.broadcast_shapes(*(jnp.shape(c) for c in (*origin, *direction)))


def _into(matrix, vector) -> list[Any]:
  """World components into a geom's frame: the transpose times the vector."""
  return [
    sum(matrix[axis, column] * vector[axis] for axis in range(3))
    for column in range(3)
  ]
