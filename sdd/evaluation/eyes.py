"""Draws for a policy what its cameras see, as its training pictures were."""

from types import TracebackType

import numpy as np
from jaxtyping import UInt8

from sdd import errors
from sdd.dataset import pictures
from sdd.scenes import scene as scene_lib
from sdd.scenes import world_state
from sdd.simulation import poses, renderer, simulator


class Eyes:
  """The cameras of a scene that a policy wants; a context manager.

  Nothing is drawn before a picture is asked for, and a policy asks once a
  chunk.

  Attributes:
    wanted: what the policy sees.
  """

  def __init__(self, scene: scene_lib.Scene, wanted: pictures.PictureSpec):
    """Raises UnknownNameError if the scene lacks one of the cameras."""
    self.wanted, self._scene = wanted, scene
    self._drawer: renderer.Renderer | None = None
    require_cameras(scene, wanted)

  def see(
    self, sim: simulator.Simulator, index: int
  ) -> dict[str, UInt8[np.ndarray, 'height width 3']]:
    """`<camera>_image` of each camera in one world as it is now."""
    return self.look(sim.world(index)) if self.wanted.cameras else {}

  def look(
    self, world: world_state.WorldState
  ) -> dict[str, UInt8[np.ndarray, 'height width 3']]:
    """`<camera>_image` of each camera in a world."""
    if not self.wanted.cameras:
      return {}
    shape = self._scene.shaped(world.shape)
    if self._drawer is None or self._drawer.scene is not shape:
      self.close()
      # The ray caster draws anywhere; OpenGL is taken where there is some.
      known = self.wanted.renderer == 'raycast'
      self._drawer = renderer.make('raycast' if known else 'auto', shape)
    where = poses.of_worlds(self._scene, [world])
    seen = {}
    for camera, size in zip(
      self.wanted.cameras, self.wanted.sizes, strict=True
    ):
      rgb = self._drawer.render(
        where, camera, size=size, shadows=self.wanted.shadows
      ).rgb
      assert rgb is not None
      seen[f'{camera}_image'] = np.asarray(rgb)[0]
    return seen

  def close(self) -> None:
    """Gives back what the renderer holds; may be repeated."""
    if self._drawer is not None:
      self._drawer.close()
      self._drawer = None

  def __enter__(self) -> 'Eyes':
    return self

  def __exit__(
    self,
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: TracebackType | None,
  ) -> None:
    self.close()


def require_cameras(
  scene: scene_lib.Scene, wanted: pictures.PictureSpec
) -> None:
  """Raises UnknownNameError if the scene lacks one of the cameras."""
  names = [scene.model.camera(k).name for k in range(scene.model.ncam)]
  for camera in wanted.cameras:
    if camera not in names:
      raise errors.UnknownNameError(
        f'camera of the scene {scene.name!r}', camera, names
      )
