"""CLIP's text transformer (Radford et al. 2021), in Flax.

Names of the modules are those of the published weights.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, Int


def quick_gelu(x: Float[Array, '*shape']) -> Float[Array, '*shape']:
  """`x * sigmoid(1.702 x)`, what the first CLIP has for a GELU."""
  return x * jax.nn.sigmoid(1.702 * x)


def gelu(x: Float[Array, '*shape']) -> Float[Array, '*shape']:
  """The exact GELU, of later CLIPs."""
  return jax.nn.gelu(x, approximate=False)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
  'quick_gelu': quick_gelu,
  'gelu': gelu,
}


@dataclasses.dataclass(frozen=True)
class Sizes:
  """The shape of a text transformer.

  Attributes:
    vocabulary: tokens.
    length: the most tokens of a text, start and end included.
    width: of the stream.
    hidden: width of the layers' perceptrons.
    layers: how many.
    heads: of the attention; they divide the width.
    dimension: of the embedding.
    activation: a key of `ACTIVATIONS`.
    epsilon: of layer normalisation.
  """

  vocabulary: int
  length: int
  width: int
  hidden: int
  layers: int
  heads: int
  dimension: int
  activation: str = 'quick_gelu'
  epsilon: float = 1e-5


class Attention(nn.Module):
  """Attention of each token to itself and those before it."""

  sizes: Sizes

  @nn.compact
  def __call__(self, x: Float[Array, 'N T W']) -> Float[Array, 'N T W']:
    heads, (*batch, length, width) = self.sizes.heads, x.shape

    def split(name: str) -> Array:
      projected = nn.Dense(width, name=name)(x)
      return projected.reshape(*batch, length, heads, width // heads)

    query, key, value = map(split, ('q_proj', 'k_proj', 'v_proj'))
    weight = jnp.einsum('nqhc,nkhc->nhqk', query, key)
    weight = weight / (width // heads) ** 0.5
    past = jnp.tril(jnp.ones((length, length), bool))
    weight = jax.nn.softmax(jnp.where(past, weight, -jnp.inf), axis=-1)
    seen = jnp.einsum('nhqk,nkhc->nqhc', weight, value)
    return nn.Dense(width, name='out_proj')(seen.reshape(x.shape))


class Perceptron(nn.Module):
  """Two layers, on each token alone."""

  sizes: Sizes

  @nn.compact
  def __call__(self, x: Float[Array, 'N T W']) -> Float[Array, 'N T W']:
    y = nn.Dense(self.sizes.hidden, name='fc1')(x)
    y = ACTIVATIONS[self.sizes.activation](y)
    return nn.Dense(self.sizes.width, name='fc2')(y)


class Layer(nn.Module):
  """Attention and perceptron, each normalised before and added to its input."""

  sizes: Sizes

  @nn.compact
  def __call__(self, x: Float[Array, 'N T W']) -> Float[Array, 'N T W']:
    epsilon = self.sizes.epsilon
    y = nn.LayerNorm(epsilon, name='layer_norm1')(x)
    x = x + Attention(self.sizes, name='self_attn')(y)
    y = nn.LayerNorm(epsilon, name='layer_norm2')(x)
    return x + Perceptron(self.sizes, name='mlp')(y)


class TextTransformer(nn.Module):
  """Embeds texts: what the last layer says at the token that ends them.

  Tokens look only backwards, so what follows the end does not matter.
  """

  sizes: Sizes

  @nn.compact
  def __call__(
    self, tokens: Int[Array, 'N T'], end: Int[Array, 'N']
  ) -> Float[Array, 'N E']:
    sizes = self.sizes
    token = nn.Embed(sizes.vocabulary, sizes.width, name='token_embedding')
    place = nn.Embed(sizes.length, sizes.width, name='position_embedding')
    x = token(tokens) + place(jnp.arange(tokens.shape[1]))
    for layer in range(sizes.layers):
      x = Layer(sizes, name=f'layers_{layer}')(x)
    x = nn.LayerNorm(sizes.epsilon, name='final_layer_norm')(x)
    ends: Any = jnp.take_along_axis(x, end[:, None, None], axis=1)
    project = nn.Dense(sizes.dimension, use_bias=False, name='text_projection')
    return project(ends[:, 0])
