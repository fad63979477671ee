"""How lights, haze and background turn hits into colours, in JAX."""

from typing import Any

import jax
import jax.numpy as jnp

from sdd.simulation import look as look_lib

_FAINT = 1e-6  # keeps powers and their gradients finite


def linear(colour: jax.Array, gamma: jax.Array) -> jax.Array:
  """Shown colours in 0..1 to light."""
  return jnp.maximum(colour, _FAINT) ** gamma


def encode(light: jax.Array, gamma: jax.Array) -> jax.Array:
  """Light to shown colours in 0..1."""
  clipped = jnp.clip(light, 0, 1)
  return jax.lax.cond(
    gamma == 1,
    lambda: clipped,
    lambda: jnp.maximum(clipped, _FAINT) ** (1 / gamma),
  )


def background(look: look_lib.Look, direction: jax.Array) -> jax.Array:
  """Light (3, R) of the sky along unit directions (3, R)."""
  height = jnp.clip(direction[2], _FAINT, 1) ** 0.6
  horizon = linear(look.horizon, look.gamma)[:, None]
  return horizon + height * (linear(look.zenith, look.gamma)[:, None] - horizon)


def fade(
  look: look_lib.Look, colour: Any, sky: Any, distance: jax.Array
) -> jax.Array:
  """Blends (3, R) colours into the sky with distance (R,), metres."""
  share = 1 - jnp.exp(-((distance / look.haze) ** 2))
  return colour + share * (sky - colour)


def towards(light: look_lib.Lights, point: jax.Array) -> jax.Array:
  """From points (3, *R) to one lamp, in metres, or to one sun, of length 1."""
  axes = (3,) + (1,) * (point.ndim - 1)
  sunward = -light.direction / _length(light.direction)
  lampward = light.position.reshape(axes) - point
  return jnp.where(light.directional > 0.5, sunward.reshape(axes), lampward)


def strength(
  light: look_lib.Lights, normal: jax.Array, way: jax.Array
) -> jax.Array:
  """Share (R,) of one light that surfaces would show if nothing were between.

  Args:
    light: one light, without the axis `K`.
    normal: (3, R) unit.
    way: (3, R) from `towards`.
  """
  unit = way / _length(way)
  cosine = jnp.maximum(jnp.sum(unit * normal, axis=0), 0)
  axis = light.direction / _length(light.direction)
  along = -jnp.sum(axis[:, None] * unit, axis=0)
  inside = along >= jnp.cos(jnp.deg2rad(light.cutoff)) - 1e-6
  cone = jnp.maximum(along, _FAINT) ** light.exponent * inside
  return cosine * jnp.where(light.directional > 0.5, 1.0, cone)


def _length(vector: jax.Array) -> jax.Array:
  return jnp.sqrt(jnp.sum(vector**2, axis=0) + 1e-20)
