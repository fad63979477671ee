"""Pictures after physics: what cameras would have seen of stored episodes."""

import dataclasses
import io
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from sdd import errors
from sdd.collection import episode as episodes
from sdd.dataset import view
from sdd.scenes import scene as scene_lib
from sdd.simulation import camera as camera_lib
from sdd.simulation import look_variation, renderer
from sdd.simulation import poses as poses_lib

Format = Literal['jpeg', 'png']
FORMATS: tuple[Format, ...] = ('jpeg', 'png')
_NOISE = 7  # the stream of random numbers of the sensors
_AT_ONCE = 64  # frames: what is drawn in one go, so that memory is bounded


@dataclasses.dataclass(frozen=True)
class Setting:
  """How pictures are made.

  Attributes:
    cameras: of the scene, by name.
    size: height and width, pixels.
    strength: how far looks vary, 0 for the scene's own.
    seed: of all looks.
    shadows: whether there are any.
    format: of the encoded images.
    quality: of JPEG, 1 to 95.
    renderer: see `renderer.make`.
  """

  cameras: tuple[str, ...]
  size: tuple[int, int] = renderer.SIZE
  strength: float = 0.0
  seed: int = 0
  shadows: bool = True
  format: Format = 'jpeg'
  quality: int = 92
  renderer: str = 'auto'

  def to_json(self) -> dict[str, Any]:
    """Everything as JSON values."""
    return {
      **dataclasses.asdict(self),
      'cameras': list(self.cameras),
      'size': list(self.size),
    }


class Studio:
  """Draws the episodes of one scene.

  Attributes:
    setting: how.
  """

  def __init__(self, scene: scene_lib.Scene, setting: Setting):
    """Opens no renderer yet.

    Raises:
      errors.UnknownNameError: the scene has no such camera, or there is no
        such format.
    """
    names = [scene.model.camera(k).name for k in range(scene.model.ncam)]
    for name in setting.cameras:
      if name not in names:
        raise errors.UnknownNameError('camera', name, names)
    if setting.format not in FORMATS:
      raise errors.UnknownNameError('format', setting.format, FORMATS)
    self.setting, self._scene = setting, scene
    self._drawers: dict[int, renderer.Renderer] = {}

  def views(
    self, episode: episodes.Episode, *, number: int
  ) -> tuple[dict[str, view.View], dict[str, Any]]:
    """What the cameras saw, and how the pictures were made.

    Args:
      episode: the episode.
      number: which of the looks; with the setting's seed it fixes
        everything.
    """
    about, setting = episode.metadata, self.setting
    shape = int(about.initial['shape'])
    scene = self._scene.shaped(shape)
    drawer = self._drawer(shape)
    seed = (setting.seed, number)
    appearance = look_variation.draw(scene, seed, strength=setting.strength)
    poses = poses_lib.of_qpos(
      scene.model,
      episode.world,
      mocap_pos=about.initial['mocap_pos'],
      mocap_quat=about.initial['mocap_quat'],
    )
    found = {
      name: self._view(drawer, scene, poses, appearance, name, (*seed, k))
      for k, name in enumerate(setting.cameras)
    }
    how = {
      **setting.to_json(),
      'look': number,
      'renderer': renderer.chosen(drawer, poses),
    }
    return found, how

  def close(self) -> None:
    """Gives back what renderers hold; may be repeated."""
    for drawer in self._drawers.values():
      drawer.close()
    self._drawers.clear()

  def _drawer(self, shape: int) -> renderer.Renderer:
    if shape not in self._drawers:
      self.close()  # graphics memory holds one model
      scene = self._scene.shaped(shape)
      self._drawers[shape] = renderer.make(self.setting.renderer, scene)
    return self._drawers[shape]

  def _view(
    self,
    drawer: renderer.Renderer,
    scene: scene_lib.Scene,
    poses: poses_lib.Poses,
    appearance: look_variation.Appearance,
    name: str,
    seed: tuple[int, ...],
  ) -> view.View:
    number, (height, width) = scene.model.camera(name).id, self.setting.size
    rng = np.random.default_rng((*seed, _NOISE))
    camera = appearance.camera(
      scene.model,
      camera_lib.checked(
        name,
        np.asarray(poses.cam_xpos)[:, number],
        np.asarray(poses.cam_xmat)[:, number],
        scene.model.cam_fovy[number],
        width=width,
        height=height,
      ),
    )
    steps = len(camera.position)
    images: list[bytes] = []
    for begin in range(0, steps, _AT_ONCE):
      part = slice(begin, begin + _AT_ONCE)
      rgb = drawer.render(
        dataclasses.replace(
          poses,
          geom_xpos=poses.geom_xpos[part],
          geom_xmat=poses.geom_xmat[part],
          cam_xpos=poses.cam_xpos[part],
          cam_xmat=poses.cam_xmat[part],
        ),
        dataclasses.replace(
          camera,
          position=camera.position[part],
          rotation=camera.rotation[part],
        ),
        look=appearance.look,
        shadows=self.setting.shadows,
      ).rgb
      assert rgb is not None
      seen = appearance.sensed(np.asarray(rgb), rng)
      images += [self._encoded(frame) for frame in seen]
    matrix = camera.intrinsics()
    return view.View(
      images=images,
      intrinsics=np.broadcast_to(matrix, (steps, 3, 3)),
      extrinsics=camera.extrinsics(),
    )

  def _encoded(self, frame: UInt8[np.ndarray, 'height width 3']) -> bytes:
    buffer, options = io.BytesIO(), {}
    if self.setting.format == 'jpeg':
      options = {'quality': self.setting.quality}
    Image.fromarray(frame).save(buffer, format=self.setting.format, **options)
    return buffer.getvalue()
