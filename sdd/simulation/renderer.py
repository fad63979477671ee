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

from sdd import errors
from sdd.scenes import scene as scene_lib
from sdd.simulation import camera as camera_lib
from sdd.simulation import gl_context, picture
from sdd.simulation import look as look_lib
from sdd.simulation import poses as poses_lib

NAMES = ('auto', 'gl', 'raycast')
Image = picture.Image
OUTPUTS, SIZE = picture.OUTPUTS, picture.SIZE


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


def chosen(drawer: Renderer, poses: poses_lib.Poses) -> str:
  """Which renderer draws this batch: `gl` or `raycast`."""
  return drawer.choose(poses) if isinstance(drawer, Auto) else drawer.name


class Auto:
  """The `Renderer` that chooses for every batch; see `make`."""

  name = 'auto'

  def __init__(self, scene: scene_lib.Scene):
    self.scene = scene
    self._made: dict[str, Renderer] = {}

  def choose(self, poses: poses_lib.Poses) -> str:
    """The name of the renderer that would draw this batch."""
    if picture.on_accelerator(poses.geom_xpos):
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
