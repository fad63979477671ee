"""What a world's factors of mass and friction make of its model.

A world differs from the model of its shape in the mass of what can be moved
about and in the friction of its contacts, see `world_state.WorldState`. Both
simulators take the changed fields from here.
"""

from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float

# Powers of the factor by which each field of a free object is multiplied. As
# nothing else moves with the object, these are what MuJoCo would compute.
_BODY = {
  'body_mass': 1, 'body_inertia': 1, 'body_subtreemass': 1,
  'body_invweight0': -1,
}  # fmt: skip
_DOF = {'dof_M0': 1, 'dof_invweight0': -1}
# The columns of friction that slide and twist; the rest is rolling.
_FRICTION = {'geom_friction': 2, 'pair_friction': 3}
FIELDS = (*_BODY, *_DOF, *_FRICTION)


class Weighing:
  """The rule for models of one scene, in whatever shape."""

  def __init__(self, model: mujoco.MjModel):
    joints = model.jnt_type == mujoco.mjtJoint.mjJNT_FREE
    self._body = np.isin(model.body_rootid, model.jnt_bodyid[joints])
    self._dof = self._body[model.dof_bodyid]

  def fields(
    self,
    field: Callable[[str], Any],
    mass: Float[Any, ''],
    friction: Float[Any, ''],
    *,
    xp: Any = np,
  ) -> dict[str, Any]:
    """The fields of a model with these factors; those of 1 change no bit.

    Args:
      field: an array of the unchanged model by name, for each of `FIELDS`.
      mass: on mass and inertia of the free objects.
      friction: on sliding and torsional friction of all contacts.
      xp: `numpy`, or `jax.numpy`, where this is traceable.
    """
    found = {}
    for powers, chosen in ((_BODY, self._body), (_DOF, self._dof)):
      for name, power in powers.items():
        value = field(name)
        mask = chosen.reshape(-1, *(1,) * (value.ndim - 1))
        found[name] = value * xp.where(mask, mass**power, 1)
    # The world bears them all, and weighs only them more.
    more = (field('body_mass') * self._body).sum() * (mass - 1)
    first = np.arange(len(self._body)) == 0
    found['body_subtreemass'] = found['body_subtreemass'] + first * more
    for name, columns in _FRICTION.items():
      value = field(name)
      factor = xp.where(np.arange(value.shape[1]) < columns, friction, 1)
      found[name] = value * factor
    return found
