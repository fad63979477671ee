"""Observation and sentence in, cleaned action chunk out: the whole network."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Float, Int

from sdd import errors
from sdd.dataset import object_layout
from sdd.policy import condition, mlp, unet
from sdd.policy import config as config_lib
from sdd.policy.vision import augmentation, image_encoder, object_finder
from sdd.simulation import action


class Network(nn.Module):
  """Encoder and denoiser.

  Observations come in raw units, chunks normalised to [-1, 1].

  `encode` runs once per decision, `denoise` once per diffusion step.
  """

  config: config_lib.PolicyConfig

  def setup(self):
    config = self.config
    self.encoder = condition.ConditionEncoder(
      tuple(config.observation_hidden),
      config.condition_dimension,
      config.object_width,
      config.heads,
      use_proprioception=config.use_proprioception,
    )
    if config.vision.cameras:
      self.eyes = image_encoder.ImageEncoder(config.vision)
    if config.finds_objects:
      self.finder = object_finder.ObjectFinder(config.vision.finding_width)
    if config.denoiser == 'mlp':
      self.mlp = mlp.MLP(tuple(config.channels), config.step_dimension)
    else:
      self.unet = unet.UNet(
        tuple(config.channels),
        kernel_size=config.kernel_size,
        groups=config.groups,
        step_dimension=config.step_dimension,
        conv_impl=config.conv_impl,
      )

  def encode(
    self,
    observation: Float[Array, 'B To F'],
    text: Float[Array, 'B M E'],
    seen: augmentation.Seen | None = None,
  ) -> Float[Array, 'B C']:
    if not self.config.vision.cameras:
      return self.encoder(observation, text)
    if seen is None:
      raise errors.SddError(
        f'The policy sees with {", ".join(self.config.vision.cameras)}; it '
        'cannot do without their pictures.'
      )
    pictures = self.eyes(seen)
    if self.config.finds_objects:
      observation = self._found(observation, text, pictures)
    return self.encoder(observation, text, pictures)

  def _found(
    self,
    observation: Float[Array, 'B To F'],
    text: Float[Array, 'B M E'],
    pictures: Float[Array, 'B V'],
  ) -> Float[Array, 'B To F']:
    """The observation, its objects where they are seen, all standing still."""
    felt = observation[..., : action.DIMENSION]
    pose = felt[:, -1]
    if not self.config.use_proprioception:
      pose = jnp.zeros_like(pose) + condition.NOWHERE
    names = text[:, 1:] * text.shape[-1] ** 0.5
    rows = self.finder(pictures, pose, names)
    self.sow(object_finder.FOUND, 'rows', rows)
    rows = rows.reshape(len(rows), 1, -1)
    repeated = jnp.repeat(rows, felt.shape[1], axis=1)
    return jnp.concatenate([felt, repeated], axis=-1)

  def denoise(
    self,
    noisy: Float[Array, 'B Ta 10'],
    time: Int[Array, 'B'],
    condition: Float[Array, 'B C'],
  ) -> Float[Array, 'B Ta 10']:
    denoiser = self.mlp if self.config.denoiser == 'mlp' else self.unet
    return denoiser(noisy, time, condition.astype(noisy.dtype))

  def __call__(
    self,
    noisy: Float[Array, 'B Ta 10'],
    time: Int[Array, 'B'],
    observation: Float[Array, 'B To F'],
    text: Float[Array, 'B M E'],
    seen: augmentation.Seen | None = None,
  ) -> Float[Array, 'B Ta 10']:
    return self.denoise(noisy, time, self.encode(observation, text, seen))


def init(
  config: config_lib.PolicyConfig, objects: int, *, seed: int
) -> dict[str, Any]:
  """Fresh parameters for observations of so many objects.

  LeCun-normal kernels, zero biases, unit scales: linen's defaults, but drawn
  by NumPy, because XLA takes 20 s to compile a generator per parameter.
  """
  model = Network(config.validate())
  features = action.DIMENSION + objects * object_layout.DIMENSION
  tree = jax.eval_shape(
    model.init,
    jax.random.PRNGKey(0),
    jnp.zeros((1, config.action_horizon, action.DIMENSION)),
    jnp.zeros((1,), jnp.int32),
    jnp.zeros((1, config.observation_horizon, features)),
    jnp.zeros((1, 1 + objects, config.text_dimension)),
    augmentation.nothing(config.vision) if config.vision.cameras else None,
  )
  generator = np.random.Generator(np.random.Philox(seed))

  def draw(path: tuple[Any, ...], leaf: Any) -> Float[np.ndarray, '...']:
    if path[-1].key != 'kernel':
      return np.full(leaf.shape, float(path[-1].key == 'scale'), np.float32)
    fan_in = math.prod(leaf.shape[:-1])
    normal = generator.standard_normal(leaf.shape, dtype=np.float32)
    return normal / np.float32(fan_in**0.5)

  return jax.tree_util.tree_map_with_path(draw, tree['params'])
