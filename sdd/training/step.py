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
  """Compiles the step. Leaves of a batch lead with the local devices.

  The state is donated: use the returned one. Metrics are the mean over all
  devices. Noise depends on `batch['position']`, so the step is
  the same for any number of devices up to rounding.

  The third argument is what this process has to say, see `tell`; everybody
  hears it in `metrics['heard']`.
  """
  model = network.Network(config.policy.validate())
  apply = precision.compute_in(config.policy.compute_dtype, model.apply)
  schedule = schedule_lib.make(
    config.policy.training_steps, config.policy.prediction
  )

  seeing = config.policy.finds_objects
  finding = config.policy.vision.finding if seeing else 0.0

  def objective(params: Any, batch: loss.Batch, key: Array) -> Array:
    batch = augmentation.of_batch(batch, key=key, config=config.policy.vision)
    if config.policy.head == 'regression':
      return loss.regression_loss(apply, params, batch, finding=finding)
    return loss.denoising_loss(
      apply, params, batch, schedule=schedule, key=key, finding=finding
    )

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
    value, gradient, heard = _mean((value, gradient, told))
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

  # The state is the same on every device and has no axis for them: taking it
  # off and putting it on again makes XLA copy all of it on a CPU, which costs
  # four times as much as the update itself.
  return jax.pmap(
    step,
    axis_name=AXIS,
    in_axes=(None, 0, 0),
    out_axes=None,  # type: ignore[arg-type]
    donate_argnums=0,
  )


def _mean(tree: Any) -> Any:
  """The mean over all devices; a single one is spared the copy."""
  return jax.lax.pmean(tree, AXIS) if jax.device_count() > 1 else tree


def tell(flags: Sequence[bool]) -> Float[np.ndarray, 'devices flags']:
  """What this process says with its next step, for `make`.

  In `metrics['heard']` an entry is above 0 where any process said True.
  """
  mine = np.asarray(flags, np.float32)
  return np.broadcast_to(mine, (jax.local_device_count(), len(mine)))


def to_host(tree: Any) -> Any:
  """A state or metrics, from the first of our devices to NumPy."""

  def one(leaf: Any) -> np.ndarray:
    if isinstance(leaf, np.ndarray):
      return leaf
    # Of an array that other processes have, too, only our part can be read.
    return np.asarray(leaf.addressable_shards[0].data)

  return jax.tree.map(one, tree)
