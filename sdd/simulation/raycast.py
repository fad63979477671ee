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
from sdd.simulation import look as look_lib
from sdd.simulation import render_frame, render_geoms

GeomTable = render_geoms.GeomTable
geom_table = render_geoms.geom_table
Traced = render_frame.Traced
trace = render_frame.trace


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
  on_device = isinstance(geom_xpos, jax.Array) and not render_frame.on_cpu()
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
  chunk = 1 if render_frame.on_cpu() or frames == 1 else 16
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
    position, matrix, eye, turned, fovy = inputs
    return _rounded(
      trace(table, position, matrix, eye, turned, fovy, look, **options)
    )

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
