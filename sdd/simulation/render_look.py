"""`Look`: lights and background, and how they turn hits into colours."""

from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

_GAMMA = 2.2


def _unit(x: float, y: float, z: float) -> np.ndarray:
  return np.array([x, y, z], np.float32) / np.float32(
    np.hypot(np.hypot(x, y), z)
  )


def _rgb(*channels: float) -> np.ndarray:
  return np.array(channels, np.float32)


@flax.struct.dataclass
class Look:
  """The light a scene is shown in; every leaf may be randomised.

  Intensities are linear, background colours sRGB in 0..1.

  Attributes:
    sun: (3,) unit vector towards the main light, the one with shadows.
    sun_rgb: (3,) its intensity.
    sun_radius: spread of the sun, radians; softens the edges of shadows
      when supersampling.
    fill: (3,) unit vector towards the second light.
    fill_rgb: (3,) its intensity.
    sky_rgb: (3,) ambient intensity from above.
    ground_rgb: (3,) ambient intensity from below.
    zenith: (3,) background overhead.
    horizon: (3,) background at eye level; distant floor fades into it.
    haze: metres at which the floor has largely faded.
  """

  sun: Any = flax.struct.field(default_factory=lambda: _unit(0.35, 0.55, 1.0))
  sun_rgb: Any = flax.struct.field(
    default_factory=lambda: _rgb(0.78, 0.75, 0.70)
  )
  sun_radius: Any = 0.03
  fill: Any = flax.struct.field(default_factory=lambda: _unit(0.8, -0.9, 0.5))
  fill_rgb: Any = flax.struct.field(
    default_factory=lambda: _rgb(0.16, 0.18, 0.21)
  )
  sky_rgb: Any = flax.struct.field(
    default_factory=lambda: _rgb(0.36, 0.38, 0.41)
  )
  ground_rgb: Any = flax.struct.field(
    default_factory=lambda: _rgb(0.17, 0.16, 0.15)
  )
  zenith: Any = flax.struct.field(
    default_factory=lambda: _rgb(0.66, 0.72, 0.78)
  )
  horizon: Any = flax.struct.field(
    default_factory=lambda: _rgb(0.90, 0.91, 0.92)
  )
  haze: Any = 6.0


def linear(srgb: Any) -> jax.Array:
  """sRGB in 0..1 to linear light."""
  return jnp.maximum(srgb, 0) ** _GAMMA


def encode(light: jax.Array) -> jax.Array:
  """Linear light to sRGB bytes."""
  srgb = jnp.clip(light, 0, 1) ** (1 / _GAMMA)
  return jnp.round(srgb * 255).astype(jnp.uint8)


def background(look: Look, direction: jax.Array) -> jax.Array:
  """Linear sky (3, R) along unit directions (3, R)."""
  height = jnp.clip(direction[2], 0, 1) ** 0.6
  horizon = linear(look.horizon)[:, None]
  return horizon + height * (linear(look.zenith)[:, None] - horizon)


def shade(
  look: Look,
  *,
  albedo: jax.Array,
  gloss: jax.Array,
  normal: jax.Array,
  view: jax.Array,
  lit: jax.Array,
) -> jax.Array:
  """Linear colour of surfaces: Lambert, ambient and a soft highlight.

  Args:
    look: the lights.
    albedo: (3, R) linear.
    gloss: (R,) strength of the highlight.
    normal: (3, R) unit.
    view: (3, R) unit, from the eye to the surface.
    lit: (R,) 1 where the sun reaches, 0 in shadow.
  """
  up = 0.5 + 0.5 * normal[2]
  sky, ground = jnp.asarray(look.sky_rgb), jnp.asarray(look.ground_rgb)
  ambient = ground[:, None] + up * (sky - ground)[:, None]
  sun = lit * jnp.maximum(_dot(look.sun, normal), 0)
  fill = jnp.maximum(_dot(look.fill, normal), 0)
  halfway = jnp.asarray(look.sun)[:, None] - view
  halfway /= jnp.maximum(jnp.linalg.norm(halfway, axis=0), 1e-6)
  shine = jnp.maximum(jnp.sum(halfway * normal, axis=0), 0) ** 32
  sun_rgb = jnp.asarray(look.sun_rgb)[:, None]
  diffuse = ambient + sun * sun_rgb + fill * jnp.asarray(look.fill_rgb)[:, None]
  return albedo * diffuse + 0.35 * gloss * shine * lit * sun_rgb


def fade(look: Look, colour: jax.Array, sky: jax.Array, distance: jax.Array):
  """Blends (3, R) colours into the sky with distance (R,), metres."""
  share = 1 - jnp.exp(-((distance / look.haze) ** 2))
  return colour + share * (sky - colour)


def chequer(
  point: jax.Array, *, edge: jax.Array, footprint: jax.Array
) -> jax.Array:
  """Share (R,) of the second colour at in-plane points (2, R).

  Fades to an even mix where a pixel's `footprint` is as large as a square,
  so that distant chequers do not flicker.
  """
  safe = jnp.where(edge > 0, edge, 1.0)
  odd = jnp.mod(jnp.sum(jnp.floor(point / safe), axis=0), 2)
  blur = jnp.clip(1.5 * footprint / safe - 0.25, 0, 1)
  return jnp.where(edge > 0, odd + blur * (0.5 - odd), 0)


def _dot(fixed: Any, vectors: jax.Array) -> jax.Array:
  return jnp.sum(jnp.asarray(fixed)[:, None] * vectors, axis=0)
