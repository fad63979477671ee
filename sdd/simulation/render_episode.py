"""Pictures after physics: draws stored states from the model's cameras."""

import dataclasses
from collections.abc import Sequence

import mujoco
import numpy as np
from jaxtyping import Float

from sdd.simulation import camera as camera_lib
from sdd.simulation import look as look_lib
from sdd.simulation import poses as poses_lib
from sdd.simulation import raycast


def render_episode(
  model: mujoco.MjModel,
  qpos: Float[np.ndarray, 'T nq'],
  cameras: Sequence[str],
  *,
  width: int = 240,
  height: int = 160,
  shadows: bool = True,
  supersample: int = 1,
  look: look_lib.Look | None = None,
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
    table: `raycast.geom_table(model)` by default.
    mocap_pos: as in `poses.of_qpos`.
    mocap_quat: as in `poses.of_qpos`.

  Returns:
    Images with the leading axis `T`, by camera.

  Raises:
    errors.UnknownNameError: the model has no such camera.
    errors.SddError: as in `poses.of_qpos`.
  """
  moved = poses_lib.of_qpos(
    model, qpos, mocap_pos=mocap_pos, mocap_quat=mocap_quat
  )
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
