"""What rays see: the geom that is nearest, its colour and how it is lit."""

import dataclasses
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp

from sdd.simulation import look as look_lib
from sdd.simulation import (
  render_march,
  render_shading,
  render_shapes,
  render_texture,
)

_LIFT = 2e-4  # metres; shadow rays start this far off their surface


@flax.struct.dataclass
class Scene:
  """One frame: geoms, their paint, and the light.

  Attributes:
    solids: shapes and where they are.
    paint: (V, 13) what is looked up per hit: size, first and second colour
      as light, scale and angle of the pattern, its kind, and the shape's.
    waves: (V, 4 * WAVES) the noise.
    look: everything else; its arrays have no batch axes.
  """

  solids: render_march.Solids
  paint: jax.Array
  waves: jax.Array
  look: look_lib.Look


@flax.struct.dataclass
class Hits:
  """Where `R` rays end, and how the surface is turned there.

  Attributes:
    hit: (R,) bool, whether there is anything.
    row: (R,) of the table; 0 for nothing.
    depth: (R,) in lengths of the rays; 0 for nothing.
    point: (3, R) world frame, metres.
    local: (3, R) in the shape's frame.
    turned: (3, R) unit normal in the shape's frame.
    normal: (3, R) unit normal in the world frame.
    paint: (P, R) rows of `Scene.paint`.
  """

  hit: jax.Array
  row: jax.Array
  depth: jax.Array
  point: jax.Array
  local: jax.Array
  turned: jax.Array
  normal: jax.Array
  paint: jax.Array


def compose(solids: render_march.Solids, look: look_lib.Look) -> Scene:
  """A frame, with the colours that geoms of the table have in `look`."""
  ids, texture = solids.table.geom_id, look.texture
  paint = jnp.concatenate(
    [
      solids.table.size,
      render_shading.linear(look.rgba[ids, :3], look.gamma),
      render_shading.linear(texture.rgb[ids], look.gamma),
      texture.scale[ids, None],
      texture.angle[ids, None],
      texture.kind[ids, None],
      solids.table.kind[:, None],
    ],
    axis=-1,
  )
  there = solids.there & (look.rgba[ids, 3] > 0)
  waves = render_texture.waves(texture.seed[ids])
  return Scene(dataclasses.replace(solids, there=there), paint, waves, look)


def first_hits(
  scene: Scene, origin: jax.Array, rays: jax.Array, normals: jax.Array
) -> Hits:
  """Where rays (3, R) from `origin` (3,) end; differentiable.

  The rays have to be inside of the planes through the origin with inward
  `normals` (4, 3).

  Which geom is met, and where, is found without derivatives; depth then
  gets those of the tangent plane there, which are exact.
  """
  fixed = jax.lax.stop_gradient((scene.solids, origin, rays, normals))
  solids, eye, ways, planes = fixed
  seen = render_march.in_pyramid(solids, eye, planes)
  entry, winner = render_march.nearest(solids, tuple(eye), tuple(ways), seen)
  hit = winner >= 0
  row = jnp.maximum(winner, 0)
  distance = jnp.where(hit, entry, 0)
  looked_up = jnp.concatenate(
    [
      scene.solids.position,
      scene.solids.rotation.reshape(-1, 9),
      scene.paint,
    ],
    axis=-1,
  )[row].T
  # Without the barriers the compiler works things out again and again.
  looked_up, distance = jax.lax.optimization_barrier((looked_up, distance))
  centre, matrix = looked_up[:3], looked_up[3:12].reshape(3, 3, -1)
  paint = looked_up[12:]
  kind, size = paint[12], tuple(paint[:3])
  fix = jax.lax.stop_gradient
  there = _into(fix(matrix), eye[:, None] + distance * ways - fix(centre))
  facet = _out(matrix, fix(render_shapes.normal(kind, tuple(there), size)))
  anchor = centre + _out(matrix, fix(there))
  slope = jnp.sum(rays * facet, axis=0)
  steep = hit & (jnp.abs(slope) > 1e-4)
  tangent = jnp.sum((anchor - origin[:, None]) * facet, axis=0)
  tangent = jnp.where(steep, tangent, 0) / jnp.where(steep, slope, 1)
  distance += tangent - fix(tangent)
  point = origin[:, None] + distance * rays
  local = _into(matrix, point - centre)
  turned = render_shapes.normal(kind, tuple(local), size)
  found = Hits(
    hit=hit,
    row=row,
    depth=distance,
    point=point,
    local=local,
    turned=turned,
    normal=_out(matrix, turned),
    paint=paint,
  )
  return jax.lax.optimization_barrier(found)


def colour(
  scene: Scene,
  hits: Hits,
  rays: jax.Array,
  *,
  forward: jax.Array,
  pixel_angle: jax.Array,
  shadows: bool,
) -> jax.Array:
  """Light (3, R) that comes back along the rays.

  Args:
    scene: the frame.
    hits: where the rays end.
    rays: (3, R) world frame.
    forward: (3,) unit, along the camera's axis.
    pixel_angle: angle between neighbouring rays, radians.
    shadows: whether any light casts them.
  """
  look = scene.look
  view = rays / jnp.linalg.norm(rays, axis=0)
  albedo = _albedo(scene, hits, view, pixel_angle)
  light = _received(scene, hits, forward, shadows=shadows)
  albedo, light = jax.lax.optimization_barrier((albedo, light))
  sky = render_shading.background(look, view)
  shown = jnp.minimum(look.exposure * albedo * light, 1)
  hazy = render_shading.fade(look, shown, sky, hits.depth)
  shown = jnp.where(hits.paint[12] == render_shapes.PLANE, hazy, shown)
  return jnp.where(hits.hit, shown, sky)


def _albedo(
  scene: Scene, hits: Hits, view: jax.Array, pixel_angle: jax.Array
) -> jax.Array:
  first, second = hits.paint[3:6], hits.paint[6:9]
  pattern = hits.paint[11]

  def textured() -> jax.Array:
    facing = jnp.abs(jnp.sum(hits.normal * view, axis=0))
    share = render_texture.share(
      pattern,
      render_texture.below(hits.local, hits.turned),
      scale=hits.paint[9],
      angle=hits.paint[10],
      wave=scene.waves[hits.row].T,
      footprint=hits.depth * pixel_angle / jnp.maximum(facing, 0.05),
    )
    return first + share * (second - first)

  some = jnp.any(hits.hit & (pattern != look_lib.PLAIN))
  return jax.lax.cond(some, textured, lambda: first)


def _received(
  scene: Scene, hits: Hits, forward: jax.Array, *, shadows: bool
) -> jax.Array:
  """Light (3, R) that falls on the hits: ambient, headlight, all lights."""
  look = scene.look
  start = hits.point + _LIFT * hits.normal

  def add(total: jax.Array, light: look_lib.Lights):
    way = render_shading.towards(light, hits.point)
    share = render_shading.strength(light, hits.normal, way)
    share = jax.lax.optimization_barrier(share)
    if shadows:
      asked = hits.hit & (share > 0) & (light.shadow > 0.5)
      share = jnp.where(_shaded(scene.solids, start, light, asked), 0, share)
    return total + light.rgb[:, None] * share, None

  facing = jnp.maximum(-forward @ hits.normal, 0)
  total = look.ambient[:, None] + look.headlight[:, None] * facing
  total, _ = jax.lax.scan(add, total, look.lights)
  return total


def _shaded(
  solids: render_march.Solids,
  start: jax.Array,
  light: look_lib.Lights,
  asked: jax.Array,
) -> jax.Array:
  """Whether (R,) a geom stands between points (3, R) and one light."""
  solids, start, light = jax.lax.stop_gradient((solids, start, light))
  parallel = light.directional > 0.5

  def by_none() -> jax.Array:
    return jnp.zeros_like(asked)

  def by_sun() -> jax.Array:
    sun = render_shading.towards(light, start[:, 0])
    wanted = parallel & render_march.upstream(solids, start, sun, asked)
    return render_march.blocked(solids, start, sun, wanted, jnp.inf)

  def by_lamp() -> jax.Array:
    lamp = light.position
    wanted = ~parallel & render_march.between(solids, start, lamp, asked)
    ways = start - lamp[:, None]
    return render_march.blocked(solids, lamp, ways, wanted, 1.0)

  case = jnp.where(asked.any(), jnp.where(parallel, 1, 2), 0)
  return jax.lax.switch(case, [by_none, by_sun, by_lamp])


def _into(matrix: Any, vector: Any) -> Any:
  """(3, R) from the world into frames (3, 3, R)."""
  return jnp.sum(matrix * vector[:, None], axis=0)


def _out(matrix: Any, vector: Any) -> Any:
  """(3, R) from frames (3, 3, R) into the world."""
  return jnp.sum(matrix * vector[None], axis=1)
