"""`GeomTable`: the geoms of a model that can be seen, sorted by shape."""

from collections.abc import Sequence
from typing import Any

import flax.struct
import mujoco
import numpy as np

from sdd import errors
from sdd.simulation import render_shapes

_GEOM = mujoco.mjtGeom
_KIND = {
  _GEOM.mjGEOM_PLANE: render_shapes.PLANE,
  _GEOM.mjGEOM_SPHERE: render_shapes.ELLIPSOID,
  _GEOM.mjGEOM_ELLIPSOID: render_shapes.ELLIPSOID,
  _GEOM.mjGEOM_CAPSULE: render_shapes.CAPSULE,
  _GEOM.mjGEOM_CYLINDER: render_shapes.CYLINDER,
  _GEOM.mjGEOM_BOX: render_shapes.BOX,
}
_DEFAULT_RGBA = (0.5, 0.5, 0.5, 1.0)  # MuJoCo's: "not set"
_DEFAULT_GLOSS = 0.3


@flax.struct.dataclass
class GeomTable:
  """What does not move: shape, size and colour of `G` visible geoms.

  A pytree whose arrays may be randomised per environment (colours) without
  compiling again; only `counts` decides the program.

  Attributes:
    geom_id: (G,) index of each geom in the model.
    kind: (G,) shape, as in `sdd.simulation.render_shapes`, ascending.
    size: (G, 3) half extents, or (radius, half length, 0) where round.
    offset: (G, 3) centre of the shape in the geom's frame; not zero for
      meshes only.
    bound: (G,) radius of a ball around the shape; infinite for planes.
    rgb: (G, 3) colour, sRGB in 0..1.
    rgb_checker: (G, 3) second colour of a chequered surface.
    checker: (G,) edge of a chequer, metres; 0 for plain.
    gloss: (G,) strength of the highlight, 0..1.
    counts: number of geoms of each kind.
  """

  geom_id: Any
  kind: Any
  size: Any
  offset: Any
  bound: Any
  rgb: Any
  rgb_checker: Any
  checker: Any
  gloss: Any
  counts: tuple[int, ...] = flax.struct.field(pytree_node=False)


def geom_table(
  model: mujoco.MjModel, groups: Sequence[int] = (0, 1, 2)
) -> GeomTable:
  """Collects the geoms in `groups` whose alpha is not zero.

  Translucent geoms are drawn opaque. Meshes and height fields are drawn as
  the box around them, since this package's own scenes are primitives.

  Raises:
    errors.SddError: a group is not 0..5, or no geom is visible.
  """
  wrong = [group for group in groups if group not in range(6)]
  if wrong:
    raise errors.SddError(
      f'Geom groups {list(groups)} contain {wrong}; expected numbers 0 to 5.'
    )
  rgba = _rgba(model)
  seen = np.isin(model.geom_group, list(groups)) & (rgba[:, 3] > 0)
  kind = np.array([_kind(t) for t in model.geom_type], np.int32)
  ids = np.flatnonzero(seen)
  ids = ids[np.argsort(kind[ids], kind='stable')].astype(np.int32)
  if not ids.size:
    raise errors.SddError(
      f'Nothing to draw: none of the {model.ngeom} geoms of the model is in '
      f'the groups {list(groups)} and visible.'
    )
  size, offset, bound = _extent(model, kind)
  checker, second = _chequers(model)
  first = np.where(
    checker[:, None] > 0, second[:, 0] * rgba[:, :3], rgba[:, :3]
  )
  counts = np.bincount(kind[ids], minlength=len(render_shapes.ENTER))
  return GeomTable(
    geom_id=ids,
    kind=kind[ids],
    size=size[ids].astype(np.float32),
    offset=offset[ids].astype(np.float32),
    bound=bound[ids].astype(np.float32),
    rgb=first[ids].astype(np.float32),
    rgb_checker=(second[:, 1] * rgba[:, :3])[ids].astype(np.float32),
    checker=checker[ids].astype(np.float32),
    gloss=_gloss(model)[ids].astype(np.float32),
    counts=tuple(int(count) for count in counts),
  )


def _kind(geom_type: int) -> int:
  return _KIND.get(mujoco.mjtGeom(geom_type), render_shapes.BOX)


def _extent(
  model: mujoco.MjModel, kind: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Size, centre and bounding radius of every geom."""
  size, offset = model.geom_size.copy(), np.zeros((model.ngeom, 3))
  bound = model.geom_rbound.copy()
  sphere = model.geom_type == _GEOM.mjGEOM_SPHERE
  size[sphere] = size[sphere, :1]
  other = ~np.isin(model.geom_type, [int(t) for t in _KIND])
  offset[other] = model.geom_aabb[other, :3]
  size[other] = np.maximum(model.geom_aabb[other, 3:], 1e-4)
  bound[other] = np.linalg.norm(size[other], axis=-1)
  bound[kind == render_shapes.PLANE] = np.inf
  return size, offset, bound


def _rgba(model: mujoco.MjModel) -> np.ndarray:
  """A geom's own colour if set, else its material's, as MuJoCo's viewer."""
  rgba = model.geom_rgba.copy()
  material = model.geom_matid
  unset = np.all(np.isclose(rgba, _DEFAULT_RGBA), axis=-1) & (material >= 0)
  rgba[unset] = model.mat_rgba[material[unset]]
  return rgba


def _gloss(model: mujoco.MjModel) -> np.ndarray:
  gloss = np.full(model.ngeom, _DEFAULT_GLOSS)
  dressed = model.geom_matid >= 0
  gloss[dressed] = model.mat_specular[model.geom_matid[dressed]]
  gloss[model.geom_type == _GEOM.mjGEOM_PLANE] = 0
  return gloss


def _chequers(model: mujoco.MjModel) -> tuple[np.ndarray, np.ndarray]:
  """Chequer edge (ngeom,) and colour pair (ngeom, 2, 3) of planes."""
  edge, pair = np.zeros(model.ngeom), np.ones((model.ngeom, 2, 3))
  for geom in np.flatnonzero(model.geom_type == _GEOM.mjGEOM_PLANE):
    material = model.geom_matid[geom]
    if material < 0:
      continue
    texture = model.mat_texid[material, mujoco.mjtTextureRole.mjTEXROLE_RGB]
    if texture < 0 or model.tex_type[texture] != mujoco.mjtTexture.mjTEXTURE_2D:
      continue
    pair[geom] = _chequer_colours(model, texture)
    repeat = max(float(model.mat_texrepeat[material, 0]), 1e-6)
    spread = 1.0  # metres that `texrepeat` counts repetitions in
    if not model.mat_texuniform[material] and model.geom_size[geom, 0] > 0:
      spread = 2 * float(model.geom_size[geom, 0])
    edge[geom] = spread / repeat / 2
  return edge, pair


def _chequer_colours(model: mujoco.MjModel, texture: int) -> np.ndarray:
  """Colours in the middle of the first two quarters, (2, 3)."""
  height, width = model.tex_height[texture], model.tex_width[texture]
  channels, start = model.tex_nchannel[texture], model.tex_adr[texture]
  pixels = model.tex_data[start : start + height * width * channels]
  pixels = pixels.reshape(height, width, channels)[..., :3] / 255
  row = pixels[height // 4]
  pair = np.stack([row[width // 4], row[3 * width // 4]])
  return np.broadcast_to(pair, (2, 3))
