"""From what is seen to where things are."""

import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Float

from sdd.policy import activation, objects

FOUND = 'found'
"""Collection where the network leaves the `rows` (B, N, 10) that it found."""

# Metres, and entries of a rotation matrix and a joint's position. Answers of
# about one: an optimiser's step then moves them by a millimetre.
UNIT = 0.1
REST_UNITS = np.array([1.0] * 6 + [UNIT], np.float32)


class ObjectFinder(nn.Module):
  """Tells of every named object what a policy with state would be told.

  A camera that stands still sees objects from the robot's base, one at the
  wrist sees them from the tool. So there are two answers to where an object
  is, and a share for each.

  Attributes:
    width: of the hidden layers.
  """

  width: int

  @nn.compact
  def __call__(
    self,
    pictures: Float[Array, 'B V'],
    pose: Float[Array, 'B 10'],
    names: Float[Array, 'B N E'],
  ) -> Float[Array, 'B N 10']:
    """Rows as in `sdd.dataset.object_layout`, robot base frame.

    Args:
      pictures: what the cameras see, encoded.
      pose: proprioception; position, rotation rows and opening of the tool.
      names: of the objects, embedded; entries of about one.
    """
    seen = nn.Dense(self.width, name='seen')(
      jnp.concatenate([pictures, pose], axis=-1)
    )
    scale, bias = jnp.split(
      nn.Dense(2 * self.width, name='named')(names), 2, axis=-1
    )
    x = activation.mish(seen[:, None] * (1 + scale) + bias)
    x = activation.mish(nn.Dense(self.width, name='hidden')(x))
    answer = nn.Dense(16, name='output')(x)
    base, tool, share, rest = jnp.split(answer, (3, 6, 9), axis=-1)
    base, tool, rest = UNIT * base, UNIT * tool, rest * REST_UNITS
    turn = objects.rotation(pose[:, 3:9])
    from_tool = pose[:, None, :3] + jnp.einsum('bij,bnj->bni', turn, tool)
    share = nn.sigmoid(share)
    place = share * base + (1 - share) * from_tool
    return jnp.concatenate([place, rest], axis=-1)
