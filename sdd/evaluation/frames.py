"""Pictures of stored states, one after the other: where films get theirs.

The only place in which pages and films of this chapter ask for a picture.
"""

import dataclasses
from collections.abc import Iterator

import mujoco
import numpy as np
from jaxtyping import Float, UInt8

from sdd import errors
from sdd.collection import episode as episode_lib
from sdd.scenes import scene as scene_lib
from sdd.scenes import world_state
from sdd.simulation import camera as camera_lib
from sdd.simulation import render_episode

_AT_ONCE = 4  # states: few, so that a progress bar keeps moving
_ASPECT = 2 / 3  # height of a picture by its width

Picture = UInt8[np.ndarray, 'height width 3']


@dataclasses.dataclass(frozen=True)
class View:
  """From where and how large.

  Attributes:
    camera: name of a camera of the model.
    width: pixels.
    height: pixels.
    supersample: rays a pixel and direction.
  """

  camera: str = 'front'
  width: int = 360
  height: int = 240
  supersample: int = 1


def view(camera: str, width: int, supersample: int = 1) -> View:
  """A view in landscape; width and height are even, as films need them."""
  even = max(2, width // 2 * 2)
  return View(camera, even, max(2, round(even * _ASPECT / 2) * 2), supersample)


@dataclasses.dataclass(frozen=True, eq=False)
class Stage:
  """What stays as it is while states are drawn.

  Attributes:
    model: the scene, in the shape that its things have.
    mocap_pos: where the furniture stands.
    mocap_quat: its orientation.
  """

  model: mujoco.MjModel
  mocap_pos: Float[np.ndarray, 'M 3']
  mocap_quat: Float[np.ndarray, 'M 4']

  def data(self, qpos: Float[np.ndarray, ' nq']) -> mujoco.MjData:
    """Where everything is in that state."""
    data = mujoco.MjData(self.model)
    data.qpos[:] = qpos
    data.mocap_pos[:], data.mocap_quat[:] = self.mocap_pos, self.mocap_quat
    mujoco.mj_kinematics(self.model, data)
    mujoco.mj_comPos(self.model, data)
    mujoco.mj_camlight(self.model, data)
    return data


def stage(scene: scene_lib.Scene, world: world_state.WorldState) -> Stage:
  """The stage of a world."""
  model = scene.shaped(world.shape).model
  return Stage(model, world.mocap_pos, world.mocap_quat)


def stage_of(scene: scene_lib.Scene, episode: episode_lib.Episode) -> Stage:
  """The stage of a stored episode."""
  return stage(scene, episode.metadata.initial_world)


def pictures(
  stage: Stage, qpos: Float[np.ndarray, 'T nq'], view: View
) -> Iterator[Picture]:
  """Draws one state after the other.

  Raises:
    errors.UnknownNameError: the model has no such camera.
  """
  require_camera(stage.model, view.camera)
  for start in range(0, len(qpos), _AT_ONCE):
    images = render_episode.render_episode(
      stage.model, qpos[start : start + _AT_ONCE], [view.camera],
      mocap_pos=stage.mocap_pos, mocap_quat=stage.mocap_quat,
      width=view.width, height=view.height, supersample=view.supersample,
    )  # fmt: skip
    yield from images[view.camera].rgb


def camera(
  stage: Stage, qpos: Float[np.ndarray, ' nq'], view: View
) -> camera_lib.Camera:
  """The camera that the picture of a state is taken with."""
  return camera_lib.from_model(
    stage.model, stage.data(qpos), view.camera, width=view.width,
    height=view.height,
  )  # fmt: skip


def require_camera(model: mujoco.MjModel, name: str) -> None:
  """Raises UnknownNameError if the model has no camera of that name."""
  names = [model.camera(index).name for index in range(model.ncam)]
  if name not in names:
    raise errors.UnknownNameError('camera', name, names)
