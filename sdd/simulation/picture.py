"""`Image`, and what every renderer has to find out before it draws."""

from collections.abc import Collection
from typing import Any

import flax.struct
import jax
import mujoco
import numpy as np
from jaxtyping import Int

from sdd import errors
from sdd.scenes import scene as scene_lib
from sdd.simulation import camera as camera_lib
from sdd.simulation import look as look_lib
from sdd.simulation import poses as poses_lib

OUTPUTS = ('rgb', 'depth', 'segmentation')
SIZE = (160, 240)  # height and width, the paper's


@flax.struct.dataclass
class Image:
  """What a camera sees; `*b` are batch axes. What was not asked for is None.

  Attributes:
    rgb: (*b, height, width, 3) uint8, as shown on a screen.
    depth: (*b, height, width) float32 metres along the optical axis, at
      pixel centres; infinite where nothing is hit.
    segmentation: (*b, height, width) int32 index of the link on the
      vocabulary's axis `L`, -1 for what is no link of it (most of the
      robot) and for nothing.
  """

  rgb: Any = None
  depth: Any = None
  segmentation: Any = None


def on_accelerator(array: Any) -> bool:
  """Whether an array lives on a GPU or TPU."""
  return isinstance(array, jax.Array) and any(
    device.platform != 'cpu' for device in array.devices()
  )


def seen_by(
  scene: scene_lib.Scene,
  poses: poses_lib.Poses,
  camera: camera_lib.Camera | str,
  size: tuple[int, int] | None,
) -> camera_lib.Camera:
  """The camera that `Renderer.render` is asked to draw from.

  Raises:
    errors.UnknownNameError: the scene has no such camera.
    errors.SddError: a bad size.
  """
  if isinstance(camera, str):
    height, width = SIZE if size is None else size
    index = camera_lib.index(scene.model, camera)
    return camera_lib.checked(
      camera,
      poses.cam_xpos[..., index, :],
      poses.cam_xmat[..., index, :, :],
      float(scene.model.cam_fovy[index]),
      width=width,
      height=height,
    )
  height, width = (camera.height, camera.width) if size is None else size
  return camera_lib.checked(
    camera.name, camera.position, camera.rotation, camera.fovy,
    width=width, height=height,
  )  # fmt: skip


def joint_batch(
  poses: poses_lib.Poses, camera: camera_lib.Camera, look: look_lib.Look
) -> tuple[int, ...]:
  """The batch axes of all three together.

  Raises:
    errors.SddError: they do not broadcast, or leave nothing to draw.
  """
  parts = (poses.batch, camera.batch, look.batch)
  try:
    batch = np.broadcast_shapes(*parts)
  except ValueError as mismatch:
    raise errors.SddError(
      f'Poses, camera and look have the batch axes {parts}; expected axes '
      f'that broadcast.'
    ) from mismatch
  if 0 in batch:
    raise errors.SddError(
      f'The batch axes are {batch}; expected at least one frame to draw.'
    )
  return batch


def check_outputs(outputs: Collection[str]) -> None:
  """Raises unless all are known and there is one.

  Raises:
    errors.UnknownNameError: there is no such output.
    errors.SddError: nothing is asked for.
  """
  if isinstance(outputs, str) or not outputs:
    raise errors.SddError(
      f'Got the outputs {outputs!r}; expected a tuple of {", ".join(OUTPUTS)}.'
    )
  for output in outputs:
    if output not in OUTPUTS:
      raise errors.UnknownNameError('output', output, OUTPUTS)


def link_of_geom(scene: scene_lib.Scene) -> Int[np.ndarray, ' G']:
  """Index of the link that each geom of the model belongs to, or -1."""
  owner = np.full(scene.model.ngeom, -1, np.int32)
  for index, link in enumerate(scene.vocabulary.links):
    for name in link.geoms:
      owner[mujoco.mj_name2id(scene.model, mujoco.mjtObj.mjOBJ_GEOM, name)] = (
        index
      )
  return owner
