"""`Poses`: where geoms and cameras are; all that a renderer needs to know."""

import copy
from collections.abc import Sequence
from typing import Any

import flax.struct
import mujoco
import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.scenes import scene as scene_lib
from sdd.scenes import world_state


@flax.struct.dataclass
class Poses:
  """World frame, metres; NumPy or JAX, a pytree. `*b` are batch axes.

  Attributes:
    geom_xpos: (*b, ngeom, 3).
    geom_xmat: (*b, ngeom, 3, 3) geom to world.
    cam_xpos: (*b, ncam, 3).
    cam_xmat: (*b, ncam, 3, 3) camera to world.
  """

  geom_xpos: Float[Any, '*b ngeom 3']
  geom_xmat: Float[Any, '*b ngeom 3 3']
  cam_xpos: Float[Any, '*b ncam 3']
  cam_xmat: Float[Any, '*b ncam 3 3']

  @property
  def batch(self) -> tuple[int, ...]:
    """The batch axes."""
    return tuple(np.shape(self.geom_xpos)[:-2])


def of_data(data: Any) -> Poses:
  """Of simulated data: `mujoco.MjData`, or a (batched) `mjx.Data`.

  Needs `mj_kinematics`, `mj_comPos` and `mj_camlight` (or `mj_forward`).
  """

  def turned(matrix: Any) -> Any:
    flat = matrix.shape[-1] == 9
    shape = (*matrix.shape[:-1], 3, 3) if flat else matrix.shape
    return matrix.reshape(shape)

  found = Poses(
    geom_xpos=data.geom_xpos,
    geom_xmat=turned(data.geom_xmat),
    cam_xpos=data.cam_xpos,
    cam_xmat=turned(data.cam_xmat),
  )
  # MjData's arrays change under our hands.
  return copy.deepcopy(found) if isinstance(data, mujoco.MjData) else found


def of_qpos(
  model: mujoco.MjModel,
  qpos: Float[np.ndarray, 'T nq'],
  *,
  mocap_pos: Float[np.ndarray, '... M 3'] | None = None,
  mocap_quat: Float[np.ndarray, '... M 4'] | None = None,
) -> Poses:
  """Forward kinematics of every step, without simulating again.

  Args:
    model: the scene.
    qpos: a row for each step, at least one.
    mocap_pos: where the furniture stands, all along or, with an axis `T`,
      at each step; the model's by default.
    mocap_quat: its orientation.

  Returns:
    NumPy, float32, with the batch axis `T`.

  Raises:
    errors.SddError: `qpos` does not fit the model.
  """
  qpos = np.asarray(qpos)
  if qpos.ndim != 2 or not len(qpos) or qpos.shape[1] != model.nq:
    raise errors.SddError(
      f'qpos has shape {qpos.shape}; expected (T, {model.nq}), T at least 1.'
    )
  data, steps = mujoco.MjData(model), len(qpos)
  place, turn = (
    np.broadcast_to(default if given is None else given, (steps, *shape))
    for given, default, shape in (
      (mocap_pos, data.mocap_pos, (model.nmocap, 3)),
      (mocap_quat, data.mocap_quat, (model.nmocap, 4)),
    )
  )
  kept = Poses(
    np.empty((steps, model.ngeom, 3), np.float32),
    np.empty((steps, model.ngeom, 3, 3), np.float32),
    np.empty((steps, model.ncam, 3), np.float32),
    np.empty((steps, model.ncam, 3, 3), np.float32),
  )
  for step in range(steps):
    data.qpos[:] = qpos[step]
    data.mocap_pos[:], data.mocap_quat[:] = place[step], turn[step]
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_camlight(model, data)
    kept.geom_xpos[step] = data.geom_xpos
    kept.geom_xmat[step] = data.geom_xmat.reshape(-1, 3, 3)
    kept.cam_xpos[step] = data.cam_xpos
    kept.cam_xmat[step] = data.cam_xmat.reshape(-1, 3, 3)
  return kept


def of_worlds(
  scene: scene_lib.Scene, worlds: Sequence[world_state.WorldState]
) -> Poses:
  """Of several worlds of one shape of the scene, with one batch axis.

  Raises:
    errors.SddError: no worlds, or worlds of different shapes.
  """
  shapes = sorted({world.shape for world in worlds})
  if len(shapes) != 1:
    raise errors.SddError(
      f'The worlds have the shapes {shapes}; expected worlds of one shape, '
      f'at least one.'
    )
  return of_qpos(
    scene.shaped(shapes[0]).model,
    np.stack([world.qpos for world in worlds]),
    mocap_pos=np.stack([world.mocap_pos for world in worlds]),
    mocap_quat=np.stack([world.mocap_quat for world in worlds]),
  )
