"""From the pictures of one camera to a short vector."""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from sdd.policy.vision import config as config_lib
from sdd.policy.vision import light, resnet, spatial_softmax

_TRUNKS = {'light': light.LightEncoder, 'resnet18': resnet.ResNet18}


class CameraEncoder(nn.Module):
  """Trunk, pooling, projection.

  Attributes:
    config: see `VisionConfig`.
  """

  config: config_lib.VisionConfig

  @nn.compact
  def __call__(
    self,
    picture: Float[Array, 'B H W 3'],
    shift: Float[Array, 'B 2'],
  ) -> Float[Array, 'B features']:
    config = self.config
    trunk = _TRUNKS[config.encoder](config.width, config.groups, name='trunk')
    maps = trunk(picture)
    if config.pooling == 'average':
      seen = jnp.mean(maps, axis=(1, 2))
    else:
      maps = nn.Dense(config.keypoints, name='keypoints')(maps)
      places = spatial_softmax.expected_place(maps)
      places = places + shift[:, None]  # of the crop, then of the picture
      seen = places.reshape(places.shape[0], -1)
    return nn.Dense(config.camera_features, name='output')(seen)
