"""Group normalisation in groups of a fixed number of channels.

It takes the place of batch normalisation in a picture encoder, whose running
averages would fit badly with the moving average of the parameters (paper,
appendix: 16 channels a group).
"""

from flax import linen as nn

EPSILON = 1e-5


def group_norm(size: int, name: str) -> nn.GroupNorm:
  """Normalises every `size` neighbouring channels of an example together."""
  return nn.GroupNorm(
    num_groups=None, group_size=size, epsilon=EPSILON, name=name
  )
