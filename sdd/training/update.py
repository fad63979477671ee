"""AdamW and the moving average, each number read and written once.

The same arithmetic as `optax.adamw`, on its state. Written by hand because
XLA on a CPU otherwise computes the new moments again for the parameters, and
the new parameters again for their average; then no old value may be
overwritten before all are computed, and every array is copied first. It does
not repeat a division, which it takes for expensive, and it drops a barrier
before it decides: hence the divisions by a one that it cannot see through.
"""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from sdd.training import config as config_lib
from sdd.training import state as state_lib

BETA1, EPSILON = 0.9, 1e-8


def apply(
  state: state_lib.TrainState,
  gradient: Any,
  *,
  config: config_lib.TrainingConfig,
  rate: optax.Schedule,
) -> state_lib.TrainState:
  """The state after one step along the gradient."""
  adam, decay, scale = state.optimiser
  count = adam.count + 1
  power = count.astype(jnp.float32)
  first, second = 1 - BETA1**power, 1 - config.beta2**power
  learning_rate = rate(scale.count)

  one = jnp.minimum(power, 1.0)

  def moment(old: Array, new: Array, beta: float) -> Array:
    return (beta * old + (1 - beta) * new) / one

  def moved(old: Array, mu: Array, nu: Array) -> Array:
    towards = (mu / first) / (jnp.sqrt(nu / second) + EPSILON)
    towards += config.weight_decay * old
    return (old - learning_rate * towards) / one

  mu = jax.tree.map(lambda m, g: moment(m, g, BETA1), adam.mu, gradient)
  nu = jax.tree.map(
    lambda v, g: moment(v, g * g, config.beta2), adam.nu, gradient
  )
  params = jax.tree.map(moved, state.params, mu, nu)
  keep = state_lib.ema_decay(
    state.step, power=config.ema_power, maximum=config.ema_max
  )
  return state.replace(  # type: ignore[attr-defined]
    step=state.step + 1,
    params=params,
    ema=jax.tree.map(lambda e, p: average(e, p, keep), state.ema, params),
    optimiser=(
      adam._replace(count=count, mu=mu, nu=nu),
      decay,
      scale._replace(count=scale.count + 1),
    ),
  )


def average(
  old: Float[Array, '*shape'],
  new: Float[Array, '*shape'],
  decay: Float[Array, ''],
) -> Float[Array, '*shape']:
  """One step of the moving average."""
  return decay * old + (1 - decay) * new
