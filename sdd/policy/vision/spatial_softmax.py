"""Where in the picture: the spatial soft-max (Finn et al. 2016)."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def expected_place(
  maps: Float[Array, 'B h w K'],
) -> Float[Array, 'B K 2']:
  """Mean place of each map, its soft-max taken as a distribution.

  Returns:
    (x, y), x to the right and y down; the centres of the first and of the
    last pixel are -1 and 1. 0 along a side of one pixel.
  """
  batch, height, width, count = maps.shape
  weight = jax.nn.softmax(
    maps.reshape(batch, height * width, count).astype(jnp.float32), axis=1
  )
  weight = weight.reshape(batch, height, width, count)
  x = jnp.einsum('bhwk,w->bk', weight, _places(width))
  y = jnp.einsum('bhwk,h->bk', weight, _places(height))
  return jnp.stack([x, y], axis=-1).astype(maps.dtype)


def _places(size: int) -> Float[Array, ' size']:
  return jnp.linspace(-1.0, 1.0, size) if size > 1 else jnp.zeros(1)
