"""Pictures of primitives without OpenGL: a ray caster in pure JAX.

The picture is cut into tiles. A tile looks only at geoms whose bounding
balls meet its cone of rays, and its shadow rays only at those that can
stand in their light, so that most pixels meet a handful of geoms. Memory
grows with the number of rays, never with rays times geoms.
"""

import functools
import math
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from sdd import errors
from sdd.simulation import camera as camera_lib
from sdd.simulation import render_geoms
from sdd.simulation import render_look
from sdd.simulation import render_shapes

GeomTable = render_geoms.GeomTable
Look = render_look.Look
geom_table = render_geoms.geom_table

_X, _Z = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
_LIFT = 2e-4  # metres; shadow rays start this far off their surface


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


@flax.struct.dataclass
class _Scene:
  """Geoms in the table's order, where they are in one frame."""

  table: GeomTable
  position: jax.Array  # (G, 3)
  rotation: jax.Array  # (G, 3, 3)
  look: Look


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
    camera: its pose may have the same batch axes, or none.
    shadows: whether the sun casts them.
    supersample: samples per pixel and direction; 2 for pictures for people.
    look: lights and background.

  Returns:
    NumPy arrays.

  Raises:
    errors.SddError: bad shapes or supersample.
  """
  position = np.asarray(geom_xpos, np.float32)
  batch, count = position.shape[:-2], position.shape[-2]
  rotation = np.asarray(geom_xmat, np.float32)
  _check(table, position.shape, rotation.shape, supersample)
  frames = math.prod(batch)
  inputs = [
    np.broadcast_to(np.asarray(value, np.float32), (*batch, *shape)).reshape(
      frames, *shape
    )
    for value, shape in (
      (position, (count, 3)),
      (rotation.reshape(*batch, count, 3, 3), (count, 3, 3)),
      (camera.position, (3,)),
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
    lambda *leaves: (
      np.concatenate(leaves)[:frames].reshape(*batch, *leaves[0].shape[1:])
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


@functools.partial(
  jax.jit, static_argnames=('size', 'shadows', 'supersample')
)
def _render_chunk(inputs, table, look, **options) -> Image:
  def one(position, rotation, eye, turned, fovy):
    return trace(
      table, position, rotation, eye, turned, fovy, look, **options
    )

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
  matrix = geom_xmat[table.geom_id]
  centre = geom_xpos[table.geom_id]
  centre += jnp.einsum('gij,gj->gi', matrix, table.offset)
  scene = _Scene(table, centre, matrix, look)
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
      lit_by = scene.replace(look=look.replace(sun=sun))
      return _cast(lit_by, position, rays, 1 / focal, shadows)

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
    return sample(jnp.zeros(2), jnp.asarray(look.sun))
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


def _cast(scene: _Scene, origin, rays, pixel, shadows: bool):
  """Linear light (3, R), depth (R,) and geom (R,) along `rays` (3, R)."""
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
    footprint=distance * pixel / jnp.maximum(facing, 0.05),
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


def _sunlit(scene: _Scene, point: jax.Array, asked: jax.Array) -> jax.Array:
  """0 where a geom stands between `point` (3, R) and the sun, else 1.

  Geoms that cannot shade any of the points `asked` (R,) are left out, by
  the box around those points in a frame that looks at the sun.
  """
  sun = jnp.asarray(scene.look.sun)
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


def _in_cone(scene: _Scene, origin, view: jax.Array) -> jax.Array:
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


def _march(scene: _Scene, origin, direction, wanted: jax.Array):
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
      start = _into(matrix, [o - p for o, p in zip(origin, scene.position[row])])
      ray = _into(matrix, direction)
      size = tuple(scene.table.size[row])
      found = render_shapes.ENTER[kind](start, ray, size)
      nearer = found < best[0]
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


def _tiling(size: tuple[int, int]) -> tuple[int, tuple[int, int]]:
  """Edge of a square tile, and how many fill the picture down and across."""
  tile = 16 if _on_cpu() else max(size)
  return tile, (math.ceil(size[0] / tile), math.ceil(size[1] / tile))


def _on_cpu() -> bool:
  return jax.default_backend() == 'cpu'


def _check(table, position, rotation, supersample) -> None:
  count = position[-2] if len(position) > 1 else 0
  fits = rotation in ((*position[:-1], 3, 3), (*position[:-1], 9))
  if position[-1:] != (3,) or not fits or count <= int(np.max(table.geom_id)):
    raise errors.SddError(
      f'geom_xpos {position} and geom_xmat {rotation} do not fit; expected '
      f'(*b, ngeom, 3) and (*b, ngeom, 3, 3) or (*b, ngeom, 9) with ngeom of '
      f'the model of the table (above {int(np.max(table.geom_id))}).'
    )
  if not (isinstance(supersample, int) and supersample >= 1):
    raise errors.SddError(
      f'supersample is {supersample!r}; expected a whole number, 1 or more.'
    )
