"""The constraint rows of MJX's worlds, as `mjx_solver` wants them.

MJX makes six rows of each contact with a Jacobian of both its bodies. Here a
contact is a few axes, along which one body moves against the other, and all
Jacobians of a world are one product with the motions of its joints. Rows that
belong to no contact are MJX's own.
"""

from typing import Any

import mujoco
import numpy as np
from jax import numpy as jnp
from jaxtyping import Float

from sdd import errors
from sdd.simulation import mjx_barrier, mjx_solver

mjx = mjx_barrier.mjx


class Constraints:
  """The constraints of a model.

  Attributes:
    rows: what their rows are.
  """

  def __init__(self, model: mujoco.MjModel):
    """Raises errors.SddError if contacts have other cones than pyramids."""
    data = mjx.make_data(model)._impl
    dimensions = {int(each) for each in data.contact.dim}
    if model.opt.cone != mujoco.mjtCone.mjCONE_PYRAMIDAL or not (
      dimensions <= {max(dimensions, default=3)} <= {3, 4, 6}
    ):
      raise errors.SddError(
        'MJX needs contacts with pyramidal cones, all of the same condim out '
        f'of 3, 4 and 6; the model has cone {model.opt.cone} and condim '
        f'{sorted(dimensions)}.'
      )
    slides = max(dimensions, default=3) - 1
    self.rows = mjx_solver.Rows(
      single=data.nefc - 2 * slides * data.ncon,
      contacts=data.ncon,
      slides=slides,
    )
    row = np.arange(self.rows.single)
    self._equal = row < data.ne
    self._dry = (row >= data.ne) & (row < data.ne + data.nf)
    self._moves = _moves(model)
    self._root = model.body_rootid[model.dof_bodyid]

  def problem(self, model: Any, data: Any) -> mjx_solver.Problem:
    """What is to be solved in one world of MJX; traceable.

    Its velocities, smooth forces and contacts must be known.
    """
    alone, low, high = self._alone(model, data)
    axes, target, stiffness = self._contacts(model, data)
    edges = np.zeros(2 * self.rows.slides * self.rows.contacts)
    return mjx_solver.Problem(
      mass=mjx.full_m(model, data),
      force=data.qfrc_smooth,
      axes=jnp.concatenate([alone.efc_J, axes]),
      target=jnp.concatenate([alone.efc_aref, target]),
      stiffness=jnp.concatenate([alone.efc_D, stiffness]),
      low=jnp.concatenate([low, edges - np.inf]),
      high=jnp.concatenate([high, edges]),
    )

  def _alone(self, model: Any, data: Any) -> tuple[Any, Any, Any]:
    """MJX's rows of no contact, and least and greatest slope of each."""
    # MJX makes no rows of contacts that have no dimensions.
    none = data.tree_replace({'_impl.contact.dim': np.zeros(0, int)})
    found = mjx.make_constraint(model, none)._impl
    loss = found.efc_frictionloss
    high = jnp.where(self._equal, jnp.inf, jnp.where(self._dry, loss, 0))
    return found, jnp.where(self._dry, -loss, -jnp.inf), high

  def _contacts(self, model: Any, data: Any) -> tuple[Any, Any, Any]:
    """Axes (m, v); targets (n,) and stiffness (n,) of the edges."""
    contact, slides = data._impl.contact, self.rows.slides
    depth = contact.dist - contact.includemargin
    touching = depth < 0
    body = jnp.asarray(model.geom_bodyid)[contact.geom]
    side = jnp.asarray(self._moves)[body]
    side = (side[:, 1] - side[:, 0]) * touching[:, None]
    axes = jnp.einsum(
      'cas,sv->acv', self._wrenches(contact), self._motions(data)
    )
    axes = (axes * side).reshape(-1, side.shape[-1])
    rub = contact.friction[:, 0] ** 2
    weight = model.body_invweight0[body, 0].sum(axis=-1)
    weight = weight * (1 + rub) * 2 * rub / model.opt.impratio
    spring, damper, impedance = _reference(model, contact, depth)
    least = mujoco.mjMINVAL
    slack = jnp.maximum(weight * (1 - impedance) / impedance, least)
    speed = self.rows.spread((axes @ data.qvel)[None], alone=False)[0]
    push = spring * impedance * depth * touching
    wide = 2 * slides
    target = -jnp.tile(damper, wide) * speed - jnp.tile(push, wide)
    return axes, target, jnp.tile(1 / slack, wide)

  def _wrenches(self, contact: Any) -> Float[Any, 'c a 6']:
    """Per contact: normal and slides, as pull at and turn about the origin.

    Slides times their friction.
    """
    frame, place = contact.frame, contact.pos[:, None]
    turning = jnp.concatenate([jnp.cross(place, frame), frame], axis=1)
    pulling = jnp.concatenate([frame, jnp.zeros_like(frame)], axis=1)
    both = jnp.concatenate([pulling, turning], axis=-1)
    one = jnp.ones_like(contact.friction[:, :1])
    factor = jnp.concatenate([one, contact.friction], axis=1)
    return (both * factor[..., None])[:, : 1 + self.rows.slides]

  def _motions(self, data: Any) -> Float[Any, '6 v']:
    """Per degree of freedom, how a point at the origin moves, and its turn."""
    turn, move = data.cdof[:, :3], data.cdof[:, 3:]
    move = move - jnp.cross(turn, data.subtree_com[self._root])
    return jnp.concatenate([move, turn], axis=1).T


def _moves(model: mujoco.MjModel) -> Float[np.ndarray, 'bodies v']:
  """One where a degree of freedom moves a body, zero elsewhere."""
  found = np.zeros((model.nbody, model.nv), np.float32)
  for body in range(1, model.nbody):
    first, count = model.body_dofadr[body], model.body_dofnum[body]
    found[body] = found[model.body_parentid[body]]
    found[body, first : first + count] = 1
  return found


def _reference(model: Any, contact: Any, depth: Any) -> tuple[Any, Any, Any]:
  """Stiffness, damping and impedance (c,) of contacts.

  MuJoCo's documentation explains them under "solver parameters".
  """
  time, ratio = contact.solref.T
  low, high, width, middle, power = contact.solimp.T
  least = mujoco.mjMINVAL
  low = jnp.clip(low, mujoco.mjMINIMP, mujoco.mjMAXIMP)
  high = jnp.clip(high, mujoco.mjMINIMP, mujoco.mjMAXIMP)
  middle = jnp.clip(middle, mujoco.mjMINIMP, mujoco.mjMAXIMP)
  power = jnp.maximum(power, 1)
  if not model.opt.disableflags & mjx.DisableBit.REFSAFE:
    time = jnp.where(time > 0, jnp.maximum(time, 2 * model.opt.timestep), time)
  spring = jnp.where(time > 0, 1 / (high * time * ratio) ** 2, -time / high**2)
  damper = jnp.where(ratio > 0, 2 / (high * time), -ratio / high)
  part = jnp.minimum(abs(depth) / jnp.maximum(width, least), 1)
  below = part**power / middle ** (power - 1)
  above = 1 - (1 - part) ** power / (1 - middle) ** (power - 1)
  rise = jnp.where(part < middle, below, above)
  return spring, damper, low + rise * (high - low)
