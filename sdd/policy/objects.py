"""Objects as the network looks at them: one by one, from the tool.

Every object, drawer handle or bin is one row of the same ten numbers (see
`sdd.dataset.object_layout`) and a name. What a motion depends on is where it
is relative to the tool, so that is what the network gets, at three scales: a
metre for the way there, a few centimetres for the grasp.
"""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from sdd.dataset import object_layout
from sdd.policy import activation

SCALES = (0.03, 0.15)  # metres, or radians of a joint
SPEED = 10.0  # changes between two observations are small
ABSENT = -1e9  # attention to an object that is not there


def at_scales(x: Float[Array, '*b D']) -> Float[Array, '*b 3D']:
  """The numbers themselves, and squashed at each of `SCALES`."""
  squashed = [x / jnp.sqrt(x * x + scale * scale) for scale in SCALES]
  return jnp.concatenate([2 * x, *squashed], axis=-1)


def rotation(rows: Float[Array, '*b 6']) -> Float[Array, '*b 3 3']:
  """The rotation matrix whose first two rows these are."""
  first, second = rows[..., :3], rows[..., 3:]
  return jnp.stack([first, second, jnp.cross(first, second)], axis=-2)


def geometry(
  pose: Float[Array, 'B To 10'], rows: Float[Array, 'B To N 10']
) -> Float[Array, 'B N G']:
  """What the newest observation says of each object, and what changed.

  Args:
    pose: proprioception; position, rotation rows and opening of the tool.
    rows: objects; position, rotation rows and joint position.
  """
  now, before = rows[:, -1], rows[:, 0]
  tool, turn = pose[:, -1, None, :3], rotation(pose[:, -1, 3:9])
  own = rotation(now[..., object_layout.ROTATION])
  away = now[..., object_layout.POSITION] - tool
  joint = now[..., object_layout.JOINT]
  relative = jnp.einsum('bnij,bik->bnjk', own, turn)
  moved = SPEED * (now - before)
  return jnp.concatenate(
    [
      at_scales(away),
      at_scales(jnp.einsum('bnij,bni->bnj', own, -away)),
      at_scales(jnp.einsum('bij,bni->bnj', turn, away)),
      at_scales(joint),
      now[..., object_layout.ROTATION],
      relative.reshape(*relative.shape[:2], 9),
      moved[..., object_layout.POSITION],
      moved[..., object_layout.JOINT],
    ],
    axis=-1,
  )


class ObjectAttention(nn.Module):
  """Reads from the objects what sentence and tool ask for.

  Each head makes a question of the context, weighs the objects by how their
  keys answer it, and returns the weighted mean of their values.

  Attributes:
    width: of what is known of an object.
    heads: questions.
    size: of question, key and value.
  """

  width: int
  heads: int
  size: int = 32

  @nn.compact
  def __call__(
    self,
    context: Float[Array, 'B C'],
    seen: Float[Array, 'B N G'],
    names: Float[Array, 'B N E'],
    sentence: Float[Array, 'B E'],
  ) -> Float[Array, 'B heads*size']:
    known = nn.Dense(self.width, name='seen')(
      jnp.concatenate([seen, names], axis=-1)
    )
    known += nn.Dense(self.width, use_bias=False, name='said')(sentence)[
      :, None
    ]
    known += nn.Dense(self.width, name='known')(activation.mish(known))
    known = activation.mish(known)
    question, key, value = (
      nn.Dense(self.heads * self.size, use_bias=name != 'key', name=name)(
        x
      ).reshape(*x.shape[:-1], self.heads, self.size)
      for name, x in (('question', context), ('key', known), ('value', known))
    )
    weight = jnp.einsum('bhd,bnhd->bhn', question, key) / self.size**0.5
    there = jnp.any(names != 0, axis=-1)[:, None]
    weight = nn.softmax(jnp.where(there, weight, ABSENT), axis=-1)
    read = jnp.einsum('bhn,bnhd->bhd', weight, value)
    return read.reshape(len(read), -1)
