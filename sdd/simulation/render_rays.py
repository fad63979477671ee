"""Rays through a scene: which geom is nearest, and how it is lit there."""

from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from sdd.simulation import render_geoms, render_look, render_shapes

_X, _Z = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
_TIE = 2e-5  # metres; of surfaces this close the first wins, without speckle
_LIFT = 2e-4  # metres; shadow rays start this far off their surface


@flax.struct.dataclass
class Scene:
  """Geoms in the table's order, where they are in one frame.

  Attributes:
    table: what they are.
    position: (G, 3) centre of each shape, world frame, metres.
    rotation: (G, 3, 3) shape to world.
    look: the light.
  """

  table: render_geoms.GeomTable
  position: Any
  rotation: Any
  look: render_look.Look


def cast(
  scene: Scene,
  origin: jax.Array,
  rays: jax.Array,
  *,
  pixel_angle: jax.Array,
  shadows: bool,
) -> tuple[jax.Array, jax.Array, jax.Array]:
  """What is seen from `origin` (3,) along `rays` (3, R).

  Args:
    scene: what there is.
    origin: the eye, metres.
    rays: need not be of unit length.
    pixel_angle: angle between neighbouring rays, radians.
    shadows: whether the sun casts them.

  Returns:
    Linear light (3, R); depth (R,) in lengths of the rays, infinite where
    nothing is hit; index of the geom in the model (R,), -1 for none.
  """
  view = rays / jnp.linalg.norm(rays, axis=0)
  seen = _in_cone(scene, origin, view)
  depth, winner = _march(scene, tuple(origin), tuple(rays), seen)
  hit = winner >= 0
  distance = jnp.where(hit, depth, 0)
  row = jnp.maximum(winner, 0)
  table = scene.table
  surface = jnp.concatenate(
    [
      scene.position,
      scene.rotation.reshape(-1, 9),
      table.size,
      render_look.linear(table.rgb),
      render_look.linear(table.rgb_checker),
      jnp.stack([table.checker, table.gloss, table.kind], axis=-1),
    ],
    axis=-1,
  )[row].T
  centre, matrix = surface[:3], surface[3:12].reshape(3, 3, -1)
  kind = surface[23].astype(jnp.int32)
  point = origin[:, None] + distance * rays
  local = jnp.sum(matrix * (point - centre)[:, None], axis=0)
  turned = render_shapes.normal(kind, tuple(local), tuple(surface[12:15]))
  normal = jnp.sum(matrix * turned, axis=1)
  facing = jnp.abs(jnp.sum(normal * view, axis=0))
  second = render_look.chequer(
    local[:2],
    edge=surface[21],
    footprint=distance * pixel_angle / jnp.maximum(facing, 0.05),
  )
  albedo = surface[15:18] + second * (surface[18:21] - surface[15:18])
  lit = jnp.ones_like(distance)
  if shadows:
    faces_sun = hit & (scene.look.sun @ normal > 0)
    lit = _sunlit(scene, point + _LIFT * normal, faces_sun)
  light = render_look.shade(
    scene.look,
    albedo=albedo,
    gloss=surface[22],
    normal=normal,
    view=view,
    lit=lit,
  )
  sky = render_look.background(scene.look, view)
  hazy = render_look.fade(scene.look, light, sky, distance)
  light = jnp.where(kind == render_shapes.PLANE, hazy, light)
  light = jnp.where(hit, light, sky)
  return light, depth, jnp.where(hit, table.geom_id[row], -1)


def _sunlit(scene: Scene, point: jax.Array, asked: jax.Array) -> jax.Array:
  """0 where a geom stands between `point` (3, R) and the sun, else 1.

  Geoms that cannot shade any of the points `asked` (R,) are left out, by
  the box around those points in a frame that looks at the sun.
  """
  sun = scene.look.sun
  side = jnp.cross(sun, jnp.where(jnp.abs(sun[2]) < 0.9, _Z, _X))
  side /= jnp.linalg.norm(side)
  frame = jnp.stack([side, jnp.cross(sun, side), sun])
  seen = frame @ point
  low = jnp.min(jnp.where(asked, seen, jnp.inf), axis=1)
  high = jnp.max(jnp.where(asked, seen, -jnp.inf), axis=1)
  centre, bound = scene.position @ frame.T, scene.table.bound[:, None]
  above, below = centre + bound >= low, centre - bound <= high
  wanted = above.all(axis=1) & below[:, :2].all(axis=1)
  _, blocker = _march(scene, tuple(point), tuple(sun), wanted)
  return jnp.where(blocker >= 0, 0.0, 1.0)


def _in_cone(scene: Scene, origin, view: jax.Array) -> jax.Array:
  """Which geoms (G,) can meet rays from `origin` along `view` (3, R)."""
  axis = view.mean(axis=1)
  axis /= jnp.maximum(jnp.linalg.norm(axis), 1e-6)
  spread = jnp.arccos(jnp.clip(jnp.min(axis @ view), -1, 1)) + 1e-3
  apart = scene.position - origin
  distance = jnp.maximum(jnp.linalg.norm(apart, axis=-1), 1e-9)
  bound = scene.table.bound
  angle = jnp.arccos(jnp.clip(apart @ axis / distance, -1, 1))
  radius = jnp.arcsin(jnp.clip(bound / distance, 0, 1))
  return (angle <= spread + radius) | (distance <= bound)


def _march(scene: Scene, origin, direction, wanted: jax.Array):
  """Nearest entry (R,) and its row in the table (R,), -1 for none.

  Loops over the wanted geoms, one short loop for each kind of shape, so
  that every shape's mathematics is compiled once and run for its own only.
  """
  shape = jnp.broadcast_shapes(*(jnp.shape(c) for c in (*origin, *direction)))
  counts = scene.table.counts
  bucket = jnp.where(wanted, scene.table.kind, len(counts))
  order = jnp.argsort(bucket, stable=True)
  best = (jnp.full(shape, jnp.inf), jnp.full(shape, -1, jnp.int32))
  for kind, count in enumerate(counts):
    if not count:
      continue

    def meet(step, best, kind=kind):
      row = order[step]
      matrix = scene.rotation[row]
      start = _into(
        matrix, [o - p for o, p in zip(origin, scene.position[row])]
      )
      ray = _into(matrix, direction)
      size = tuple(scene.table.size[row])
      found = render_shapes.ENTER[kind](start, ray, size)
      nearer = found < best[0] - _TIE
      return jnp.where(nearer, found, best[0]), jnp.where(nearer, row, best[1])

    first = jnp.sum(bucket < kind)
    best = jax.lax.fori_loop(first, first + jnp.sum(bucket == kind), meet, best)
  return best


def _into(matrix, vector) -> list[Any]:
  """World components into a geom's frame: the transpose times the vector."""
  return [
    sum(matrix[axis, column] * vector[axis] for axis in range(3))
    for column in range(3)
  ]
