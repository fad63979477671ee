"""A denoiser for CPUs: residual layers on the whole chunk at once.

The U-Net spends most of its time on a CPU in moving small pieces about, not
in products. This one takes the chunk as one vector and is all products: the
same number of parameters learns several times as fast there. Diffusion step
and observation steer every block by feature-wise scale and bias (FiLM), as
in the U-Net.
"""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, Int

from sdd.policy import activation, unet

EPSILON = 1e-5  # of layer normalisation


class MLP(nn.Module):
  """Predicts noise, sample or `v` for a noisy chunk.

  Attributes:
    widths: one per residual block, all equal.
    step_dimension: width of the diffusion-step embedding.
  """

  widths: tuple[int, ...]
  step_dimension: int = 64

  @nn.compact
  def __call__(
    self,
    noisy: Float[Array, 'B T D'],
    time: Int[Array, 'B'],
    condition: Float[Array, 'B C'],
  ) -> Float[Array, 'B T D']:
    step = unet.step_embedding(time, self.step_dimension).astype(noisy.dtype)
    step = nn.Dense(4 * self.step_dimension, name='step_in')(step)
    step = nn.Dense(self.step_dimension, name='step_out')(activation.mish(step))
    context = activation.mish(jnp.concatenate([step, condition], axis=-1))
    width = self.widths[0]
    x = nn.Dense(width, name='input')(noisy.reshape(len(noisy), -1))
    x += nn.Dense(width, use_bias=False, name='context')(context)
    for block in range(len(self.widths)):
      x += self._block(x, context, block)
    x = self._normalised(x, 'final')
    length, features = noisy.shape[1:]
    x = nn.Dense(length * features, name='output')(activation.mish(x))
    return x.reshape(noisy.shape)

  def _block(
    self, x: Float[Array, 'B W'], context: Float[Array, 'B E'], block: int
  ) -> Float[Array, 'B W']:
    width = x.shape[-1]
    y = activation.mish(self._normalised(x, f'block_{block}_norm'))
    y = nn.Dense(width, name=f'block_{block}_first')(y)
    film = nn.Dense(2 * width, name=f'block_{block}_film')(context)
    scale, bias = jnp.split(film, 2, axis=-1)
    y = activation.mish(y * (1 + scale) + bias)
    return nn.Dense(width, name=f'block_{block}_second')(y)

  def _normalised(
    self, x: Float[Array, 'B W'], name: str
  ) -> Float[Array, 'B W']:
    return nn.LayerNorm(epsilon=EPSILON, name=name)(x)
