"""One-dimensional convolution, as one matrix product or as XLA's own."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float


def matmul(
  x: Float[Array, 'B T C'],
  kernel: Float[Array, 'k C F'],
  *,
  stride: int = 1,
  padding: int = 0,
) -> Float[Array, 'B t F']:
  """Convolves by laying `k` shifted copies side by side: one matrix product.

  XLA's convolution is many times slower than this on a CPU, forward and
  (more so) backward, for the short sequences of an action chunk.
  """
  size, channels, features = kernel.shape
  x = jnp.pad(x, ((0, 0), (padding, padding), (0, 0)))
  span = x.shape[1] - size + 1
  shifted = [x[:, tap : tap + span : stride] for tap in range(size)]
  taps = jnp.concatenate(shifted, axis=-1)
  return taps @ kernel.reshape(size * channels, features)


def lax(
  x: Float[Array, 'B T C'],
  kernel: Float[Array, 'k C F'],
  *,
  stride: int = 1,
  padding: int = 0,
) -> Float[Array, 'B t F']:
  """Convolves with `jax.lax`; the choice for accelerators."""
  return jax.lax.conv_general_dilated(
    x,
    kernel,
    window_strides=(stride,),
    padding=((padding, padding),),
    dimension_numbers=('NWC', 'WIO', 'NWC'),
  )


IMPLEMENTATIONS = {'matmul': matmul, 'lax': lax}


class Conv(nn.Module):
  """Convolution over time with a bias; parameters do not depend on how.

  Attributes:
    features: output channels.
    kernel_size: taps.
    stride: step between outputs.
    padding: zeros added at both ends.
    implementation: `matmul` or `lax`.
  """

  features: int
  kernel_size: int = 1
  stride: int = 1
  padding: int = 0
  implementation: str = 'matmul'

  @nn.compact
  def __call__(self, x: Float[Array, 'B T C']) -> Float[Array, 'B t F']:
    shape = (self.kernel_size, x.shape[-1], self.features)
    kernel: Any = self.param('kernel', nn.initializers.lecun_normal(), shape)
    bias: Any = self.param('bias', nn.initializers.zeros, (self.features,))
    convolve = IMPLEMENTATIONS[self.implementation]
    y = convolve(x, kernel, stride=self.stride, padding=self.padding)
    return y + bias
