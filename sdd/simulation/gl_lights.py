"""The lights of a `Look` as OpenGL takes them."""

import mujoco
import numpy as np

from sdd.simulation import camera as camera_lib
from sdd.simulation import look as look_lib

_LIGHT = mujoco.mjtLightType


def set_up(model: mujoco.MjModel) -> None:
  """Makes shadows reach over the whole of a lamp's cone and of the scene."""
  model.vis.map.shadowscale = 1.0
  model.vis.map.shadowclip = 2.0


def place(
  scene: mujoco.MjvScene,
  model: mujoco.MjModel,
  look: look_lib.Look,
  camera: camera_lib.Camera,
) -> None:
  """Overwrites the lights of `scene`; the last one is headlight and ambient.

  Suns are put at a distance, which matters to their shadows only.
  """
  lights, count = look.lights, len(look.lights.shadow)
  scene.nlight = count + 1
  for index in range(count):
    light = scene.lights[index]
    parallel = lights.directional[index] > 0.5
    way = lights.direction[index] / np.linalg.norm(lights.direction[index])
    far = model.stat.center - 1.5 * model.stat.extent * way
    light.type = _LIGHT.mjLIGHT_DIRECTIONAL if parallel else _LIGHT.mjLIGHT_SPOT
    light.pos[:] = far if parallel else lights.position[index]
    light.dir[:] = way
    light.cutoff = float(lights.cutoff[index])
    light.exponent = float(lights.exponent[index])
    light.castshadow = bool(lights.shadow[index] > 0.5)
    _colour(light, look.exposure * lights.rgb[index], np.zeros(3))
  head = scene.lights[count]
  head.type = _LIGHT.mjLIGHT_DIRECTIONAL
  head.pos[:], head.dir[:] = camera.position, -camera.rotation[:, 2]
  head.castshadow = False
  _colour(head, look.exposure * look.headlight, look.exposure * look.ambient)


def _colour(light, diffuse: np.ndarray, ambient: np.ndarray) -> None:
  light.headlight = False
  light.attenuation[:] = (1, 0, 0)
  light.diffuse[:], light.ambient[:], light.specular[:] = diffuse, ambient, 0
