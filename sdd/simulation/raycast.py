"""Pictures of primitives without OpenGL: a ray caster in pure JAX.

The picture is cut into tiles. A tile looks only at geoms whose bounding
balls meet its cone of rays, and its shadow rays only at those that can
stand in their light, so that most pixels meet a handful of geoms. Memory
grows with the number of rays, never with rays times geoms.
"""

import dataclasses
import functools
import math
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from sdd import errors
from sdd.simulation import camera as camera_lib
from sdd.simulation import look as look_lib
from sdd.simulation import (
  render_geoms,
  render_march,
  render_rays,
  render_shading,
)

GeomTable = render_geoms.GeomTable
geom_table = render_geoms.geom_table


@flax.struct.dataclass
class Image:
  """What a camera sees; `*b` are batch axes.

  Attributes:
    rgb: (*b, height, width, 3) uint8, as shown; None where not asked for.
    depth: (*b, height, width) float32 metres along the optical axis, at
      pixel centres; infinite where nothing is hit.
    geom_id: (*b, height, width) int32 index in the model, -1 for nothing.
  """

  rgb: Any
  depth: Any
  geom_id: Any


@flax.struct.dataclass
class Traced:
  """An `Image` before its colours are rounded, so that it has gradients."""

  colour: Float[jax.Array, 'height width 3'] | None
  depth: Float[jax.Array, 'height width']
  geom_id: Int[jax.Array, 'height width']


def render(
  table: GeomTable,
  geom_xpos: Any,
  geom_xmat: Any,
  camera: camera_lib.Camera,
  *,
  shadows: bool = True,
  supersample: int = 1,
  look: look_lib.Look | None = None,
  colours: bool = True,
) -> Image:
  """Draws one frame, or many: one compiled program for a picture size.

  Args:
    table: from `geom_table`.
    geom_xpos: (*b, ngeom, 3) of every geom of the model, metres.
    geom_xmat: (*b, ngeom, 3, 3) or (*b, ngeom, 9).
    camera: its pose and field of view may have batch axes too.
    shadows: whether lights cast them.
    supersample: samples per pixel and direction; 2 for pictures for people.
    look: colours, lights and background, with batch axes or not;
      `table.look`, which is daylight, by default. All batch axes broadcast.
    colours: False leaves `rgb` out, which is cheaper.

  Returns:
    NumPy arrays; JAX arrays if `geom_xpos` lives on an accelerator.

  Raises:
    errors.SddError: bad shapes or supersample.
  """
  look = table.look if look is None else look
  batch = _check(table, np.shape(geom_xpos), np.shape(geom_xmat), camera, look)
  if not (isinstance(supersample, int) and supersample >= 1):
    raise errors.SddError(
      f'supersample is {supersample!r}; expected a whole number, 1 or more.'
    )
  count = np.shape(geom_xpos)[-2]
  turned = (*np.shape(geom_xpos)[:-2], count, 3, 3)
  inputs = (
    _frames(geom_xpos, (count, 3), batch),
    _frames(geom_xmat.reshape(turned), (count, 3, 3), batch),
    _frames(camera.position, (3,), batch),
    _frames(camera.rotation, (3, 3), batch),
    _frames(camera.fovy, (), batch),
  )
  frames = math.prod(batch)
  shown = look.broadcast(batch) if look.batch else look
  if look.batch:
    shown = jax.tree.map(
      lambda leaf: leaf.reshape(frames, *leaf.shape[len(batch) :]), shown
    )
  draw = functools.partial(
    _render_chunk,
    table=dataclasses.replace(table, look=None),
    size=(camera.height, camera.width),
    shadows=shadows,
    supersample=supersample,
    colours=colours,
  )
  on_device = isinstance(geom_xpos, jax.Array) and not _on_cpu()
  images = _in_chunks(
    draw, inputs, shown, frames, varied=bool(look.batch), keep=on_device
  )
  join = jnp.concatenate if on_device else np.concatenate
  return jax.tree.map(
    lambda *leaves: join(leaves)[:frames].reshape(*batch, *leaves[0].shape[1:]),
    *images,
  )


def _frames(value: Any, shape: tuple[int, ...], batch: tuple[int, ...]) -> Any:
  """One row per frame, float32."""
  xp = jnp if isinstance(value, jax.Array) else np
  value = xp.asarray(value, xp.float32)
  return xp.broadcast_to(value, (*batch, *shape)).reshape(-1, *shape)


def _in_chunks(draw, inputs, look, frames, *, varied, keep) -> list[Image]:
  """A frame at a time on a CPU, 16 on an accelerator: shapes never vary."""
  chunk = 1 if _on_cpu() or frames == 1 else 16
  images = []
  for start in range(0, frames, chunk):
    rows = np.minimum(np.arange(start, start + chunk), frames - 1)
    take = functools.partial(jax.tree.map, lambda leaf, rows=rows: leaf[rows])
    shown = take(look) if varied else look
    image = draw(take(inputs), look=shown, varied=varied)
    images.append(image if keep else jax.tree.map(np.asarray, image))
  return images


@functools.partial(
  jax.jit,
  static_argnames=('size', 'shadows', 'supersample', 'colours', 'varied'),
)
def _render_chunk(inputs, table, look, varied, **options) -> Image:
  def one(inputs, look):
    return _rounded(trace(table, *inputs, look, **options))

  if len(inputs[0]) > 1:
    return jax.vmap(one, in_axes=(0, 0 if varied else None))(inputs, look)
  # Not vmapped: its loops then end where they should without masking.
  first = functools.partial(jax.tree.map, lambda leaf: leaf[0])
  image = one(first(inputs), first(look) if varied else look)
  return jax.tree.map(lambda leaf: leaf[None], image)


def _rounded(traced: Traced) -> Image:
  rgb = traced.colour
  if rgb is not None:
    rgb = jnp.round(rgb * 255).astype(jnp.uint8)
  return Image(rgb=rgb, depth=traced.depth, geom_id=traced.geom_id)


def trace(
  table: GeomTable,
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
  """`render` for one frame as a pure function, to jit, vmap and derive.

  Colours and depth have derivatives by the poses of geoms and camera, and
  colours by the look; what hides or shades what has none.

  Args:
    table: from `geom_table`.
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
  tile = 16 if _on_cpu() else max(size)
  return tile, (math.ceil(size[0] / tile), math.ceil(size[1] / tile))


def _on_cpu() -> bool:
  return jax.default_backend() == 'cpu'


def _check(
  table: GeomTable,
  position: tuple[int, ...],
  rotation: tuple[int, ...],
  camera: camera_lib.Camera,
  look: look_lib.Look,
) -> tuple[int, ...]:
  """The batch axes of geoms, camera and look together."""
  least = int(np.max(table.geom_id)) + 1
  fits = rotation in ((*position, 3), (*position[:-1], 9))
  if position[-1:] != (3,) or not fits or position[-2] < least:
    raise errors.SddError(
      f'geom_xpos {position} and geom_xmat {rotation} do not fit; expected '
      f'(*b, ngeom, 3) and (*b, ngeom, 3, 3) or (*b, ngeom, 9), with all '
      f'geoms of the model that the table is of: at least {least}.'
    )
  colours = np.shape(look.rgba)[-2]
  if colours != position[-2]:
    raise errors.SddError(
      f'The look has colours for {colours} geoms; expected {position[-2]}, '
      f'as many as geom_xpos has.'
    )
  parts = (position[:-2], camera.batch, look.batch)
  try:
    batch = np.broadcast_shapes(*parts)
  except ValueError as mismatch:
    raise errors.SddError(
      f'Geoms, camera and look have the batch axes {parts}; expected axes '
      f'that broadcast.'
    ) from mismatch
  if not math.prod(batch):
    raise errors.SddError(
      f'The batch axes are {batch}; expected at least one frame to draw.'
    )
  return batch
