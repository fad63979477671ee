"""Everything that changes while learning."""

from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from sdd.policy import network
from sdd.training import config as config_lib


@flax.struct.dataclass
class TrainState:
  """A pytree; with the data it decides every later step.

  Attributes:
    step: gradient steps taken; with the run's seed also the position in the
      data, see `batches.Batches`.
    params: parameters that are learnt.
    ema: their moving average, the ones that act.
    optimiser: the state of AdamW.
    rng: the run's key; a step's randomness is drawn from it and `step`.
  """

  step: Int[Array | np.ndarray, '']
  params: Any
  ema: Any
  optimiser: Any
  rng: Array | np.ndarray


def optimiser(
  config: config_lib.TrainingConfig,
) -> tuple[optax.GradientTransformation, optax.Schedule]:
  """AdamW under a cosine with linear warm-up, and that learning rate."""
  rate = optax.warmup_cosine_decay_schedule(
    init_value=0.0 if config.warmup_steps else config.learning_rate,
    peak_value=config.learning_rate,
    warmup_steps=config.warmup_steps,
    decay_steps=config.steps,
    end_value=config.final_learning_rate,
  )
  adamw = optax.adamw(
    rate, b1=0.9, b2=config.beta2, weight_decay=config.weight_decay
  )
  return adamw, rate


def init(config: config_lib.TrainingConfig, objects: int) -> TrainState:
  """The state before the first step, on the host."""
  params = network.init(config.policy, objects, seed=config.seed)
  transform, _ = optimiser(config)
  fresh = jax.eval_shape(transform.init, params)
  zeros = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), fresh)
  return TrainState(
    step=np.zeros((), np.int32),
    params=params,
    ema=jax.tree.map(np.copy, params),
    optimiser=zeros,  # moments and counters of AdamW all start at zero
    rng=np.asarray(jax.random.PRNGKey(config.seed)),
  )


def ema_decay(
  step: Int[Array | np.ndarray, ''], *, power: float, maximum: float
) -> Float[Array, '']:
  """Decay of the moving average: it forgets its start quickly.

  The warm-up of `EMAModel` in Hugging Face diffusers, as the paper's code has
  it: power 0.75, at most 0.9999, and the first two updates forget everything.
  The paper's "decay rate of 0.75" is that power.
  """
  warm = 1 - jnp.maximum(step.astype(jnp.float32), 1) ** -power
  return jnp.minimum(warm, maximum)


def count(params: Any) -> int:
  """How many numbers a tree of parameters holds."""
  return sum(leaf.size for leaf in jax.tree.leaves(params))
