"""How scenes may look: colours, textures, lights and cameras as drawn values.

Domain randomisation of everything a camera sees (paper, section 3.4, has the
lights, walls, table and one camera of one domain): a policy that has seen
many looks takes the real one for another of them. Every draw is a function
of its generator alone, so that pictures repeat.
"""

import colorsys
import dataclasses
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float, UInt8

from sdd.scenes import scene as scene_lib
from sdd.simulation import camera as camera_lib
from sdd.simulation import look as look_lib

# Fields of a range that are spans to either side.
_SPANS = (
  'hue', 'saturation', 'value', 'warmth', 'camera_shift', 'camera_turn',
  'field_of_view', 'exposure', 'noise',
)  # fmt: skip
_PARTS = ('surfaces', 'lights', 'cameras', 'sensor')  # streams of numbers


@dataclasses.dataclass(frozen=True)
class Range:
  """How far looks vary at strength 1. Shares and colours are within 0..1.

  Attributes:
    repainted: share of things that get another colour altogether.
    hue, saturation, value: by which all others are off their own.
    textured: share of things that get a pattern.
    lights: fewest and most lights.
    brightness: of a white table in full light: lowest and highest share of
      what can be shown.
    warmth: how far lights are off white.
    camera_shift: metres that a camera may be off its place, any way.
    camera_turn: degrees that it may look beside, any way.
    field_of_view: share by which it may be off.
    exposure: in powers of two, either way.
    noise: most noise of the sensor, a standard deviation, of 255 levels.
  """

  repainted: float = 0.5
  hue: float = 0.06
  saturation: float = 0.25
  value: float = 0.2
  textured: float = 0.4
  lights: tuple[int, int] = (1, 4)
  brightness: tuple[float, float] = (0.55, 1.1)
  warmth: float = 0.15
  camera_shift: float = 0.04
  camera_turn: float = 2.5
  field_of_view: float = 0.06
  exposure: float = 0.4
  noise: float = 6.0

  def scaled(self, strength: float) -> 'Range':
    """The same, so many times as far; 0 leaves everything as it is."""
    scaled = {name: getattr(self, name) * strength for name in _SPANS}
    return dataclasses.replace(
      self,
      repainted=min(1.0, self.repainted * strength),
      textured=min(1.0, self.textured * strength),
      **scaled,
    )


@dataclasses.dataclass(frozen=True)
class Appearance:
  """How one episode looks.

  Attributes:
    look: colours, textures, lights and exposure.
    shift: of each of the model's cameras, in its own frame, metres.
    turn: of each, axis times angle in its own frame, radians.
    zoom: of each, factor on its field of view.
    noise: standard deviation of the sensor's noise, of 255 levels.
  """

  look: look_lib.Look
  shift: Float[np.ndarray, 'ncam 3']
  turn: Float[np.ndarray, 'ncam 3']
  zoom: Float[np.ndarray, ' ncam']
  noise: float

  def camera(
    self, model: mujoco.MjModel, camera: camera_lib.Camera
  ) -> camera_lib.Camera:
    """A camera of the model where this appearance has it."""
    number = model.camera(camera.name).id
    rotation = np.asarray(camera.rotation)
    quaternion, turn = np.zeros(4), np.zeros(9)
    angle = float(np.linalg.norm(self.turn[number]))
    axis = self.turn[number] / max(angle, 1e-9)
    mujoco.mju_axisAngle2Quat(quaternion, axis, angle)
    mujoco.mju_quat2Mat(turn, quaternion)
    return dataclasses.replace(
      camera,
      position=camera.position + rotation @ self.shift[number],
      rotation=rotation @ turn.reshape(3, 3),
      fovy=camera.fovy * self.zoom[number],
    )

  def sensed(
    self, rgb: UInt8[np.ndarray, '*b'], rng: np.random.Generator
  ) -> UInt8[np.ndarray, '*b']:
    """Pictures as a sensor with noise takes them."""
    if not self.noise:
      return rgb
    grain = rng.standard_normal(rgb.shape, np.float32) * self.noise
    return np.clip(rgb + grain + 0.5, 0, 255).astype(np.uint8)


def plain(scene: scene_lib.Scene) -> Appearance:
  """The scene's own looks and cameras."""
  count = scene.model.ncam
  return Appearance(
    look=look_lib.Look.of(scene.model),
    shift=np.zeros((count, 3)),
    turn=np.zeros((count, 3)),
    zoom=np.ones(count),
    noise=0.0,
  )


def draw(
  scene: scene_lib.Scene, seed: tuple[int, ...], *, strength: float = 1.0
) -> Appearance:
  """An appearance of the scene.

  Args:
    scene: in the shape that is to be drawn.
    seed: fixes it. What is drawn for one part, such as lights, does not
      depend on the others.
    strength: how far from the scene's own; 0 is that.
  """
  if strength <= 0:
    return plain(scene)
  range_ = Range().scaled(strength)
  streams = {
    name: np.random.default_rng((*seed, k)) for k, name in enumerate(_PARTS)
  }
  model = scene.model
  look = look_lib.Look.of(model)
  rgba, texture = _painted(scene, look, range_, streams['surfaces'])
  rng = streams['cameras']
  shape = (model.ncam, 3)
  shift = rng.uniform(-1, 1, shape) * range_.camera_shift
  turn = rng.uniform(-1, 1, shape) * np.radians(range_.camera_turn)
  zoom = 1 + rng.uniform(-1, 1, model.ncam) * range_.field_of_view
  rng = streams['sensor']
  exposure = 2 ** (rng.uniform(-1, 1) * range_.exposure)
  return Appearance(
    look=dataclasses.replace(
      look,
      rgba=rgba,
      texture=texture,
      exposure=np.float32(exposure),
      **_lit(look, range_, streams['lights']),
    ),
    shift=shift,
    turn=turn,
    zoom=zoom,
    noise=float(rng.uniform(0, range_.noise)),
  )


def things(scene: scene_lib.Scene) -> dict[str, list[int]]:
  """Geoms that are painted alike, by what they belong to.

  The robot is one thing, every link one, and so is every body, or geom of
  the world itself, that language does not name.
  """
  model = scene.model
  owner = {
    model.geom(name).id: link.name
    for link in scene.vocabulary.links
    if link.kind != 'robot'
    for name in link.geoms
  }
  root = model.body(scene.robot.arm.root).id
  found: dict[str, list[int]] = {}
  for geom in range(model.ngeom):
    body = int(model.geom_bodyid[geom])
    if int(model.body_rootid[body]) == root:
      name = 'robot'
    elif geom in owner:
      name = owner[geom]
    else:
      name = model.body(body).name if body else model.geom(geom).name
    found.setdefault(name, []).append(geom)
  return found


def _painted(
  scene: scene_lib.Scene,
  look: look_lib.Look,
  range_: Range,
  rng: np.random.Generator,
) -> tuple[Float[np.ndarray, 'G 4'], look_lib.Texture]:
  rgba = np.array(look.rgba)
  texture = {
    field.name: np.array(getattr(look.texture, field.name))
    for field in dataclasses.fields(look.texture)
  }
  for name, geoms in things(scene).items():
    # The same number of draws for each, so that one does not shift another.
    drawn = rng.uniform(size=12)
    anew = drawn[0] < range_.repainted
    for geom in geoms:
      if anew and name == 'robot':  # keeps the contrasts of its parts
        rgba[geom, :3] = _mixed(rgba[geom, :3], drawn[1:4], 0.5)
      elif anew:
        rgba[geom, :3] = drawn[1:4] * 0.9 + 0.05
      else:
        rgba[geom, :3] = _tinted(rgba[geom, :3], 2 * drawn[4:7] - 1, range_)
    if drawn[7] < range_.textured and name != 'robot':
      kind = 1 + int(drawn[8] * (len(look_lib.TEXTURES) - 1))
      second = rng.uniform(0.05, 0.95, 3)
      texture['kind'][geoms] = kind
      texture['rgb'][geoms] = _mixed(rgba[geoms[0], :3], second, 0.6)
      texture['scale'][geoms] = np.exp(np.log(0.015) + drawn[9] * np.log(12))
      texture['angle'][geoms] = drawn[10] * np.pi
      texture['seed'][geoms] = int(drawn[11] * 10_000)
    else:
      rng.uniform(size=3)
  return rgba, look_lib.Texture(**texture)


def _tinted(
  rgb: Float[np.ndarray, ' 3'], drawn: Float[np.ndarray, ' 3'], range_: Range
) -> tuple[float, float, float]:
  """A colour a little off in hue, saturation and value."""
  hue, saturation, value = colorsys.rgb_to_hsv(*map(float, rgb))
  return colorsys.hsv_to_rgb(
    (hue + drawn[0] * range_.hue) % 1.0,
    float(np.clip(saturation + drawn[1] * range_.saturation, 0, 1)),
    float(np.clip(value + drawn[2] * range_.value, 0.03, 1)),
  )


def _mixed(one: Any, other: Any, share: float) -> np.ndarray:
  return (1 - share) * np.asarray(one) + share * np.asarray(other)


def _lit(
  look: look_lib.Look, range_: Range, rng: np.random.Generator
) -> dict[str, Any]:
  """Lamps above the table, and light from everywhere.

  As many as the most there may be; those too many are dark, so that looks
  of one scene have the same shapes.
  """
  low, most = range_.lights
  count = int(rng.integers(low, most + 1))
  on = np.arange(most) < count
  bright = rng.uniform(*range_.brightness)
  # What a level surface gets of each: lamps, everywhere, the camera's own.
  lamps, ambient, head = rng.dirichlet((12.0, 4.0, 1.0)) * bright
  shares = rng.dirichlet(np.full(most, 3.0)) * on
  tint = 1 + rng.uniform(-1, 1, (most, 3)) * range_.warmth
  place = rng.uniform((-0.6, -1.4, 1.3), (1.6, 1.4, 2.6), (most, 3))
  aim = rng.uniform((0.2, -0.3, 0.0), (0.7, 0.4, 0.1), (most, 3))
  shadow = (rng.uniform(size=most) < 0.7) & on
  sky, horizon = rng.uniform(0.35, 1.0, (2, 3))
  one = np.ones(most, np.float32)
  way = aim - place
  level = -way[:, 2] / np.linalg.norm(way, axis=1)  # Lambert's cosine
  strength = lamps * shares / (shares @ level)
  return {
    'lights': look_lib.Lights(
      position=place.astype(np.float32),
      direction=way.astype(np.float32),
      rgb=(strength[:, None] * tint).astype(np.float32),
      shadow=shadow.astype(np.float32),
      directional=0 * one,
      cutoff=180 * one,
      exponent=0 * one,
      spread=0 * one,
    ),
    'ambient': np.full(3, ambient, np.float32),
    'headlight': np.full(3, head, np.float32),
    'zenith': sky.astype(np.float32),
    'horizon': _mixed(look.horizon, horizon, 0.7).astype(np.float32),
  }
