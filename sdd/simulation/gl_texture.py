"""Procedural textures as images, for OpenGL: one for every geom.

The image of a solid is wrapped around it as six faces of a cube, each texel
coloured by the point of the surface it will be seen at; that of a plane is
one sheet.
"""

import functools

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
from jaxtyping import Float, UInt8

from sdd.simulation import look as look_lib
from sdd.simulation import render_texture

_FACE, _SHEET = 64, 1024  # texels along an edge
_GEOM, _TEXTURE = mujoco.mjtGeom, mujoco.mjtTexture


class Textures:
  """A model with a material and an image for every geom of an MJCF text.

  Attributes:
    model: the same as that of the text in everything else.
  """

  def __init__(self, mjcf: str):
    spec = mujoco.MjSpec.from_string(mjcf)
    own, kinds = spec.compile(), _TEXTURE
    for index in range(own.ngeom):
      plane = own.geom_type[index] == _GEOM.mjGEOM_PLANE
      edge = _SHEET if plane else _FACE
      name = _name(index)
      spec.add_texture(
        name=name, type=kinds.mjTEXTURE_2D if plane else kinds.mjTEXTURE_CUBE,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT, rgb1=[1, 1, 1],
        width=edge, height=edge,
      )  # fmt: skip
      material = spec.add_material(name=name, specular=0, shininess=0)
      material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    self.model = spec.compile()
    self._shown: dict[int, bytes] = {}

  def apply(self, look: look_lib.Look, context: mujoco.MjrContext) -> None:
    """Gives every geom that is not plain its image, if it has changed."""
    model, texture = self.model, look.texture
    for geom in np.flatnonzero(texture.kind != look_lib.PLAIN).tolist():
      model.geom_matid[geom] = model.material(_name(geom)).id
      model.geom_rgba[geom, :3] = 1
      pattern = jax.tree.map(lambda leaf, geom=geom: leaf[geom], texture)
      first = look.rgba[geom, :3]
      key = b''.join(np.asarray(x).tobytes() for x in jax.tree.leaves(pattern))
      key += first.tobytes()
      if self._shown.get(geom) == key:
        continue
      self._shown[geom] = key
      number = model.texture(_name(geom)).id
      start = model.tex_adr[number]
      image = _image(pattern, first, _points(model, geom)).ravel()
      model.tex_data[start : start + len(image)] = image
      mujoco.mjr_uploadTexture(model, context, number)


def _name(geom: int) -> str:
  return f'look of geom {geom}'


def _image(
  pattern: look_lib.Texture,
  first: Float[np.ndarray, '3'],
  points: Float[np.ndarray, '3 n'],
) -> UInt8[np.ndarray, 'n 3']:
  share = np.asarray(_share(pattern, jnp.asarray(points)))[:, None]
  colour = first + share * (pattern.rgb - first)
  return np.round(255 * np.clip(colour, 0, 1)).astype(np.uint8)


@jax.jit
def _share(pattern: look_lib.Texture, points: jax.Array) -> jax.Array:
  return render_texture.share(
    pattern.kind,
    points,
    scale=pattern.scale,
    angle=pattern.angle,
    wave=render_texture.waves(pattern.seed)[:, None],
  )


def _points(model: mujoco.MjModel, geom: int) -> Float[np.ndarray, '3 n']:
  """Where on a geom each texel of its image is seen, just below."""
  kind = mujoco.mjtGeom(int(model.geom_type[geom]))
  size = model.geom_size[geom]
  if kind == _GEOM.mjGEOM_PLANE:
    return _sheet(tuple(size[:2].tolist()))
  way = _cube()
  if kind == _GEOM.mjGEOM_BOX:
    return way * (size[:, None] - render_texture.INSET)
  if kind == _GEOM.mjGEOM_CYLINDER:
    return _tube(way) * size[[0, 0, 1], None]
  if kind == _GEOM.mjGEOM_CAPSULE:
    return _capsule(way, size[0], size[1])
  radii = size[:1].repeat(3) if kind == _GEOM.mjGEOM_SPHERE else size
  return way / np.linalg.norm(way, axis=0) * radii[:, None]


def _tube(way: Float[np.ndarray, '3 n']) -> Float[np.ndarray, '3 n']:
  """Where directions leave a cylinder of radius and half length 1."""
  return way / np.maximum(np.hypot(way[0], way[1]), np.abs(way[2]))


def _capsule(
  way: Float[np.ndarray, '3 n'], radius: float, half: float
) -> Float[np.ndarray, '3 n']:
  """The same of a capsule; its length, without the ends, is stretched to 2."""
  across, along = np.hypot(way[0], way[1]), np.abs(way[2])
  wide = (radius * across) ** 2 + (half * along) ** 2
  rest = (half * along) ** 2 + across**2 * (radius**2 - half**2)
  capped = (half**2 * along + radius * np.sqrt(np.maximum(rest, 0))) / wide
  on_side = along <= across
  reach = np.where(on_side, 1 / np.where(on_side, across, 1), capped)
  return way * reach * np.array([[radius], [radius], [half]])


@functools.cache
def _cube() -> Float[np.ndarray, '3 n']:
  """Direction of every texel, its largest entry 1, in OpenGL's order."""
  step = (2 * np.arange(_FACE) + 1) / _FACE - 1
  down, right = np.meshgrid(step, step, indexing='ij')
  one = np.ones_like(right)
  faces = (
    (one, -down, -right),
    (-one, -down, right),
    (right, one, down),
    (right, -one, -down),
    (right, -down, one),
    (-right, -down, -one),
  )
  return np.stack([np.stack(face) for face in faces], axis=1).reshape(3, -1)


@functools.cache
def _sheet(half: tuple[float, float]) -> Float[np.ndarray, '3 n']:
  """A plane's points; where it has no bounds, a metre that repeats."""
  reach = [each if each > 0 else 0.5 for each in half]
  step = (2 * np.arange(_SHEET) + 1) / _SHEET - 1
  y, x = np.meshgrid(-reach[1] * step, reach[0] * step, indexing='ij')
  z = np.full_like(x, -render_texture.INSET)
  return np.stack([x, y, z]).reshape(3, -1)
