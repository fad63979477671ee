"""A tighter choice of the pairs of geoms that MJX looks at for contacts.

MJX looks at a fixed number of pairs of each kind: those whose bounding
spheres overlap most. Around a table or a cabinet wall that sphere is so large
that in the drawer scene fifty pairs come before some that really touch, and
what is not looked at falls through. Ordered by the gap between axis-aligned
boxes, the pairs that touch are among the first sixteen.
"""

import functools
from typing import Any

import jax
import mujoco
from jax import numpy as jnp

from sdd.simulation import mjx_barrier

_BOX = int(mujoco.mjtGeom.mjGEOM_BOX)
_CAPSULE = int(mujoco.mjtGeom.mjGEOM_CAPSULE)
_UNBOUNDED = {  # MJX looks at every pair with one of these
  int(mujoco.mjtGeom.mjGEOM_PLANE),
  int(mujoco.mjtGeom.mjGEOM_HFIELD),
}


@functools.cache
def install() -> bool:
  """Puts it into MJX; once a process, however often it is called.

  How many pairs of a kind are looked at is still said by the model's custom
  number `max_geom_pairs`.

  Returns:
    whether it is in place: not with an MJX that is not known here.
  """
  if not mjx_barrier.is_known():
    return False
  from mujoco.mjx._src import collision_driver

  collision_driver._contact_groups = _culled(
    collision_driver._contact_groups,
    lambda model: collision_driver._numeric(model, 'max_geom_pairs'),
  )
  return True


def _culled(candidates: Any, limit: Any) -> Any:
  @functools.wraps(candidates)
  def contact_groups(model: Any, data: Any) -> Any:
    groups, most = candidates(model, data), limit(model)
    for key, contact in groups.items():
      unbounded = _UNBOUNDED & {int(kind) for kind in key.types}
      if unbounded or not 0 <= most < contact.geom.shape[0]:
        continue
      gap = _gaps(model, data, contact.geom)
      nearest = jax.lax.top_k(-gap, most)[1]
      groups[key] = jax.tree.map(lambda x, take=nearest: x[take], contact)
    return groups

  return contact_groups


def _gaps(model: Any, data: Any, pairs: Any) -> jax.Array:
  """Distance (pairs,) between the axis-aligned boxes of two geoms.

  Along the axis where they are farthest apart; negative where they overlap.
  """
  kind, size = model.geom_type[:, None], model.geom_size
  length = jnp.stack([jnp.zeros_like(size[:, 1])] * 2 + [size[:, 1]], axis=-1)
  core = jnp.where(kind == _BOX, size, jnp.where(kind == _CAPSULE, length, 0))
  radius = jnp.where(kind == _BOX, 0, model.geom_rbound[:, None])
  radius = jnp.where(kind == _CAPSULE, size[:, :1], radius)
  reach = (jnp.abs(data.geom_xmat) * core[:, None, :]).sum(axis=-1) + radius
  first, second = pairs[:, 0], pairs[:, 1]
  apart = jnp.abs(data.geom_xpos[first] - data.geom_xpos[second])
  return (apart - reach[first] - reach[second]).max(axis=-1)
