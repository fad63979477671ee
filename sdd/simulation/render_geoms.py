"""`GeomTable`: the geoms of a model that can be seen, sorted by shape."""

from collections.abc import Sequence
from typing import Any

import flax.struct
import mujoco
import numpy as np

from sdd import errors
from sdd.simulation import look as look_lib
from sdd.simulation import look_model, render_shapes

_GEOM = mujoco.mjtGeom
_ENDLESS = 1e4  # metres
_KIND = {
  _GEOM.mjGEOM_PLANE: render_shapes.PLANE,
  _GEOM.mjGEOM_SPHERE: render_shapes.ELLIPSOID,
  _GEOM.mjGEOM_ELLIPSOID: render_shapes.ELLIPSOID,
  _GEOM.mjGEOM_CAPSULE: render_shapes.CAPSULE,
  _GEOM.mjGEOM_CYLINDER: render_shapes.CYLINDER,
  _GEOM.mjGEOM_BOX: render_shapes.BOX,
}


@flax.struct.dataclass
class GeomTable:
  """What does not move: shape and size of the visible geoms, `V` of them.

  A pytree; only `counts` decides the program.

  Attributes:
    geom_id: (V,) index of each geom in the model.
    kind: (V,) shape, as in `sdd.simulation.render_shapes`, ascending.
    size: (V, 3) half extents, or (radius, half length, 0) where round.
    offset: (V, 3) centre of the shape in the geom's frame; not zero for
      meshes only.
    bound: (V,) radius of a ball around the shape; infinite for planes.
    half: (V, 3) half extents of the box around the shape, in its frame.
    look: the model in daylight: how it is drawn unless told otherwise.
    counts: number of geoms of each kind.
  """

  geom_id: Any
  kind: Any
  size: Any
  offset: Any
  bound: Any
  half: Any
  look: look_lib.Look
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
  rgba = look_model.rgba(model)
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
  counts = np.bincount(kind[ids], minlength=len(render_shapes.ENTER))
  return GeomTable(
    geom_id=ids,
    kind=kind[ids],
    size=size[ids].astype(np.float32),
    offset=offset[ids].astype(np.float32),
    bound=bound[ids].astype(np.float32),
    half=_half(kind, size)[ids].astype(np.float32),
    look=look_lib.Look.studio(model),
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


def _half(kind: np.ndarray, size: np.ndarray) -> np.ndarray:
  """Half extents of the boxes around shapes."""
  x, y, z = size.T
  plane = kind == render_shapes.PLANE
  capsule = kind == render_shapes.CAPSULE
  tube = capsule | (kind == render_shapes.CYLINDER)
  endless = plane[:, None] & (size <= 0)
  half = np.stack(
    [
      x,
      np.where(tube, x, y),
      np.where(tube, y + np.where(capsule, x, 0), np.where(plane, 0, z)),
    ],
    axis=-1,
  )
  return np.where(endless & np.array([True, True, False]), _ENDLESS, half)
