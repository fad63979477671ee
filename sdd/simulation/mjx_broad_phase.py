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
import numpy as np
from jax import numpy as jnp
from jaxtyping import Float, Int

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
    collision_driver._geom_groups,
  )
  return True


def _culled(candidates: Any, limit: Any, pairs: Any) -> Any:
  @functools.wraps(candidates)
  def contact_groups(model: Any, data: Any) -> Any:
    groups, most = candidates(model, data), limit(model)
    listed = pairs(model)
    for key, contact in groups.items():
      unbounded = _UNBOUNDED & {int(kind) for kind in key.types}
      if unbounded or not 0 <= most < contact.geom.shape[0]:
        continue
      gap = _gaps(model, data, np.array(listed[key])[:, :2])
      nearest = jax.lax.top_k(-gap, most)[1]
      groups[key] = jax.tree.map(lambda x, take=nearest: x[take], contact)
    return groups

  return contact_groups


def _gaps(
  model: Any, data: Any, pairs: Int[np.ndarray, 'pairs 2']
) -> Float[jax.Array, ' pairs']:
  """Distance between the axis-aligned boxes of two geoms, pair by pair.

  Along the axis where they are farthest apart; negative where they overlap.
  Made for all first geoms against all second ones, one axis at a time, which
  a CPU does much faster than to collect three numbers for each pair.
  """
  (first, row), (second, column) = (
    np.unique(each, return_inverse=True) for each in pairs.T
  )
  kind, size = model.geom_type, model.geom_size
  boxed, round_ = kind == _BOX, kind == _CAPSULE
  radius = jnp.where(boxed, 0, model.geom_rbound)
  radius = jnp.where(round_, size[:, 0], radius)
  length = jnp.where(round_, size[:, 1], jnp.where(boxed, size[:, 2], 0))
  half = [jnp.where(boxed, size[:, k], 0) for k in range(2)] + [length]
  gap = jnp.float32(-jnp.inf)
  for axis in range(3):
    turned = abs(data.geom_xmat[:, axis])
    reach = radius + sum(turned[:, k] * half[k] for k in range(3))
    low, high = data.geom_xpos[:, axis] - reach, data.geom_xpos[:, axis] + reach
    gap = jnp.maximum(gap, low[first][:, None] - high[second])
    gap = jnp.maximum(gap, low[second] - high[first][:, None])
  return gap.reshape(-1)[row * len(second) + column]
