"""One frame as a pure function: the picture in tiles, the tiles as rays."""

import dataclasses
import math
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from sdd.simulation import look as look_lib
from sdd.simulation import (
  render_geoms,
  render_march,
  render_rays,
  render_shading,
)


@flax.struct.dataclass
class Traced:
  """One frame before its colours are rounded, so that it has gradients.

  Attributes:
    colour: 0..1 as shown; None where not asked for.
    depth: metres along the optical axis, infinite where nothing is hit.
    geom_id: index in the model, -1 for nothing.
  """

  colour: Any
  depth: Float[jax.Array, 'height width']
  geom_id: Int[jax.Array, 'height width']


def trace(
  table: render_geoms.GeomTable,
  geom_xpos: Float[jax.Array, 'ngeom 3'],
  geom_xmat: Float[jax.Array, 'ngeom 3 3'],
  position: Float[jax.Array, '3'],
  rotation: Float[jax.Array, '3 3'],
  fovy: Any,
  look: look_lib.Look,
  *,
  size: tuple[int, int],
  shadows: bool = True,
  supersample: int = 1,
  colours: bool = True,
) -> Traced:
  """`raycast.render` for one frame as a pure function, to jit, vmap and derive.

  Colours and depth have derivatives by the poses of geoms and camera, and
  colours by the look; what hides or shades what has none.

  Args:
    table: from `render_geoms.geom_table`.
    geom_xpos: of all geoms.
    geom_xmat: of all geoms.
    position: of the camera.
    rotation: of the camera, camera to world.
    fovy: degrees.
    look: without batch axes.
    size: (height, width) in pixels.
    shadows: whether lights cast them.
    supersample: samples per pixel and direction.
    colours: False leaves them out.
  """
  table, look = jax.tree.map(jnp.asarray, (table, look))
  matrix = geom_xmat[table.geom_id]
  centre = geom_xpos[table.geom_id]
  centre += jnp.einsum('gij,gj->gi', matrix, table.offset)
  there = jnp.ones(centre.shape[:1], bool)
  scene = render_rays.compose(
    render_march.Solids(table, centre, matrix, there), look
  )
  height, width = size
  focal = height / 2 / jnp.tan(jnp.deg2rad(fovy) / 2)
  tile, (rows, columns) = _tiling(size)

  def into_world(pixel: jax.Array) -> jax.Array:
    u, v = pixel / focal
    return rotation @ jnp.stack([u, -v, -jnp.ones_like(u)])

  def one_tile(index: jax.Array):
    corner = jnp.stack([index % columns, index // columns]) * tile
    local = jnp.arange(tile * tile)
    pixel = corner[:, None] + jnp.stack([local % tile, local // tile])
    middle = jnp.array([[(width - 1) / 2], [(height - 1) / 2]])
    ring = corner[:, None] + tile * np.array([[0, 1, 1, 0], [0, 0, 1, 1]])
    ring = into_world(ring - 0.5 - middle)
    normals = render_march.around(ring, ring.sum(axis=1))

    def sample(shift: jax.Array, scene: render_rays.Scene):
      rays = into_world(pixel + shift[:, None] - middle)
      hits = render_rays.first_hits(scene, position, rays, normals)
      light = None
      if colours:
        light = render_rays.colour(
          scene, hits, rays, forward=-rotation[:, 2], pixel_angle=1 / focal,
          shadows=shadows,
        )  # fmt: skip
      depth = jnp.where(hits.hit, hits.depth, jnp.inf)
      return light, depth, jnp.where(hits.hit, table.geom_id[hits.row], -1)

    return _supersampled(sample, scene, supersample)

  light, depth, winner = jax.lax.map(one_tile, jnp.arange(rows * columns))

  def whole(tiles: jax.Array) -> jax.Array:
    grid = tiles.reshape(rows, columns, tile, tile, *tiles.shape[2:])
    grid = jnp.swapaxes(grid, 1, 2)
    grid = grid.reshape(rows * tile, columns * tile, *grid.shape[4:])
    return grid[:height, :width]

  colour = None
  if light is not None:
    shown = render_shading.encode(light, look.gamma)
    colour = whole(jnp.swapaxes(shown, 1, 2))
  return Traced(colour=colour, depth=whole(depth), geom_id=whole(winner))


def _supersampled(sample, scene: render_rays.Scene, supersample: int):
  """Mean light over a grid inside the pixel; the rest from its centre.

  Lights move within their spread with the sample: soft shadows.
  """
  if supersample == 1:
    return sample(jnp.zeros(2), scene)
  step = (np.arange(supersample) + 0.5) / supersample - 0.5
  grid = np.stack(np.meshgrid(step, step), axis=-1).reshape(-1, 2)
  turn = np.pad(grid @ np.array([[0.6, -0.8], [0.8, 0.6]]), ((0, 0), (0, 1)))
  lights = scene.look.lights

  def one(shift: jax.Array, sway: jax.Array):
    length = jnp.linalg.norm(lights.direction, axis=-1, keepdims=True)
    off = lights.spread[:, None] * length * sway
    moved = dataclasses.replace(lights, direction=lights.direction - off)
    look = dataclasses.replace(scene.look, lights=moved)
    return sample(shift, dataclasses.replace(scene, look=look))

  shifts = np.concatenate([np.zeros((1, 2)), grid])
  sways = np.concatenate([np.zeros((1, 3)), turn])
  light, depth, winner = jax.lax.map(
    lambda each: one(*each), (jnp.asarray(shifts), jnp.asarray(sways))
  )
  light = None if light is None else jnp.clip(light[1:], 0, 1).mean(axis=0)
  return light, depth[0], winner[0]


def _tiling(size: tuple[int, int]) -> tuple[int, tuple[int, int]]:
  """Edge of a square tile, and how many fill the picture down and across."""
  tile = 16 if on_cpu() else max(size)
  return tile, (math.ceil(size[0] / tile), math.ceil(size[1] / tile))


def on_cpu() -> bool:
  """Whether programs run on a processor, where tiles and loops pay."""
  return jax.default_backend() == 'cpu'
