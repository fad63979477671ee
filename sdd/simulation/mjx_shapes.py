"""The shapes of a scene as batched fields of one MJX model.

All shapes share one compiled program: what differs between their models,
sizes, places, masses and colours, is looked up by the shape of each world.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np
from jax import numpy as jnp
from jaxtyping import Float, Int

from sdd import errors
from sdd.scenes import scene as scene_lib
from sdd.scenes import world_state
from sdd.simulation import extraction, tuning, weighing

# What may differ between shapes; all of it is a field of MJX's model.
_VARYING = (
  'body_ipos', 'body_iquat', 'body_mass', 'body_subtreemass', 'body_inertia',
  'body_invweight0', 'dof_invweight0', 'dof_M0', 'geom_size', 'geom_aabb',
  'geom_rbound', 'geom_pos', 'geom_quat',
)  # fmt: skip
# What must not; MJX compiles it in.
_FIXED = (
  'geom_type', 'geom_bodyid', 'geom_contype', 'geom_conaffinity',
  'geom_condim', 'jnt_type', 'jnt_qposadr', 'body_parentid',
)  # fmt: skip


class Shapes:
  """The models of a scene's shapes.

  Attributes:
    model: the first, as the program is compiled from it.
  """

  def __init__(self, scene: scene_lib.Scene):
    """Raises errors.SddError if the shapes differ in more than they may."""
    scenes = [scene.shaped(k) for k in range(max(1, len(scene.shapes)))]
    models = [_simplified(each) for each in scenes]
    self.model = models[0]
    for name in _FIXED:
      if not all(
        np.array_equal(getattr(model, name), getattr(self.model, name))
        for model in models
      ):
        raise errors.SddError(
          f'The shapes of the scene {scene.name!r} differ in {name}; all must '
          'have the same bodies, joints and geoms, by number and type.'
        )
    self._stacks = {
      name: np.stack([getattr(model, name) for model in models])
      for name in _VARYING
      if len(models) > 1
    }
    self._weighing = weighing.Weighing(self.model)
    self._tuning = tuning.Tuning(scene)
    tables = [extraction.link_table(each) for each in scenes]
    self._core = np.stack([table.core for table in tables])
    self._radius = np.stack([table.radius for table in tables])

  def fields(
    self, shape: Int[Any, ''], factors: Mapping[str, Float[Any, '']]
  ) -> dict[str, Any]:
    """The fields of the model of a world of that shape; traceable.

    The factors are the world's, by their names in `world_state.FACTORS`.
    """
    found = {
      name: jnp.asarray(stack, jnp.float32)[shape]
      for name, stack in self._stacks.items()
    }

    def field(name: str) -> Any:
      value = found.get(name)
      if value is None:
        value = jnp.asarray(getattr(self.model, name), jnp.float32)
      return value

    mass, friction, damping, gain = (
      factors[name] for name in world_state.FACTORS
    )
    return {
      **found,
      **self._weighing.fields(field, mass, friction, xp=jnp),
      **self._tuning.fields(field, damping, gain, xp=jnp),
    }

  def link_table(
    self, table: extraction.LinkTable, shape: Int[Any, '*b']
  ) -> extraction.LinkTable:
    """The table of worlds of these shapes."""
    return dataclasses.replace(
      table,
      core=jnp.asarray(self._core, jnp.float32)[shape],
      radius=jnp.asarray(self._radius, jnp.float32)[shape],
    )


def _simplified(scene: scene_lib.Scene) -> mujoco.MjModel:
  """The model with contacts of one dimension only.

  MJX compiles collisions and keeps contacts separately for each dimension.
  Robot against furniture, the only lower one, gains some torsional friction.
  """
  model = scene.fresh_model()
  colliding = (model.geom_contype | model.geom_conaffinity) != 0
  model.geom_condim[colliding] = model.geom_condim[colliding].max()
  # What is damped is solved for by us, implicitly, before MJX integrates.
  model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_EULERDAMP
  if len(scene.shapes) > 1:
    # A shortcut for geoms in the middle of their bodies; other shapes may
    # have them elsewhere.
    model.geom_sameframe[:] = mujoco.mjtSameFrame.mjSAMEFRAME_NONE
  return model
