"""The `Renderer` that draws with OpenGL, by way of MuJoCo's.

What a `Look` asks for, it shows within these bounds:

- Depth is that of surfaces made of flat pieces: up to a millimetre off on
  round things of five centimetres, less on smaller ones; boxes are exact.
- Light is worked out at corners of those pieces and blended in between. In
  our own scenes 95 of 100 pixels of every picture are within 8 of 255 of the
  ray caster's under suns; 75 of 100, and most often 95, under lamps.
- Shadows have edges a few millimetres wide, and none are cast far outside
  of the middle of the scene.
- Textures are images of 64 texels across each side of a thing, 1024 across
  a floor, and blurred at a distance: their mean colour is right, and all but
  the edges within the pattern. A floor without bounds repeats every metre.
- There is no haze; `gamma` has to be 1, and there may be seven lights.
"""

import dataclasses
import math
from collections.abc import Collection, Iterator

import jax
import numpy as np

from sdd import errors
from sdd.scenes import scene as scene_lib
from sdd.simulation import camera as camera_lib
from sdd.simulation import gl_stage, picture
from sdd.simulation import look as look_lib
from sdd.simulation import poses as poses_lib

_MOST_LIGHTS = 7  # fixed-function OpenGL has eight; one is the headlight


class GlRenderer:
  """Draws with MuJoCo's OpenGL renderer, one frame after the other.

  Not through `mujoco.Renderer`, which is bound to the library that MuJoCo
  chose when it was imported, and cannot be given another look.

  Raises:
    gl_context.NoGraphicsError: there is no OpenGL.
  """

  name = 'gl'

  def __init__(self, scene: scene_lib.Scene):
    self.scene = scene
    self._own = look_lib.Look.of(scene.model)
    self._links = np.append(picture.link_of_geom(scene), np.int32(-1))
    self._stage: gl_stage.Stage | None = gl_stage.Stage(scene, textured=False)

  def render(
    self,
    poses: poses_lib.Poses,
    camera: camera_lib.Camera | str,
    *,
    look: look_lib.Look | None = None,
    size: tuple[int, int] | None = None,
    outputs: Collection[str] = ('rgb',),
    shadows: bool = True,
  ) -> picture.Image:
    picture.check_outputs(outputs)
    shown = self._own if look is None else look
    poses, shown = jax.tree.map(np.asarray, (poses, shown))
    _check_look(shown, self.scene.model.ngeom)
    seen = picture.seen_by(self.scene, poses, camera, size)
    batch = picture.joint_batch(poses, seen, shown)
    stage = self._stage_for(shown)
    frames = [
      stage.draw(frame, outputs, shadows=shadows, links=self._links)
      for frame in _frames(poses, seen, shown, batch)
    ]
    columns = {
      name: np.stack([frame[name] for frame in frames]) for name in outputs
    }
    return picture.Image(
      **{name: c.reshape(*batch, *c.shape[1:]) for name, c in columns.items()}
    )

  def close(self) -> None:
    if self._stage is not None:
      self._stage.close()
    self._stage = None

  def _stage_for(self, look: look_lib.Look) -> gl_stage.Stage:
    """With images for textures from the first look on that has some."""
    textured = bool(np.any(look.texture.kind != look_lib.PLAIN))
    if self._stage is None or textured > self._stage.textured:
      self.close()
      self._stage = gl_stage.Stage(self.scene, textured=textured)
    return self._stage


def _frames(
  poses: poses_lib.Poses,
  camera: camera_lib.Camera,
  look: look_lib.Look,
  batch: tuple[int, ...],
) -> Iterator[gl_stage.Frame]:
  parts = (
    (poses.geom_xpos, 2),
    (poses.geom_xmat, 3),
    (camera.position, 1),
    (camera.rotation, 2),
    (camera.fovy, 0),
  )
  rows = [_rows(np.asarray(value), axes, batch) for value, axes in parts]
  looks = look
  if look.batch:
    looks = jax.tree.map(
      lambda leaf: leaf.reshape(-1, *leaf.shape[len(batch) :]),
      look.broadcast(batch),
    )
  for index in range(math.prod(batch)):
    position, matrix, eye, turned, fovy = (row[index] for row in rows)
    shown = looks
    if look.batch:
      shown = jax.tree.map(lambda leaf, index=index: leaf[index], looks)
    seen = dataclasses.replace(camera, position=eye, rotation=turned, fovy=fovy)
    yield gl_stage.Frame(position, matrix, seen, shown)


def _rows(value: np.ndarray, axes: int, batch: tuple[int, ...]) -> np.ndarray:
  shape = value.shape[value.ndim - axes :]
  return np.broadcast_to(value, (*batch, *shape)).reshape(-1, *shape)


def _check_look(look: look_lib.Look, geoms: int) -> None:
  lights, colours = np.shape(look.lights.shadow)[-1], np.shape(look.rgba)[-2]
  if colours != geoms:
    raise errors.SddError(
      f'The look has colours for {colours} geoms; expected {geoms}, as many '
      f'as the scene has.'
    )
  if lights > _MOST_LIGHTS:
    raise errors.SddError(
      f'The look has {lights} lights; OpenGL takes {_MOST_LIGHTS} at most. '
      f"The renderer 'raycast' takes any number."
    )
  if np.any(np.asarray(look.gamma) != 1):
    raise errors.SddError(
      f'The look has gamma {np.unique(look.gamma).tolist()}; OpenGL knows 1 '
      f"only. The renderer 'raycast' takes any."
    )
