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

from sdd import errors
from sdd.simulation import camera as camera_lib
from sdd.simulation import render_geoms, render_look, render_rays

GeomTable = render_geoms.GeomTable
Look = render_look.Look
geom_table = render_geoms.geom_table


@flax.struct.dataclass
class Image:
  """What a camera sees; `*b` are batch axes.

  Attributes:
    rgb: (*b, height, width, 3) uint8, sRGB.
    depth: (*b, height, width) float32 metres along the optical axis, at
      pixel centres; infinite where nothing is hit.
    geom_id: (*b, height, width) int32 index in the model, -1 for nothing.
  """

  rgb: Any
  depth: Any
  geom_id: Any


def render(
  table: GeomTable,
  geom_xpos: Any,
  geom_xmat: Any,
  camera: camera_lib.Camera,
  *,
  shadows: bool = True,
  supersample: int = 1,
  look: Look | None = None,
) -> Image:
  """Draws one frame, or many: one compiled program for a picture size.

  Args:
    table: from `geom_table`.
    geom_xpos: (*b, ngeom, 3) of every geom of the model, metres.
    geom_xmat: (*b, ngeom, 3, 3) or (*b, ngeom, 9).
    camera: its pose may have batch axes too; both broadcast.
    shadows: whether the sun casts them.
    supersample: samples per pixel and direction; 2 for pictures for people.
    look: lights and background.

  Returns:
    NumPy arrays.

  Raises:
    errors.SddError: bad shapes or supersample.
  """
  position = np.asarray(geom_xpos, np.float32)
  rotation = np.asarray(geom_xmat, np.float32)
  eye = np.asarray(camera.position, np.float32)
  batch = _check(table, position.shape, rotation.shape, eye.shape)
  if not (isinstance(supersample, int) and supersample >= 1):
    raise errors.SddError(
      f'supersample is {supersample!r}; expected a whole number, 1 or more.'
    )
  count, frames = position.shape[-2], math.prod(batch)
  inputs = [
    np.broadcast_to(np.asarray(value, np.float32), (*batch, *shape)).reshape(
      frames, *shape
    )
    for value, shape in (
      (position, (count, 3)),
      (rotation.reshape(*position.shape, 3), (count, 3, 3)),
      (eye, (3,)),
      (camera.rotation, (3, 3)),
      (camera.fovy, ()),
    )
  ]
  draw = functools.partial(
    _render_chunk,
    table=table,
    look=Look() if look is None else look,
    size=(camera.height, camera.width),
    shadows=shadows,
    supersample=supersample,
  )
  images = _in_chunks(draw, inputs, frames)
  return jax.tree.map(
    lambda *leaves: np.concatenate(leaves)[:frames].reshape(
      *batch, *leaves[0].shape[1:]
    ),
    *images,
  )


def _in_chunks(draw, inputs: list[np.ndarray], frames: int) -> list[Image]:
  """A frame at a time on a CPU, 16 on an accelerator: shapes never vary."""
  chunk = 1 if _on_cpu() or frames == 1 else 16
  images = []
  for start in range(0, frames, chunk):
    rows = np.minimum(np.arange(start, start + chunk), frames - 1)
    image = draw([value[rows] for value in inputs])
    images.append(jax.tree.map(np.asarray, image))
  return images


@functools.partial(jax.jit, static_argnames=('size', 'shadows', 'supersample'))
def _render_chunk(inputs, table, look, **options) -> Image:
  def one(position, rotation, eye, turned, fovy):
    return trace(table, position, rotation, eye, turned, fovy, look, **options)

  if len(inputs[0]) > 1:
    return jax.vmap(one)(*inputs)
  # Not vmapped: its loops then end where they should without masking.
  image = one(*(value[0] for value in inputs))
  return jax.tree.map(lambda leaf: leaf[None], image)


def trace(
  table: GeomTable,
  geom_xpos: jax.Array,
  geom_xmat: jax.Array,
  position: jax.Array,
  rotation: jax.Array,
  fovy: jax.Array,
  look: Look,
  *,
  size: tuple[int, int],
  shadows: bool = True,
  supersample: int = 1,
) -> Image:
  """`render` for one frame as a pure function, to jit and vmap at will.

  Args:
    table: from `geom_table`.
    geom_xpos: (ngeom, 3).
    geom_xmat: (ngeom, 3, 3).
    position: (3,) of the camera.
    rotation: (3, 3) of the camera, camera to world.
    fovy: degrees.
    look: lights and background.
    size: (height, width) in pixels.
    shadows: whether the sun casts them.
    supersample: samples per pixel and direction.
  """
  table, look = jax.tree.map(jnp.asarray, (table, look))
  matrix = geom_xmat[table.geom_id]
  centre = geom_xpos[table.geom_id]
  centre += jnp.einsum('gij,gj->gi', matrix, table.offset)
  scene = render_rays.Scene(table, centre, matrix, look)
  height, width = size
  focal = height / 2 / jnp.tan(jnp.deg2rad(fovy) / 2)
  tile, (rows, columns) = _tiling(size)

  def one_tile(index: jax.Array):
    corner = jnp.stack([index % columns, index // columns]) * tile
    local = jnp.arange(tile * tile)
    pixel = corner[:, None] + jnp.stack([local % tile, local // tile])
    middle = jnp.array([[(width - 1) / 2], [(height - 1) / 2]])

    def sample(shift: jax.Array, sun: jax.Array):
      u, v = (pixel + shift[:, None] - middle) / focal
      rays = rotation @ jnp.stack([u, -v, -jnp.ones_like(u)])
      light = dataclasses.replace(look, sun=sun)
      lit = dataclasses.replace(scene, look=light)
      return render_rays.cast(
        lit, position, rays, pixel_angle=1 / focal, shadows=shadows
      )

    return _supersampled(sample, look, supersample)

  light, depth, winner = jax.lax.map(one_tile, jnp.arange(rows * columns))

  def whole(tiles: jax.Array) -> jax.Array:
    grid = tiles.reshape(rows, columns, tile, tile, *tiles.shape[2:])
    grid = jnp.swapaxes(grid, 1, 2)
    grid = grid.reshape(rows * tile, columns * tile, *grid.shape[4:])
    return grid[:height, :width]

  rgb = whole(render_look.encode(jnp.swapaxes(light, 1, 2)))
  return Image(rgb=rgb, depth=whole(depth), geom_id=whole(winner))


def _supersampled(sample, look: Look, supersample: int):
  """Mean light over a grid inside the pixel; the rest from its centre.

  The sun moves with the sample, which makes shadows soft.
  """
  if supersample == 1:
    return sample(jnp.zeros(2), look.sun)
  step = (np.arange(supersample) + 0.5) / supersample - 0.5
  grid = np.stack(np.meshgrid(step, step), axis=-1).reshape(-1, 2)
  turn = grid @ np.array([[0.6, -0.8], [0.8, 0.6]])
  shifts = np.concatenate([np.zeros((1, 2)), grid])
  turns = np.concatenate([np.zeros((1, 2)), turn])
  suns = look.sun + look.sun_radius * (
    turns[:, :1] * np.array([1.0, 0, 0]) + turns[:, 1:] * np.array([0, 1.0, 0])
  )
  suns /= jnp.linalg.norm(suns, axis=-1, keepdims=True)
  light, depth, winner = jax.lax.map(
    lambda each: sample(*each), (jnp.asarray(shifts), suns)
  )
  light = jnp.clip(light[1:], 0, 1).mean(axis=0)
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
  eye: tuple[int, ...],
) -> tuple[int, ...]:
  """The batch axes of geoms and camera together."""
  least = int(np.max(table.geom_id)) + 1
  fits = rotation in ((*position, 3), (*position[:-1], 9))
  if position[-1:] != (3,) or not fits or position[-2] < least:
    raise errors.SddError(
      f'geom_xpos {position} and geom_xmat {rotation} do not fit; expected '
      f'(*b, ngeom, 3) and (*b, ngeom, 3, 3) or (*b, ngeom, 9), with all '
      f'geoms of the model that the table is of: at least {least}.'
    )
  try:
    batch = np.broadcast_shapes(position[:-2], eye[:-1])
  except ValueError as mismatch:
    raise errors.SddError(
      f'Geoms have batch axes {position[:-2]} and the camera {eye[:-1]}; '
      f'expected axes that broadcast.'
    ) from mismatch
  if not math.prod(batch):
    raise errors.SddError(
      f'The batch axes are {batch}; expected at least one frame to draw.'
    )
  return batch
