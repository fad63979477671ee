"""ResNet-18 with group normalisation: the paper's picture encoder."""

from typing import Any

from flax import linen as nn
from jaxtyping import Array, Float

from sdd.policy.vision import normalisation, residual_block

STAGES = 4
BLOCKS = 2  # in each stage


class ResNet18(nn.Module):
  """Pictures in, feature maps out, at a 32nd of their size.

  A two-dimensional convolution is left to XLA: unlike the one-dimensional
  one it is as fast as a matrix product on a CPU, also backward.

  Attributes:
    width: channels of the first stage; they double with every stage.
    groups: channels in each group of the normalisations.
  """

  width: int = 64
  groups: int = 16

  @nn.compact
  def __call__(self, x: Float[Array, 'B H W 3']) -> Float[Array, 'B h w F']:
    x = nn.Conv(
      self.width,
      (7, 7),
      strides=(2, 2),
      padding=3,
      use_bias=False,
      name='stem',
    )(x)
    x = nn.relu(normalisation.group_norm(self.groups, 'stem_norm')(x))
    edges: Any = ((1, 1), (1, 1))  # flax infers a string from its default
    x = nn.max_pool(x, (3, 3), strides=(2, 2), padding=edges)
    for stage in range(STAGES):
      for block in range(BLOCKS):
        x = residual_block.ResidualBlock(
          self.width * 2**stage,
          stride=2 if stage and not block else 1,
          groups=self.groups,
          name=f'stage_{stage}{"ab"[block]}',
        )(x)
    return x
