"""The conditional 1-D U-Net that cleans action chunks.

The network of the paper's learner and of Diffusion Policy (Chi et al. 2023):
residual blocks of two convolutions with group normalisation and Mish, each
told about diffusion step and observation by feature-wise scale and bias
(FiLM) after its first convolution. Time runs along axis 1, halved once per
level.
"""

from typing import Any

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, Int

from sdd.policy import activation, conv

EPSILON = 1e-5  # of group normalisation


def step_embedding(
  time: Int[Array, 'B'], dimension: int
) -> Float[Array, 'B dimension']:
  """Sines and cosines of the diffusion step at geometric frequencies."""
  half = dimension // 2
  exponent = jnp.arange(half, dtype=jnp.float32) / (half - 1)
  phase = time[:, None].astype(jnp.float32) * 10_000.0**-exponent
  return jnp.concatenate([jnp.sin(phase), jnp.cos(phase)], axis=-1)


class ConvBlock(nn.Module):
  """Convolution, group normalisation, Mish; keeps the length."""

  features: int
  kernel_size: int
  groups: int
  conv_impl: str

  @nn.compact
  def __call__(self, x: Float[Array, 'B T C']) -> Float[Array, 'B T F']:
    x = conv.Conv(
      self.features,
      self.kernel_size,
      padding=self.kernel_size // 2,
      implementation=self.conv_impl,
      name='conv',
    )(x)
    x = nn.GroupNorm(num_groups=self.groups, epsilon=EPSILON, name='norm')(x)
    return activation.mish(x)


class ResidualBlock(nn.Module):
  """Two convolution blocks with FiLM between, around a skip connection."""

  features: int
  kernel_size: int
  groups: int
  conv_impl: str

  @nn.compact
  def __call__(
    self, x: Float[Array, 'B T C'], context: Float[Array, 'B E']
  ) -> Float[Array, 'B T F']:
    shape = (self.features, self.kernel_size, self.groups, self.conv_impl)
    film = nn.Dense(2 * self.features, name='film')(context)[:, None]
    scale, bias = jnp.split(film, 2, axis=-1)
    y = ConvBlock(*shape, name='first')(x) * (1 + scale) + bias
    y = ConvBlock(*shape, name='second')(y)
    if x.shape[-1] != self.features:
      skip = conv.Conv(
        self.features, implementation=self.conv_impl, name='skip'
      )
      x = skip(x)
    return x + y


class Halve(nn.Module):
  """Halves the length with a strided convolution."""

  conv_impl: str

  @nn.compact
  def __call__(self, x: Float[Array, 'B T C']) -> Float[Array, 'B t C']:
    return conv.Conv(
      x.shape[-1],
      kernel_size=3,
      stride=2,
      padding=1,
      implementation=self.conv_impl,
      name='conv',
    )(x)


class Double(nn.Module):
  """Doubles the length; a transposed convolution with four taps.

  Every pair of neighbours gives two outputs, so it is a convolution with
  two taps and twice the channels whose first and last outputs are cut off.
  """

  conv_impl: str

  @nn.compact
  def __call__(self, x: Float[Array, 'B T C']) -> Float[Array, 'B t C']:
    batch, length, channels = x.shape
    pairs = conv.Conv(
      2 * channels,
      kernel_size=2,
      padding=1,
      implementation=self.conv_impl,
      name='conv',
    )(x)
    return pairs.reshape(batch, 2 * (length + 1), channels)[:, 1:-1]


class UNet(nn.Module):
  """Predicts noise, sample or `v` for a noisy chunk.

  Attributes:
    channels: widths, one per level.
    kernel_size: taps of the convolutions.
    groups: of the group normalisations.
    step_dimension: width of the diffusion-step embedding.
    conv_impl: see `conv`.
  """

  channels: tuple[int, ...]
  kernel_size: int = 5
  groups: int = 8
  step_dimension: int = 64
  conv_impl: str = 'matmul'

  @nn.compact
  def __call__(
    self,
    noisy: Float[Array, 'B T D'],
    time: Int[Array, 'B'],
    condition: Float[Array, 'B C'],
  ) -> Float[Array, 'B T D']:
    context = jnp.concatenate(
      [self._step(time, noisy.dtype), condition], axis=-1
    )
    context = activation.mish(context)
    last = len(self.channels) - 1
    x, skips = noisy, []
    for level, width in enumerate(self.channels):
      x = self._block(width, f'down_{level}a')(x, context)
      x = self._block(width, f'down_{level}b')(x, context)
      if level < last:
        skips.append(x)
        x = Halve(self.conv_impl, name=f'halve_{level}')(x)
    x = self._block(self.channels[-1], 'middle_a')(x, context)
    x = self._block(self.channels[-1], 'middle_b')(x, context)
    for level in reversed(range(last)):
      width = self.channels[level]
      x = Double(self.conv_impl, name=f'double_{level}')(x)
      x = jnp.concatenate([x, skips[level]], axis=-1)
      x = self._block(width, f'up_{level}a')(x, context)
      x = self._block(width, f'up_{level}b')(x, context)
    x = ConvBlock(
      x.shape[-1], self.kernel_size, self.groups, self.conv_impl, name='final'
    )(x)
    return conv.Conv(
      noisy.shape[-1], implementation=self.conv_impl, name='output'
    )(x)

  def _step(self, time: Int[Array, 'B'], dtype: Any) -> Float[Array, 'B E']:
    x = step_embedding(time, self.step_dimension).astype(dtype)
    x = activation.mish(nn.Dense(4 * self.step_dimension, name='step_in')(x))
    return nn.Dense(self.step_dimension, name='step_out')(x)

  def _block(self, width: int, name: str) -> ResidualBlock:
    return ResidualBlock(
      width, self.kernel_size, self.groups, self.conv_impl, name=name
    )
