"""`Look`: how a scene looks in one frame, apart from where things are.

Everything is a value: colours, textures and lights are arrays, with batch
axes if wanted, so that every environment may look different at no cost in
compilation. Both renderers understand it; what OpenGL only comes near to is
told in `sdd.simulation.gl_renderer`.
"""

from typing import Any

import flax.struct
import jax
import mujoco
import numpy as np
from jaxtyping import Float, Int

from sdd import errors
from sdd.simulation import look_model

PLAIN, CHECKER, GRADIENT, NOISE, STRIPES = range(5)
TEXTURES = ('plain', 'checker', 'gradient', 'noise', 'stripes')


@flax.struct.dataclass
class Texture:
  """A second colour on every geom, and the pattern it is mixed in by.

  Patterns fill space in the geom's own frame, so that they stay on what
  moves and run on from face to face.

  Attributes:
    kind: (*b, G) number in `TEXTURES`: 0 plain (the first colour only),
      1 checker, 2 gradient, 3 noise, 4 stripes.
    rgb: (*b, G, 3) second colour, 0..1.
    scale: (*b, G) metres: edge of a square, width of a stripe, length of
      the way from one colour to the other, size of a blot.
    angle: (*b, G) by which the pattern is turned about the geom's z axis,
      radians.
    seed: (*b, G) 0 or more; which noise.
  """

  kind: Int[Any, '*b G']
  rgb: Float[Any, '*b G 3']
  scale: Float[Any, '*b G']
  angle: Float[Any, '*b G']
  seed: Int[Any, '*b G']


@flax.struct.dataclass
class Lights:
  """`K` lights; OpenGL takes seven at most.

  Attributes:
    position: (*b, K, 3) world frame, metres; of lamps.
    direction: (*b, K, 3) the way it shines, of any length but zero.
    rgb: (*b, K, 3) intensity.
    shadow: (*b, K) 1 where it casts shadows, else 0.
    directional: (*b, K) 1 where all rays are parallel as the sun's, 0 for a
      lamp that shines from `position` into a cone.
    cutoff: (*b, K) half angle of a lamp's cone, degrees; 180 for all
      directions.
    exponent: (*b, K) how a lamp fades towards the edge: by the cosine to
      this power.
    spread: (*b, K) angle it is seen under, radians. Softens the edges of
      shadows where the ray caster supersamples; OpenGL ignores it.
  """

  position: Float[Any, '*b K 3']
  direction: Float[Any, '*b K 3']
  rgb: Float[Any, '*b K 3']
  shadow: Float[Any, '*b K']
  directional: Float[Any, '*b K']
  cutoff: Float[Any, '*b K']
  exponent: Float[Any, '*b K']
  spread: Float[Any, '*b K']


@flax.struct.dataclass
class Look:
  """Appearance of all `G` geoms of a model, lights and background.

  A surface of colour c is shown as

      exposure * c * (ambient + headlight + sum over lights of their rgb,
      by Lambert's cosine, the lamp's cone and whether it is in shadow)

  cut off at 1. With `gamma` 1, colours are shown as they are given, as
  OpenGL does; with 2.2 they are mixed as linear light.

  Attributes:
    rgba: (*b, G, 4) colour, 0..1; what has alpha 0 is not there, all else
      is opaque.
    texture: a second colour and its pattern.
    lights: the lights.
    ambient: (*b, 3) light from everywhere.
    headlight: (*b, 3) parallel light along the camera's axis, no shadows.
    zenith: (*b, 3) background overhead.
    horizon: (*b, 3) background at eye level and below; distant floor fades
      into it.
    haze: (*b,) metres at which planes have largely faded.
    exposure: (*b,) factor on all light.
    gamma: (*b,) exponent from shown colours to light; OpenGL knows 1 only.
  """

  rgba: Float[Any, '*b G 4']
  texture: Texture
  lights: Lights
  ambient: Float[Any, '*b 3']
  headlight: Float[Any, '*b 3']
  zenith: Float[Any, '*b 3']
  horizon: Float[Any, '*b 3']
  haze: Float[Any, '*b']
  exposure: Float[Any, '*b']
  gamma: Float[Any, '*b']

  @classmethod
  def of(cls, model: mujoco.MjModel) -> 'Look':
    """The model's own: its colours, chequered planes, lights and headlight.

    No batch axes, NumPy. Lights that ride on a body stay where they are in
    the model's default configuration. Shine and emission are left out.
    """
    return cls(
      **_surface(model),
      lights=_lights(look_model.lights(model)),
      ambient=look_model.ambient(model),
      headlight=look_model.headlight(model),
      zenith=_floats(0.66, 0.72, 0.78),
      horizon=_floats(0.90, 0.91, 0.92),
      haze=np.float32(1e6),
      exposure=np.float32(1.0),
      gamma=np.float32(1.0),
    )

  @classmethod
  def studio(cls, model: mujoco.MjModel) -> 'Look':
    """The model's colours in soft daylight: for pictures people look at."""
    return cls(
      **_surface(model),
      lights=_daylight(),
      ambient=_floats(0.265, 0.27, 0.28),
      headlight=_floats(0, 0, 0),
      zenith=_floats(0.66, 0.72, 0.78),
      horizon=_floats(0.90, 0.91, 0.92),
      haze=np.float32(6.0),
      exposure=np.float32(1.0),
      gamma=np.float32(2.2),
    )

  @property
  def batch(self) -> tuple[int, ...]:
    """The batch axes of all leaves together.

    Raises:
      errors.SddError: a leaf has too few axes, or they do not broadcast.
    """
    axes = [
      _batch_axes(path, np.shape(leaf), axes)
      for (path, leaf), axes in zip(
        jax.tree_util.tree_leaves_with_path(self), jax.tree.leaves(_AXES)
      )
    ]
    try:
      return np.broadcast_shapes(*axes)
    except ValueError as mismatch:
      raise errors.SddError(
        f'The leaves of a Look have batch axes {sorted(set(axes))}; expected '
        f'axes that broadcast.'
      ) from mismatch

  def broadcast(self, batch: tuple[int, ...]) -> 'Look':
    """The same with the batch axes `batch` on every leaf."""

    def spread(leaf: Any, axes: int) -> Any:
      xp = jax.numpy if isinstance(leaf, jax.Array) else np
      shape = np.shape(leaf)
      return xp.broadcast_to(leaf, (*batch, *shape[len(shape) - axes :]))

    return jax.tree.map(spread, self, _AXES)


# How many axes each leaf has besides those of the batch.
_AXES = Look(
  rgba=2, texture=Texture(1, 2, 1, 1, 1),
  lights=Lights(2, 2, 2, 1, 1, 1, 1, 1),
  ambient=1, headlight=1, zenith=1, horizon=1, haze=0, exposure=0, gamma=0,
)  # fmt: skip


def _batch_axes(path: Any, shape: tuple[int, ...], axes: int):
  if len(shape) < axes:
    raise errors.SddError(
      f'Look{jax.tree_util.keystr(path)} has shape {shape}; expected at '
      f'least {axes} axes.'
    )
  return shape[: len(shape) - axes]


def _floats(*numbers: float) -> np.ndarray:
  return np.array(numbers, np.float32)


def _surface(model: mujoco.MjModel) -> dict[str, Any]:
  rgba, second, edge = look_model.surface(model)
  return {
    'rgba': rgba,
    'texture': Texture(
      kind=np.where(edge > 0, CHECKER, PLAIN).astype(np.int32),
      rgb=second,
      scale=np.where(edge > 0, edge, 1).astype(np.float32),
      angle=np.zeros(model.ngeom, np.float32),
      seed=np.zeros(model.ngeom, np.int32),
    ),
  }


def _lights(columns: dict[str, np.ndarray]) -> Lights:
  return Lights(**columns)


def _daylight() -> Lights:
  """Sun from the left, a fill light from the right, and the sky above."""
  return Lights(
    position=np.zeros((3, 3), np.float32),
    direction=-np.array(
      [[0.35, 0.55, 1.0], [0.8, -0.9, 0.5], [0, 0, 1.0]], np.float32
    ),
    rgb=np.array(
      [[0.78, 0.75, 0.70], [0.16, 0.18, 0.21], [0.095, 0.11, 0.13]], np.float32
    ),
    shadow=_floats(1, 0, 0),
    directional=_floats(1, 1, 1),
    cutoff=_floats(180, 180, 180),
    exponent=_floats(0, 0, 0),
    spread=_floats(0.03, 0, 0),
  )
