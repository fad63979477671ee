"""Procedural textures: how much of the second colour is where, in JAX."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sdd.simulation import look as look_lib

WAVES = 5  # that make up noise
INSET = 7e-4  # metres; patterns are read this far below the surface
_CONTRAST = 0.9  # of noise


def waves(seed: Any) -> jax.Array:
  """Wave vectors and phases of noise, (*b, 4 * WAVES), by seed (*b,)."""
  number = jnp.arange(4 * WAVES, dtype=jnp.uint32)
  drawn = _hash(jnp.asarray(seed, jnp.uint32)[..., None] * 64 + number)
  drawn = drawn.reshape(*jnp.shape(seed), 4, WAVES)
  direction = drawn[..., :3, :] * 2 - 1
  length = jnp.sqrt(jnp.sum(direction**2, axis=-2, keepdims=True) + 1e-6)
  octave = jnp.asarray(0.2 * 1.4 ** np.arange(WAVES), jnp.float32)
  vector = 2 * jnp.pi * octave * direction / length
  both = jnp.concatenate([vector, 2 * jnp.pi * drawn[..., 3:, :]], axis=-2)
  return both.reshape(*jnp.shape(seed), 4 * WAVES)


def below(point: jax.Array, normal: jax.Array) -> jax.Array:
  """Where a pattern is read: on the surface itself it would be torn.

  Faces that lie exactly between two cells of a pattern belong to neither.
  """
  return point - INSET * normal


def share(
  kind: jax.Array,
  point: jax.Array,
  *,
  scale: jax.Array,
  angle: jax.Array,
  wave: jax.Array,
  footprint: jax.Array | float = 0.0,
) -> jax.Array:
  """Share (R,) of the second colour, 0..1, of `sdd.simulation.look.Texture`.

  Fades to an even mix where a pixel is as large as the pattern, so that
  distant patterns do not flicker.

  Args:
    kind: (R,) pattern.
    point: (3, R) in the geom's frame, from `below`.
    scale: (R,) metres.
    angle: (R,) radians about z.
    wave: (4 * WAVES, R) from `waves`.
    footprint: (R,) metres on the surface that a pixel covers.
  """
  cos, sin = jnp.cos(angle), jnp.sin(angle)
  x, y, z = point / jnp.maximum(scale, 1e-6)
  x, y = cos * x + sin * y, cos * y - sin * x
  cells = jnp.floor(x) + jnp.floor(y) + jnp.floor(z + 0.5)
  along = x + z
  ramp = jnp.abs(jnp.mod(along, 2) - 1)
  vector = wave.reshape(4, WAVES, -1)
  swing = jnp.sin(vector[0] * x + vector[1] * y + vector[2] * z + vector[3])
  noise = jnp.clip(0.5 + _CONTRAST * jnp.mean(swing, axis=0), 0, 1)
  blur = jnp.clip(1.5 * footprint / jnp.maximum(scale, 1e-6) - 0.25, 0, 1)

  def sharp(number: jax.Array) -> jax.Array:
    odd = jnp.mod(number, 2)
    return odd + blur * (0.5 - odd)

  return jnp.select(
    [
      kind == look_lib.CHECKER,
      kind == look_lib.GRADIENT,
      kind == look_lib.NOISE,
      kind == look_lib.STRIPES,
    ],
    [sharp(cells), ramp, noise, sharp(jnp.floor(along))],
    0.0,
  )


def _hash(number: jax.Array) -> jax.Array:
  """Whole numbers to what looks like chance, 0..1."""
  for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
    number = (number ^ (number >> shift)) * jnp.uint32(factor)
  number ^= number >> 16
  return (number >> 8).astype(jnp.float32) / 2**24
