"""From what is observed and said to the one vector that steers the denoiser."""

import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Float

from sdd.dataset import object_layout
from sdd.policy import activation, objects
from sdd.simulation import action

OPENING = 10.0  # openings are a tenth of a metre at most
NOWHERE = np.array([0, 0, 0, 1, 0, 0, 0, 1, 0, 0], np.float32)  # no pose


class ConditionEncoder(nn.Module):
  """Attention to the objects, then a small MLP.

  Sentence and tool ask; so the object that the sentence is about is picked
  before the denoiser is told anything, in a scene with any objects.

  Attributes:
    hidden: widths of the MLP.
    features: of the result.
    object_width: of what is known of an object.
    heads: of the attention.
    use_proprioception: whether it feels the tool; if not, objects are seen
      from the robot's base.
  """

  hidden: tuple[int, ...]
  features: int
  object_width: int
  heads: int
  use_proprioception: bool = True

  @nn.compact
  def __call__(
    self,
    observation: Float[Array, 'B To F'],
    text: Float[Array, 'B M E'],
    pictures: Float[Array, 'B V'] | None = None,
  ) -> Float[Array, 'B C']:
    """Encodes a batch.

    Args:
      observation: proprioception, then ten numbers for each of N objects;
        raw units, newest last.
      text: the sentence, then the names of the N objects; zeros for one that
        is not there.
      pictures: what the cameras see, encoded.
    """
    # Embeddings have unit length: scale their entries to about one.
    text = text * text.shape[-1] ** 0.5
    sentence, names = text[:, 0], text[:, 1:]
    pose = observation[..., : action.DIMENSION]
    if not self.use_proprioception:
      pose = jnp.zeros_like(pose) + NOWHERE
    context = activation.mish(
      nn.Dense(self.object_width, name='context')(
        jnp.concatenate([felt(pose), sentence], axis=-1)
      )
    )
    told = [context] if pictures is None else [context, pictures]
    if names.shape[1]:
      rows = observation[..., action.DIMENSION :].reshape(
        *observation.shape[:2], -1, object_layout.DIMENSION
      )
      told.append(
        objects.ObjectAttention(
          self.object_width, self.heads, name='attention'
        )(context, objects.geometry(pose, rows), names, sentence)
      )
    x = jnp.concatenate(told, axis=-1)
    for layer, width in enumerate(self.hidden):
      x = activation.mish(nn.Dense(width, name=f'hidden_{layer}')(x))
    return nn.Dense(self.features, name='output')(x)


def felt(pose: Float[Array, 'B To 10']) -> Float[Array, 'B 20']:
  """The tool now, and how it has moved; entries of about one."""
  scale = jnp.array([1.0] * 9 + [OPENING])
  now, before = pose[:, -1] * scale, pose[:, 0] * scale
  return jnp.concatenate([now, objects.SPEED * (now - before)], axis=-1)
