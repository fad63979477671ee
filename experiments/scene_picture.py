"""Pictures of a scene's initial worlds; no graphics library is needed."""

import dataclasses
from collections.abc import Sequence

import mujoco
import numpy as np
from jaxtyping import Float, UInt8

from sdd.scenes import scene as scene_lib
from sdd.simulation import camera as camera_lib
from sdd.simulation import look as look_lib
from sdd.simulation import raycast

FITTED = 'fitted'
_EYE = np.array([1.05, -0.55, 0.85])  # from the middle of what is shown
_FILLED = 0.94  # share of the picture
_BOX = mujoco.mjtGeom.mjGEOM_BOX

Picture = UInt8[np.ndarray, 'height width 3']


def start(
  scene: scene_lib.Scene, seed: int
) -> tuple[scene_lib.Scene, mujoco.MjData]:
  """The initial world of a seed: the scene in its shape, and where all is."""
  world = scene.initial(np.random.default_rng(seed))
  scene = scene.shaped(world.shape)
  model, data = scene.model, mujoco.MjData(scene.model)
  data.qpos[:] = world.qpos
  data.mocap_pos[:], data.mocap_quat[:] = world.mocap_pos, world.mocap_quat
  mujoco.mj_kinematics(model, data)
  mujoco.mj_comPos(model, data)
  mujoco.mj_camlight(model, data)
  return scene, data


def draw(
  model: mujoco.MjModel,
  data: mujoco.MjData,
  camera: camera_lib.Camera,
  *,
  supersample: int,
  look: look_lib.Look | None = None,
) -> Picture:
  """What a camera sees, with `supersample` rays a pixel and direction."""
  return raycast.render(
    raycast.geom_table(model), data.geom_xpos, data.geom_xmat, camera,
    supersample=supersample, look=look,
  ).rgb  # fmt: skip


def fitted(
  scene: scene_lib.Scene, data: mujoco.MjData, *, width: int, height: int
) -> camera_lib.Camera:
  """From the robot's front left: all it can handle, and its hand."""
  names = [
    name
    for link in scene.vocabulary.links
    if link.kind in ('object', 'furniture', 'part')
    for name in link.geoms
  ]
  hand = scene.model.site_bodyid[scene.model.site(scene.robot.arm.tool).id]
  ids = [scene.model.geom(name).id for name in names]
  ids += list(np.flatnonzero(scene.model.geom_bodyid == hand))
  lower, upper = boxes(scene.model, data, ids)
  whole = np.stack([lower.min(axis=0), upper.max(axis=0)])
  middle = whole.mean(axis=0)
  camera = camera_lib.look_at(
    FITTED, middle + _EYE, middle, fovy=45, width=width,
    height=height,
  )  # fmt: skip
  corners = whole[np.indices((2, 2, 2)).reshape(3, -1).T, np.arange(3)]
  half = np.array([width, height]) / 2
  fill = np.max(np.abs(camera.project(corners) - half) / half) / _FILLED
  wanted = np.arctan(np.tan(np.radians(45 / 2)) * fill)
  return dataclasses.replace(camera, fovy=2 * np.degrees(wanted))


def boxes(
  model: mujoco.MjModel, data: mujoco.MjData, ids: Sequence[int] | np.ndarray
) -> tuple[Float[np.ndarray, 'n 3'], Float[np.ndarray, 'n 3']]:
  """Lower and upper corners of boxes around geoms, along the world's axes."""
  turned = np.abs(data.geom_xmat[ids].reshape(-1, 3, 3))
  size, is_box = model.geom_size[ids], model.geom_type[ids] == _BOX
  half = np.where(
    is_box[:, None],
    (turned @ size[:, :, None])[..., 0],
    size[:, :1] + turned[:, :, 2] * size[:, 1:2],
  )
  return data.geom_xpos[ids] - half, data.geom_xpos[ids] + half


def middles(
  scene: scene_lib.Scene, data: mujoco.MjData
) -> dict[str, Float[np.ndarray, ' 3']]:
  """The middle of every link that has geoms, in the world, metres."""
  found = {}
  for link in scene.vocabulary.links:
    ids = [scene.model.geom(name).id for name in link.geoms]
    if ids and link.kind != 'robot':
      lower, upper = boxes(scene.model, data, ids)
      found[link.name] = (lower.min(axis=0) + upper.max(axis=0)) / 2
  return found
