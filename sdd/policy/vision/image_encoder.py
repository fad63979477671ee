"""From the pictures of all cameras to one vector."""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from sdd.policy.vision import augmentation, camera_encoder
from sdd.policy.vision import config as config_lib


class ImageEncoder(nn.Module):
  """An encoder for each camera with weights of its own, and a projection.

  Attributes:
    config: see `VisionConfig`.
  """

  config: config_lib.VisionConfig

  @nn.compact
  def __call__(self, seen: augmentation.Seen) -> Float[Array, 'B features']:
    told = [
      camera_encoder.CameraEncoder(self.config, name=f'camera_{name}')(
        seen.pictures[:, number], seen.shift[:, number]
      )
      for number, name in enumerate(self.config.cameras)
    ]
    return nn.Dense(self.config.features, name='output')(
      jnp.concatenate(told, axis=-1)
    )
