"""What an MJCF model says of its own colours, chequers and lights."""

import mujoco
import numpy as np
from jaxtyping import Float

_GEOM, _LIGHT = mujoco.mjtGeom, mujoco.mjtLightType
_DEFAULT_RGBA = (0.5, 0.5, 0.5, 1.0)  # MuJoCo's: "not set"


def lights(model: mujoco.MjModel) -> dict[str, np.ndarray]:
  """The fields of `sdd.simulation.look.Lights`, of the lights switched on."""
  data = mujoco.MjData(model)
  mujoco.mj_kinematics(model, data)
  mujoco.mj_comPos(model, data)
  mujoco.mj_camlight(model, data)
  on = np.flatnonzero(model.light_active)
  parallel = model.light_type[on] == _LIGHT.mjLIGHT_DIRECTIONAL
  cone = model.light_type[on] == _LIGHT.mjLIGHT_SPOT
  columns = {
    'position': data.light_xpos[on],
    'direction': data.light_xdir[on],
    'rgb': model.light_diffuse[on],
    'shadow': model.light_castshadow[on],
    'directional': parallel,
    'cutoff': np.where(cone, model.light_cutoff[on], 180),
    'exponent': np.where(cone, model.light_exponent[on], 0),
    'spread': np.zeros(len(on)),
  }
  return {name: np.asarray(c, np.float32) for name, c in columns.items()}


def ambient(model: mujoco.MjModel) -> Float[np.ndarray, '3']:
  """Ambient light of all lights and the headlight together."""
  total = model.light_ambient[model.light_active > 0].sum(axis=0)
  if model.vis.headlight.active:
    total = total + model.vis.headlight.ambient
  return np.asarray(total, np.float32)


def headlight(model: mujoco.MjModel) -> Float[np.ndarray, '3']:
  """Diffuse light of the headlight."""
  shines = bool(model.vis.headlight.active)
  return np.asarray(model.vis.headlight.diffuse, np.float32) * shines


def surface(
  model: mujoco.MjModel,
) -> tuple[
  Float[np.ndarray, 'G 4'], Float[np.ndarray, 'G 3'], Float[np.ndarray, ' G']
]:
  """First colour, second colour and edge of the chequer, 0 for plain."""
  colour = rgba(model)
  edge, pair = _chequers(model)
  second = pair[:, 1] * colour[:, :3]
  colour[:, :3] *= np.where(edge[:, None] > 0, pair[:, 0], 1)
  return (
    colour.astype(np.float32),
    second.astype(np.float32),
    edge.astype(np.float32),
  )


def rgba(model: mujoco.MjModel) -> Float[np.ndarray, 'G 4']:
  """A geom's own colour if set, else its material's, as MuJoCo's viewer."""
  found = model.geom_rgba.copy()
  material = model.geom_matid
  unset = np.all(np.isclose(found, _DEFAULT_RGBA), axis=-1) & (material >= 0)
  found[unset] = model.mat_rgba[material[unset]]
  return found


def _chequers(model: mujoco.MjModel) -> tuple[np.ndarray, np.ndarray]:
  """Chequer edge (ngeom,) and colour pair (ngeom, 2, 3) of planes."""
  edge, pair = np.zeros(model.ngeom), np.ones((model.ngeom, 2, 3))
  for geom in np.flatnonzero(model.geom_type == _GEOM.mjGEOM_PLANE):
    material = model.geom_matid[geom]
    if material < 0:
      continue
    texture = model.mat_texid[material, mujoco.mjtTextureRole.mjTEXROLE_RGB]
    if texture < 0 or model.tex_type[texture] != mujoco.mjtTexture.mjTEXTURE_2D:
      continue
    pair[geom] = _chequer_colours(model, texture)
    repeat = max(float(model.mat_texrepeat[material, 0]), 1e-6)
    spread = 1.0  # metres that `texrepeat` counts repetitions in
    if not model.mat_texuniform[material] and model.geom_size[geom, 0] > 0:
      spread = 2 * float(model.geom_size[geom, 0])
    edge[geom] = spread / repeat / 2
  return edge, pair


def _chequer_colours(model: mujoco.MjModel, texture: int) -> np.ndarray:
  """Colours in the middle of the first two quarters, (2, 3)."""
  height, width = model.tex_height[texture], model.tex_width[texture]
  channels, start = model.tex_nchannel[texture], model.tex_adr[texture]
  pixels = model.tex_data[start : start + height * width * channels]
  pixels = pixels.reshape(height, width, channels)[..., :3] / 255
  row = pixels[height // 4]
  pair = np.stack([row[width // 4], row[3 * width // 4]])
  return np.broadcast_to(pair, (2, 3))
