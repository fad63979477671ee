"""From noise to an action chunk: the deterministic loop."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sdd.policy import acting, network
from sdd.policy import config as config_lib
from sdd.policy import schedule as schedule_lib
from sdd.policy.vision import augmentation
from sdd.simulation import action

Sampler = Callable[..., Array]


def draw_noise(
  seed: int, call: int, shape: tuple[int, ...]
) -> Float[np.ndarray, '*b Ta 10']:
  """The noise that the `call`-th decision since `reset(seed)` starts from.

  Of several chunks the first is the one that is drawn alone. Counter-based
  and drawn on the host, so that JAX and NumPy policies start from the same
  numbers on every machine.
  """
  key = np.array([seed % 2**64, call], np.uint64)
  generator = np.random.Generator(np.random.Philox(key=key))
  return generator.standard_normal(shape, dtype=np.float32)


def make(config: config_lib.PolicyConfig) -> Sampler:
  """Compiles `sample(params, observation, text, noise, seen)` for one network.

  Observation (B, To, F) in raw units, text (B, M, E), noise and result
  (B, Ta, 10), normalised. `seen` is None for a policy without cameras.
  Deterministic: the noise decides the chunk.
  """
  return loop(network.Network(config.validate()), acting.make(config))


def loop(model: network.Network, how: acting.Acting) -> Sampler:
  """As `make`, for a network and a way of acting that are there already."""
  times, table = how.times, how.table

  def sample(
    params: Any,
    observation: Float[Array, 'B To F'],
    text: Float[Array, 'B M E'],
    noise: Float[Array, 'B Ta 10'],
    seen: augmentation.Seen | None = None,
  ) -> Float[Array, 'B Ta 10']:
    variables = {'params': params}
    condition: Any = model.apply(
      variables, observation, text, seen, method='encode'
    )

    def step(index: Array, noisy: Array) -> Array:
      time = jnp.full(noisy.shape[0], jnp.asarray(times)[index])
      output: Any = model.apply(
        variables, noisy, time, condition, method='denoise'
      )
      return schedule_lib.ddim_step(noisy, output, jnp.asarray(table)[index])

    if how.start is not None:
      noise = jnp.broadcast_to(how.start, noise.shape)
    return jax.lax.fori_loop(0, len(times), step, noise)

  return jax.jit(sample)


def noise_shape(config: config_lib.PolicyConfig) -> tuple[int, int]:
  """Shape of one chunk."""
  return config.action_horizon, action.DIMENSION
