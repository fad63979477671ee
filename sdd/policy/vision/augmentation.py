"""The part of a picture that the network sees, and its colours.

Everything is drawn from the step's key and the example's place in the global
batch, as the noise of `sdd.policy.loss` is, so that any number of devices
takes the same step.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, Shaped, UInt8

from sdd.policy import loss
from sdd.policy.vision import config as config_lib

STREAM = 0x5EE  # keeps these numbers apart from the noise of the same key
_PER_CAMERA = 6  # crop (2), brightness, contrast, saturation, rotation
_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # of ITU-R BT.601

Pictures = UInt8[Array | np.ndarray, 'B cameras height width 3']


class Seen(NamedTuple):
  """What the network sees.

  Attributes:
    pictures: (B, cameras, h, w, 3), values from -1 to 1.
    shift: (B, cameras, 2), the crop's centre from the picture's, (x, y) in
      halves of the crop's sides. It puts keypoints of all crops into the
      frame of the whole picture, in which the camera does not move.
  """

  pictures: Float[Array, 'B cameras h w 3']
  shift: Float[Array, 'B cameras 2']


def nothing(config: config_lib.VisionConfig) -> Seen:
  """One grey example, for its shapes."""
  count = len(config.cameras)
  return Seen(
    jnp.zeros((1, count, *config.crop_size, 3)), jnp.zeros((1, count, 2))
  )


def centre(pictures: Pictures, config: config_lib.VisionConfig) -> Seen:
  """The middle of every picture as it is: what the policy sees acting."""
  height, width = config.crop_size
  top, left = (
    (pictures.shape[2] - height) // 2,
    (pictures.shape[3] - width) // 2,
  )
  inside = jnp.asarray(
    pictures[:, :, top : top + height, left : left + width], jnp.float32
  )
  shift = jnp.broadcast_to(
    _shift(jnp.array([top, left]), pictures, config), (*pictures.shape[:2], 2)
  )
  return Seen(inside / 127.5 - 1, shift)


def of_batch(
  batch: loss.Batch,
  *,
  key: PRNGKeyArray | Shaped[Array, '2'],
  config: config_lib.VisionConfig,
) -> dict[str, Any]:
  """A training batch whose `pictures` have become what is `seen` of them."""
  rest: dict[str, Any] = dict(batch)
  pictures = rest.pop('pictures', None)
  if pictures is not None:
    rest['seen'] = augment(pictures, batch['position'], key=key, config=config)
  return rest


def augment(
  pictures: Pictures,
  position: Int[Array, 'B'],
  *,
  key: PRNGKeyArray | Shaped[Array, '2'],
  config: config_lib.VisionConfig,
) -> Seen:
  """A random crop of every picture, turned and recoloured a little."""
  uniform = draw(key, position, cameras=pictures.shape[1])
  size = np.array(config.crop_size)
  room = jnp.asarray(np.array(pictures.shape[2:4]) - size)
  corner = jnp.floor(uniform[..., :2] * (room + 1)).astype(jnp.int32)
  if config.rotation:
    angle = jnp.deg2rad(config.rotation) * (2 * uniform[..., 5] - 1)
    inside = _turned(pictures, corner, angle, config.crop_size)
  else:
    inside = _cropped(pictures, corner, config.crop_size)
  recoloured = _recoloured(inside, uniform[..., 2:5], config)
  return Seen(2 * recoloured - 1, _shift(corner, pictures, config))


def draw(
  key: PRNGKeyArray | Shaped[Array, '2'],
  position: Int[Array, 'B'],
  *,
  cameras: int,
) -> Float[Array, 'B cameras 6']:
  """Uniform numbers in [0, 1) for every picture of every example."""
  key = jax.random.fold_in(key, STREAM)

  def one(place: Array) -> Array:
    bits = jax.random.bits(
      jax.random.fold_in(key, place), (cameras, _PER_CAMERA)
    )
    return (bits >> 8).astype(jnp.float32) * 2.0**-24

  return jax.vmap(one)(position)


def _shift(
  corner: Int[Array, '*b 2'],
  pictures: Pictures,
  config: config_lib.VisionConfig,
) -> Float[Array, '*b 2']:
  """Of crops with these (top, left) corners."""
  size = np.array(config.crop_size)
  middle = (np.array(pictures.shape[2:4]) - size) / 2
  return ((corner - middle) / (size / 2))[..., ::-1].astype(jnp.float32)


def _cropped(
  pictures: Pictures, corner: Int[Array, 'B cameras 2'], size: tuple[int, int]
) -> Float[Array, 'B cameras h w 3']:
  """Crops at whole pixels; from 0 to 1."""

  def one(picture: Array, place: Array) -> Array:
    start = (place[0], place[1], 0)
    return jax.lax.dynamic_slice(picture, start, (*size, 3))

  inside = jax.vmap(jax.vmap(one))(jnp.asarray(pictures), corner)
  return inside.astype(jnp.float32) / 255


def _turned(
  pictures: Pictures,
  corner: Int[Array, 'B cameras 2'],
  angle: Float[Array, 'B cameras'],
  size: tuple[int, int],
) -> Float[Array, 'B cameras h w 3']:
  """Crops turned about their centres, interpolated; the edge goes on."""
  half = (np.array(size) - 1) / 2
  rows, columns = np.meshgrid(*map(np.arange, size), indexing='ij')
  grid = jnp.asarray(np.stack([rows, columns], axis=-1) - half)

  def one(picture: Array, place: Array, turn: Array) -> Array:
    sine, cosine = jnp.sin(turn), jnp.cos(turn)
    matrix = jnp.array([[cosine, -sine], [sine, cosine]])
    where = grid @ matrix.T + half + place
    planes = [
      jax.scipy.ndimage.map_coordinates(
        picture[..., colour].astype(jnp.float32),
        [where[..., 0], where[..., 1]],
        order=1,
        mode='nearest',
      )
      for colour in range(3)
    ]
    return jnp.stack(planes, axis=-1) / 255

  return jax.vmap(jax.vmap(one))(jnp.asarray(pictures), corner, angle)


def _recoloured(
  pictures: Float[Array, 'B cameras h w 3'],
  uniform: Float[Array, 'B cameras 3'],
  config: config_lib.VisionConfig,
) -> Float[Array, 'B cameras h w 3']:
  """Brightness, contrast about the mean grey, saturation about the grey."""
  most = jnp.array([config.brightness, config.contrast, config.saturation])
  factor = 1 + most * (2 * uniform - 1)
  light, contrast, colour = (factor[..., k, None, None, None] for k in range(3))
  bright = light * pictures
  grey = bright @ _GREY
  mean = jnp.mean(grey, axis=(2, 3))[..., None, None, None]
  strong = mean + contrast * (bright - mean)
  grey = (mean[..., 0] + contrast[..., 0] * (grey - mean[..., 0]))[..., None]
  return jnp.clip(grey + colour * (strong - grey), 0.0, 1.0)
