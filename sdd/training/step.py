"""One gradient step on all devices, and moving state there and back.

The choice of `pmap` lives in this module alone. With several processes it
spans the devices of all of them; each hands it the arrays of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from sdd.policy import loss, network, precision
from sdd.policy import schedule as schedule_lib
from sdd.policy.vision import augmentation
from sdd.training import config as config_lib
from sdd.training import state as state_lib

AXIS = 'device'
Metrics = Mapping[str, Array]
Step = Callable[
  [state_lib.TrainState, loss.Batch, np.ndarray],
  tuple[state_lib.TrainState, Metrics],
]


def make(config: config_lib.TrainingConfig) -> Step:
  """Compiles the step. Leaves of state and batch lead with the local devices.

  The state is donated: use the returned one. Metrics are the mean over all
  devices, one copy each. Noise depends on `batch['position']`, so the step is
  the same for any number of devices up to rounding.

  The third argument is what this process has to say, see `tell`; everybody
  hears it in `metrics['heard']`.
  """
  model = network.Network(config.policy.validate())
  apply = precision.compute_in(config.policy.compute_dtype, model.apply)
  schedule = schedule_lib.make(
    config.policy.training_steps, config.policy.prediction
  )

  def objective(params: Any, batch: loss.Batch, key: Array) -> Array:
    batch = augmentation.of_batch(batch, key=key, config=config.policy.vision)
    if config.policy.head == 'regression':
      return loss.regression_loss(apply, params, batch)
    return loss.denoising_loss(apply, params, batch, schedule=schedule, key=key)

  return minimise(objective, config)


def minimise(
  objective: Callable[[Any, loss.Batch, Array], Array],
  config: config_lib.TrainingConfig,
) -> Step:
  """As `make`, for any `objective(params, batch, key)`."""
  transform, rate = state_lib.optimiser(config)

  def step(
    state: state_lib.TrainState, batch: loss.Batch, told: Array
  ) -> tuple[state_lib.TrainState, Metrics]:
    key = jax.random.fold_in(state.rng, state.step)
    value, gradient = jax.value_and_grad(objective)(state.params, batch, key)
    # One all-reduce for everything. Two that do not depend on each other can
    # begin in another order on another device, and wait for ever on a CPU
    # with few threads.
    value, gradient, heard = jax.lax.pmean((value, gradient, told), AXIS)
    updates, optimiser = transform.update(
      gradient, state.optimiser, state.params
    )
    params: Any = optax.apply_updates(state.params, updates)
    decay = state_lib.ema_decay(
      state.step, power=config.ema_power, maximum=config.ema_max
    )
    after = state.replace(  # type: ignore[attr-defined]
      step=state.step + 1,
      params=params,
      ema=optax.incremental_update(params, state.ema, 1 - decay),
      optimiser=optimiser,
    )
    metrics = {
      'loss': value,
      'gradient_norm': optax.tree.norm(gradient),
      'learning_rate': jnp.asarray(rate(state.step)),
      'heard': heard,
    }
    return after, metrics

  return jax.pmap(step, axis_name=AXIS, donate_argnums=0)


def tell(flags: Sequence[bool]) -> Float[np.ndarray, 'devices flags']:
  """What this process says with its next step, for `make`.

  In `metrics['heard']` an entry is above 0 where any process said True.
  """
  mine = np.asarray(flags, np.float32)
  return np.broadcast_to(mine, (jax.local_device_count(), len(mine)))


def replicate(tree: Any) -> Any:
  """Gives every local device a copy: a new leading axis."""
  devices = jax.local_device_count()
  return jax.tree.map(
    lambda leaf: np.broadcast_to(leaf, (devices, *np.shape(leaf))), tree
  )


def unreplicate(tree: Any) -> Any:
  """The first device's copy, on the host."""

  def first(leaf: Any) -> np.ndarray:
    if isinstance(leaf, np.ndarray):
      return leaf[0]
    # Indexing the array itself would compile a slice for every shape.
    return np.asarray(leaf.addressable_shards[0].data)[0]

  return jax.tree.map(first, tree)
