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
  origin: Any,
  direction: Any,
  wanted: jax.Array,
  limit: Any,
) -> jax.Array:
  """Whether (R,) anything is met before `limit` lengths of `direction`."""

  def seen(found: jax.Array, row: jax.Array, before: jax.Array):
    del row
    return before | (found < limit)

  origin, direction = tuple(origin), tuple(direction)
  nothing = jnp.zeros(_shape(origin, direction), bool)
  return _march(solids, origin, direction, wanted, seen, nothing)


def in_pyramid(
  solids: Solids, apex: jax.Array, normals: jax.Array
) -> jax.Array:
  """Which geoms (V,) reach into the pyramid behind four planes.

  Args:
    solids: the geoms.
    apex: (3,) where the planes meet.
    normals: (4, 3) of the planes, pointing inwards, of any length.
  """
  turned = jnp.abs(jnp.einsum('pi,gij->pgj', normals, solids.rotation))
  reach = jnp.sum(turned * solids.table.half, axis=-1)
  inside = normals @ (solids.position - apex).T
  return solids.there & (inside + reach >= 0).all(axis=0)


def around(rays: jax.Array, middle: jax.Array) -> jax.Array:
  """Inward normals (4, 3) of the pyramid of four rays (3, 4), in a ring."""
  normals = jnp.cross(rays.T, jnp.roll(rays, -1, axis=1).T)
  return normals * jnp.sign(normals @ middle)[:, None]


def between(
  solids: Solids, point: jax.Array, lamp: jax.Array, asked: jax.Array
) -> jax.Array:
  """Which geoms (V,) can stand between points (3, R) `asked` and a lamp.

  By the pyramid around those points with the lamp at its top.
  """
  kept = jnp.where(asked, point, point[:, jnp.argmax(asked)][:, None])
  frame = _facing(kept.mean(axis=1) - lamp)
  seen = frame @ (kept - lamp[:, None])
  x, y = seen[:2] / jnp.maximum(seen[2], 1e-6)
  one = jnp.ones(())
  corners = jnp.stack(
    [
      jnp.stack([each, other, one])
      for each, other in (
        (x.min(), y.min()), (x.max(), y.min()), (x.max(), y.max()),
        (x.min(), y.max()),
      )
    ],
    axis=1,
  )  # fmt: skip
  # A hair wider, so that a pyramid around a single point has a volume.
  widened = corners + 1e-3 * jnp.array(
    [[-1.0, 1, 1, -1], [-1, -1, 1, 1], [0, 0, 0, 0]]
  )
  normals = around(frame.T @ widened, frame[2])
  length = jnp.sqrt(jnp.max(jnp.sum(seen**2, axis=0)))
  apart = jnp.linalg.norm(solids.position - lamp, axis=-1)
  near = apart - solids.table.bound <= length
  # Where the points are all around the lamp no pyramid holds them.
  wide = jnp.min(seen[2]) < 0.05 * length
  return solids.there & near & (wide | in_pyramid(solids, lamp, normals))


def upstream(
  solids: Solids, point: jax.Array, sun: jax.Array, asked: jax.Array
) -> jax.Array:
  """Which geoms (V,) can stand between points (3, R) `asked` and a sun.

  By the box around those points in a frame that looks at the unit `sun`.
  """
  frame = _facing(sun)
  seen = frame @ point
  low = jnp.min(jnp.where(asked, seen, jnp.inf), axis=1)
  high = jnp.max(jnp.where(asked, seen, -jnp.inf), axis=1)
  turned = jnp.abs(jnp.einsum('ai,gij->gaj', frame, solids.rotation))
  reach = jnp.sum(turned * solids.table.half[:, None], axis=-1)
  centre = solids.position @ frame.T
  above, below = centre + reach >= low, centre - reach <= high
  return solids.there & above.all(axis=1) & below[:, :2].all(axis=1)


def _facing(axis: jax.Array) -> jax.Array:
  """Rows of a frame whose third axis is along `axis`."""
  axis /= jnp.maximum(jnp.linalg.norm(axis), 1e-6)
  side = jnp.cross(axis, jnp.where(jnp.abs(axis[2]) < 0.9, _Z, _X))
  side /= jnp.maximum(jnp.linalg.norm(side), 1e-6)
  return jnp.stack([side, jnp.cross(axis, side), axis])


def _march(solids: Solids, origin, direction, wanted, visit, carry):
  """Lets `visit` see every wanted geom's entry (R,) and row.

  One short loop for each kind of shape, so that every shape's mathematics
  is compiled once and run for its own only.
  """
  # The table is sorted by kind: so are the wanted ones, closed up.
  place = jnp.cumsum(wanted) - 1
  rows = jnp.arange(len(wanted), dtype=jnp.int32)
  order = jnp.zeros_like(rows)
  order = order.at[jnp.where(wanted, place, len(rows))].set(rows, mode='drop')
  start, first = 0, jnp.int32(0)
  for kind, count in enumerate(solids.table.counts):
    if not count:
      continue
    last = first + jnp.sum(wanted[start : start + count], dtype=jnp.int32)
    start += count

    def meet(step, carry, kind=kind):
      row = order[step]
      matrix = solids.rotation[row]
      away = [o - p for o, p in zip(origin, solids.position[row])]
      from_here, ray = _into(matrix, away), _into(matrix, direction)
      size = tuple(solids.table.size[row])
      return visit(render_shapes.ENTER[kind](from_here, ray, size), row, carry)

    carry = jax.lax.fori_loop(first, last, meet, carry)
    first = last
  return carry


def _shape(origin: Components, direction: Components) -> tuple[int, ...]:
  return jnp.broadcast_shapes(*(jnp.shape(c) for c in (*origin, *direction)))


def _into(matrix, vector) -> list[Any]:
  """World components into a geom's frame: the transpose times the vector."""
  return [
    sum(matrix[axis, column] * vector[axis] for axis in range(3))
    for column in range(3)
  ]
