"""Pictures after physics: draws stored states from the model's cameras."""

import dataclasses
from collections.abc import Sequence

import mujoco
import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.simulation import camera as camera_lib
from sdd.simulation import raycast


@dataclasses.dataclass(frozen=True)
class Poses:
  """Where geoms and cameras were at `T` steps; world frame, metres.

  Attributes:
    geom_xpos: (T, ngeom, 3).
    geom_xmat: (T, ngeom, 3, 3).
    cam_xpos: (T, ncam, 3).
    cam_xmat: (T, ncam, 3, 3) camera to world.
  """

  geom_xpos: np.ndarray
  geom_xmat: np.ndarray
  cam_xpos: np.ndarray
  cam_xmat: np.ndarray


def poses(
  model: mujoco.MjModel,
  qpos: Float[np.ndarray, 'T nq'],
  *,
  mocap_pos: Float[np.ndarray, 'M 3'] | None = None,
  mocap_quat: Float[np.ndarray, 'M 4'] | None = None,
) -> Poses:
  """Forward kinematics of every step, without simulating again.

  Args:
    model: the scene.
    qpos: a row for each step, at least one.
    mocap_pos: where the furniture stands all along; the model's by default.
    mocap_quat: its orientation.

  Raises:
    errors.SddError: `qpos` does not fit the model.
  """
  qpos = np.asarray(qpos)
  if qpos.ndim != 2 or not len(qpos) or qpos.shape[1] != model.nq:
    raise errors.SddError(
      f'qpos has shape {qpos.shape}; expected (T, {model.nq}), T at least 1.'
    )
  data = mujoco.MjData(model)
  if mocap_pos is not None:
    data.mocap_pos[:] = mocap_pos
  if mocap_quat is not None:
    data.mocap_quat[:] = mocap_quat
  kept: list[tuple[np.ndarray, ...]] = []
  for row in qpos:
    data.qpos[:] = row
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_camlight(model, data)
    kept.append(
      (
        data.geom_xpos.astype(np.float32),
        data.geom_xmat.reshape(-1, 3, 3).astype(np.float32),
        data.cam_xpos.astype(np.float32),
        data.cam_xmat.reshape(-1, 3, 3).astype(np.float32),
      )
    )
  return Poses(*(np.stack(column) for column in zip(*kept)))


def render_episode(
  model: mujoco.MjModel,
  qpos: Float[np.ndarray, 'T nq'],
  cameras: Sequence[str],
  *,
  width: int = 240,
  height: int = 160,
  shadows: bool = True,
  supersample: int = 1,
  look: raycast.Look | None = None,
  table: raycast.GeomTable | None = None,
  mocap_pos: Float[np.ndarray, 'M 3'] | None = None,
  mocap_quat: Float[np.ndarray, 'M 4'] | None = None,
) -> dict[str, raycast.Image]:
  """Draws every step from each of the model's cameras, also moving ones.

  Args:
    model: the scene.
    qpos: states as stored in an episode, at least one.
    cameras: names of MJCF cameras.
    width: pixels.
    height: pixels.
    shadows: as in `raycast.render`.
    supersample: as in `raycast.render`.
    look: as in `raycast.render`.
    table: `raycast.geom_table(model)` by default; pass one with other
      colours to randomise them.
    mocap_pos: as in `poses`.
    mocap_quat: as in `poses`.

  Returns:
    Images with the leading axis `T`, by camera.

  Raises:
    errors.UnknownNameError: the model has no such camera.
    errors.SddError: as in `poses`.
  """
  moved = poses(model, qpos, mocap_pos=mocap_pos, mocap_quat=mocap_quat)
  table = raycast.geom_table(model) if table is None else table
  data = mujoco.MjData(model)
  images = {}
  for name in cameras:
    camera = camera_lib.from_model(
      model, data, name, width=width, height=height
    )
    index = model.camera(name).id
    camera = dataclasses.replace(
      camera,
      position=moved.cam_xpos[:, index],
      rotation=moved.cam_xmat[:, index],
    )
    images[name] = raycast.render(
      table,
      moved.geom_xpos,
      moved.geom_xmat,
      camera,
      shadows=shadows,
      supersample=supersample,
      look=look,
    )
  return images
