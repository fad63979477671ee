"""What OpenGL holds of one scene, and how a frame is drawn with it."""

import atexit
import dataclasses
import math
from collections.abc import Collection

import mujoco
import numpy as np

from sdd.scenes import scene as scene_lib
from sdd.simulation import camera as camera_lib
from sdd.simulation import (
  gl_composite,
  gl_context,
  gl_lights,
  gl_texture,
  picture,
)
from sdd.simulation import look as look_lib

_NEAR, _FAR = 0.01, 100.0  # metres
_FLAG = mujoco.mjtRndFlag
# No smoothing at edges, so that depth and ids are those of one thing; and no
# more corners than it takes: without a GPU they are what a frame costs.
_QUALITY = {
  'offsamples': 0, 'shadowsize': 2048, 'numslices': 20, 'numstacks': 10,
  'numquads': 4,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Frame:
  """One picture to draw; nothing in it has batch axes."""

  geom_xpos: np.ndarray
  geom_xmat: np.ndarray
  camera: camera_lib.Camera
  look: look_lib.Look


class Stage:
  """A copy of the model, and what OpenGL holds of it."""

  def __init__(self, scene: scene_lib.Scene, *, textured: bool):
    self.textured = textured
    self._textures = gl_texture.Textures(scene.mjcf) if textured else None
    self._model = (
      self._textures.model if self._textures else scene.fresh_model()
    )
    for name, value in _QUALITY.items():
      setattr(self._model.vis.quality, name, value)
    gl_lights.set_up(self._model)
    self._data = mujoco.MjData(self._model)
    self._scene = mujoco.MjvScene(self._model, self._model.ngeom + 8)
    self._option = mujoco.MjvOption()
    self._option.sitegroup[:] = 0
    self._free = mujoco.MjvCamera()
    self._library = gl_context.make(*reversed(picture.SIZE))
    # Ours has to go before the library does: last registered, first called.
    atexit.register(self.close)
    self._library.make_current()
    self._size = picture.SIZE
    vis = self._model.vis.global_
    vis.offheight, vis.offwidth = self._size
    self._context = mujoco.MjrContext(
      self._model, mujoco.mjtFontScale.mjFONTSCALE_50.value
    )
    self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR.value
    mujoco.mjr_setBuffer(
      mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._context
    )

  def draw(
    self,
    frame: Frame,
    outputs: Collection[str],
    *,
    shadows: bool,
    links: np.ndarray,
  ) -> dict[str, np.ndarray]:
    """Depth, and of the other outputs those asked for.

    Args:
      frame: what to draw.
      outputs: as in `renderer.Renderer.render`.
      shadows: whether lights cast them.
      links: of every geom, and one more for nothing.
    """
    self._library.make_current()
    self._fit(frame.camera)
    self._arrange(frame)
    drawn: dict[str, np.ndarray] = {}
    if 'rgb' in outputs:
      rgb, depth = self._pass(frame.camera, shadows=shadows, ids=False)
      drawn['rgb'] = gl_composite.backed(rgb, depth, frame)
      drawn['depth'] = depth
    if 'segmentation' in outputs or 'rgb' not in outputs:
      ids, depth = self._pass(frame.camera, shadows=False, ids=True)
      drawn['segmentation'] = links[self._geoms(ids)]
      drawn['depth'] = depth
    return drawn

  def _fit(self, camera: camera_lib.Camera) -> None:
    """Grows the picture that is drawn into, if it has to."""
    wanted = (camera.height, camera.width)
    if any(new > old for new, old in zip(wanted, self._size)):
      self._size = (
        max(wanted[0], self._size[0]),
        max(wanted[1], self._size[1]),
      )
      mujoco.mjr_resizeOffscreen(self._size[1], self._size[0], self._context)

  def _arrange(self, frame: Frame) -> None:
    """Puts geoms, paint, lights and camera where the frame has them."""
    model, look = self._model, frame.look
    model.geom_rgba[:, :3] = look.rgba[:, :3]
    model.geom_rgba[:, 3] = look.rgba[:, 3] > 0
    model.geom_matid[:] = -1
    if self._textures is not None:
      self._textures.apply(look, self._context)
    self._data.geom_xpos[:] = frame.geom_xpos
    self._data.geom_xmat[:] = frame.geom_xmat.reshape(-1, 9)
    mujoco.mjv_updateScene(
      model, self._data, self._option, None, self._free,
      mujoco.mjtCatBit.mjCAT_STATIC.value | mujoco.mjtCatBit.mjCAT_DYNAMIC,
      self._scene,
    )  # fmt: skip
    gl_lights.place(self._scene, model, look, frame.camera)
    _aim(self._scene, frame.camera)

  def _pass(
    self, camera: camera_lib.Camera, *, shadows: bool, ids: bool
  ) -> tuple[np.ndarray, np.ndarray]:
    """Colours, or what encodes ids, and depth in metres; top row first."""
    flags = self._scene.flags
    flags[:] = 0
    flags[_FLAG.mjRND_CULL_FACE] = 1
    flags[_FLAG.mjRND_SHADOW] = shadows
    flags[_FLAG.mjRND_SEGMENT] = flags[_FLAG.mjRND_IDCOLOR] = ids
    rectangle = mujoco.MjrRect(0, 0, camera.width, camera.height)
    mujoco.mjr_render(rectangle, self._scene, self._context)
    rgb = np.empty((camera.height, camera.width, 3), np.uint8)
    depth = np.empty((camera.height, camera.width), np.float32)
    mujoco.mjr_readPixels(rgb, depth, rectangle, self._context)
    return rgb[::-1], gl_composite.metres(depth[::-1], _NEAR, _FAR)

  def _geoms(self, ids: np.ndarray) -> np.ndarray:
    """Index of the geom in every pixel, -1 for none."""
    number = ids.astype(np.int32) @ np.array([1, 2**8, 2**16])
    shown = np.full(self._scene.ngeom + 1, -1)
    for geom in self._scene.geoms[: self._scene.ngeom]:
      if geom.objtype == mujoco.mjtObj.mjOBJ_GEOM and geom.segid >= 0:
        shown[geom.segid + 1] = geom.objid
    return shown[number]

  def close(self) -> None:
    """Gives everything back to OpenGL."""
    atexit.unregister(self.close)
    self._library.make_current()
    self._context.free()
    self._library.free()


def _aim(scene: mujoco.MjvScene, camera: camera_lib.Camera) -> None:
  half = _NEAR * math.tan(math.radians(float(camera.fovy)) / 2)
  for eye in scene.camera:
    eye.pos[:] = camera.position
    eye.forward[:], eye.up[:] = -camera.rotation[:, 2], camera.rotation[:, 1]
    eye.frustum_near, eye.frustum_far = _NEAR, _FAR
    eye.frustum_bottom, eye.frustum_top = -half, half
    eye.frustum_center, eye.frustum_width = 0, 0
    eye.orthographic = 0
