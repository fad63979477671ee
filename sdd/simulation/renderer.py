"""The `Renderer` protocol: pictures of a scene's worlds, by whatever draws.

  drawer = renderer.make('auto', scene)
  image = drawer.render(poses.of_worlds(scene, worlds), 'front')
  image.rgb  # (len(worlds), 160, 240, 3)

Two renderers keep it: `gl` (OpenGL, by way of MuJoCo) and `raycast` (pure
JAX). Camera, depth and segmentation mean the same in both, and the same
`Look` gives the same colours, but for what `sdd.simulation.gl_renderer`
tells.
"""

from collections.abc import Collection
from typing import Any, Protocol

import flax.struct
import jax
import mujoco
import numpy as np
from jaxtyping import Int

from sdd import errors
from sdd.scenes import scene as scene_lib
from sdd.simulation import camera as camera_lib
from sdd.simulation import gl_context
from sdd.simulation import look as look_lib
from sdd.simulation import poses as poses_lib

NAMES = ('auto', 'gl', 'raycast')
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


class Renderer(Protocol):
  """Draws worlds of one shape of one scene.

  Attributes:
    name: `gl` or `raycast`; `auto` where it depends on the batch.
    scene: what it draws. Another shape of it needs another renderer.
  """

  name: str
  scene: scene_lib.Scene

  def render(
    self,
    poses: poses_lib.Poses,
    camera: camera_lib.Camera | str,
    *,
    look: look_lib.Look | None = None,
    size: tuple[int, int] | None = None,
    outputs: Collection[str] = ('rgb',),
    shadows: bool = True,
  ) -> Image:
    """Draws one frame, or many.

    Args:
      poses: where everything is, with batch axes or not.
      camera: the name of one of the scene's, which may be on the robot; or
        any camera, whose pose and field of view may have batch axes.
      look: colours, textures and lights, with batch axes or not; the
        model's own by default (`Look.of`). All batch axes broadcast.
      size: (height, width) in pixels; the camera's by default, `SIZE` for
        one that is named.
      outputs: which of `OUTPUTS` are wanted.
      shadows: False leaves out those of all lights, which is cheaper.

    Returns:
      NumPy arrays with the batch axes; JAX arrays from `raycast` if the
      poses live on an accelerator.

    Raises:
      errors.UnknownNameError: no such camera or output.
      errors.SddError: shapes that do not fit, or a look that the renderer
        cannot show.
    """
    ...

  def close(self) -> None:
    """Gives back what it holds of the graphics library; may be repeated."""
    ...


def make(name: str, scene: scene_lib.Scene) -> Renderer:
  """Makes the renderer called `name`.

  `auto` is OpenGL where a GPU draws it, and the ray caster elsewhere: it
  costs a processor less than OpenGL in software, above all with shadows.
  A batch that lives on an accelerator is drawn there, by the ray caster.

  Raises:
    errors.UnknownNameError: there is no such renderer.
    gl_context.NoGraphicsError: `gl` on a machine without OpenGL.
  """
  if name not in NAMES:
    raise errors.UnknownNameError('renderer', name, NAMES)
  if name == 'auto':
    return Auto(scene)
  if name == 'gl':
    from sdd.simulation import gl_renderer

    return gl_renderer.GlRenderer(scene)
  from sdd.simulation import raycast_renderer

  return raycast_renderer.RaycastRenderer(scene)


class Auto:
  """The `Renderer` that chooses for every batch; see `make`."""

  name = 'auto'

  def __init__(self, scene: scene_lib.Scene):
    self.scene = scene
    self._made: dict[str, Renderer] = {}

  def choose(self, poses: poses_lib.Poses) -> str:
    """The name of the renderer that would draw this batch."""
    if on_accelerator(poses.geom_xpos):
      return 'raycast'
    graphics = gl_context.find()
    return 'gl' if graphics is not None and graphics.hardware else 'raycast'

  def render(
    self,
    poses: poses_lib.Poses,
    camera: camera_lib.Camera | str,
    **options: Any,
  ) -> Image:
    name = self.choose(poses)
    if name not in self._made:
      self._made[name] = make(name, self.scene)
    return self._made[name].render(poses, camera, **options)

  def close(self) -> None:
    for made in self._made.values():
      made.close()
    self._made.clear()


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
