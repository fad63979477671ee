"""The basic block of a residual network (He et al. 2016)."""

from flax import linen as nn
from jaxtyping import Array, Float

from sdd.policy.vision import normalisation


class ResidualBlock(nn.Module):
  """Two 3x3 convolutions around a skip connection.

  The skip is a 1x1 convolution where size or channels change.

  Attributes:
    features: output channels.
    stride: of the first convolution.
    groups: channels in each group of the normalisations.
  """

  features: int
  stride: int = 1
  groups: int = 16

  @nn.compact
  def __call__(self, x: Float[Array, 'B H W C']) -> Float[Array, 'B h w F']:
    y = self._conv(3, self.stride, 'first')(x)
    y = nn.relu(normalisation.group_norm(self.groups, 'first_norm')(y))
    y = self._conv(3, 1, 'second')(y)
    y = normalisation.group_norm(self.groups, 'second_norm')(y)
    if x.shape != y.shape:
      x = self._conv(1, self.stride, 'skip')(x)
      x = normalisation.group_norm(self.groups, 'skip_norm')(x)
    return nn.relu(x + y)

  def _conv(self, size: int, stride: int, name: str) -> nn.Conv:
    return nn.Conv(
      self.features,
      (size, size),
      strides=(stride, stride),
      padding=size // 2,
      use_bias=False,
      name=name,
    )
