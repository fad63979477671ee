"""The two training steps that are compared, and the pipeline before them."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from experiments.benchmarks import torch_network
from sdd.dataset import object_layout, spec, statistics, windows
from sdd.policy import config as policy_config
from sdd.policy import loss, schedule, unet
from sdd.scenes import registry
from sdd.simulation import action
from sdd.training import batches as batches_lib
from sdd.training import config as config_lib
from sdd.training import loop, state, step

# Widths, of the step embedding, of the condition. The second is the paper's.
SIZES = {
  'small': ((64, 128, 256), 64, 128),
  'paper': ((256, 512, 1024), 512, 282),
}
_LENGTH, _KERNEL, _GROUPS, _TIMES = 16, 5, 8, 50


@dataclasses.dataclass(frozen=True)
class Both:
  """One training step each, taken by calling.

  Attributes:
    jax: the step of `sdd.training.step`, over the U-Net.
    torch: the same in PyTorch.
    difference: largest difference of the outputs for the same parameters.
    parameters: how many numbers are learnt.
  """

  jax: Callable[[], object]
  torch: Callable[[], object]
  difference: float
  parameters: int


def make(name: str, size: int) -> Both:
  """Both steps of one of `SIZES`, for batches of `size` windows."""
  channels, step_dimension, condition_dimension = SIZES[name]
  network = unet.UNet(
    channels, kernel_size=_KERNEL, groups=_GROUPS, step_dimension=step_dimension
  )
  module = torch_network.make(
    dimension=action.DIMENSION,
    channels=channels,
    kernel_size=_KERNEL,
    groups=_GROUPS,
    step_dimension=step_dimension,
    condition_dimension=condition_dimension,
  )
  rng = np.random.default_rng(0)
  clean = rng.uniform(-1, 1, (size, _LENGTH, action.DIMENSION))
  condition = rng.normal(size=(size, condition_dimension))
  clean, condition = clean.astype(np.float32), condition.astype(np.float32)
  params = random_params(network, clean, condition, rng)
  torch_network.copy_parameters(module, params)
  return Both(
    _jax_step(network, params, clean, condition),
    _torch_step(module, clean, condition),
    _difference(network, params, module, clean, condition),
    state.count(params),
  )


def random_params(
  network: unet.UNet, clean: np.ndarray, condition: np.ndarray, rng: Any
) -> Any:
  """Random parameters; the two biases of a doubling are the same."""
  time = np.zeros(len(clean), np.int32)
  tree = jax.eval_shape(
    network.init, jax.random.PRNGKey(0), clean, time, condition
  )['params']

  def draw(path: tuple[Any, ...], leaf: Any) -> np.ndarray:
    fan_in = int(np.prod(leaf.shape[:-1])) or 1
    value = rng.standard_normal(leaf.shape, np.float32) / fan_in**0.5
    if path[0].key.startswith('double') and path[-1].key == 'bias':
      value[len(value) // 2 :] = value[: len(value) // 2]
    return value.astype(np.float32)

  return jax.tree_util.tree_map_with_path(draw, tree)


def _difference(
  network: unet.UNet,
  params: Any,
  module: Any,
  clean: np.ndarray,
  condition: np.ndarray,
) -> float:
  torch = torch_network.require()
  few = slice(0, 4)
  time = np.arange(len(clean), dtype=np.int32)[few] * 7 % _TIMES
  inputs = clean[few], time, condition[few]
  ours = np.asarray(jax.jit(network.apply)({'params': params}, *inputs))
  with torch.no_grad():
    theirs = module(*map(torch.from_numpy, inputs)).numpy()
  return float(np.abs(ours - theirs).max())


def _jax_step(
  network: unet.UNet, params: Any, clean: np.ndarray, condition: np.ndarray
) -> Callable[[], object]:
  config = config_lib.TrainingConfig(batch_size=len(clean))
  noising = schedule.make(_TIMES, 'sample')

  def apply(variables: Any, noisy: Any, time: Any, seen: Any, *_: Any) -> Any:
    return network.apply(variables, noisy, time, seen)

  def objective(params: Any, batch: loss.Batch, key: Any) -> Any:
    return loss.denoising_loss(apply, params, batch, schedule=noising, key=key)

  take = step.minimise(objective, config)
  batch = {
    'action': clean[None],
    'observation': condition[None],
    'text': condition[None, :, :1],
    'position': np.arange(len(clean))[None],
  }
  now = state.of(params, config)
  told = step.tell([False])

  def call() -> None:
    nonlocal now
    now, _ = take(now, batch, told)
    jax.block_until_ready(now)

  return call


def _torch_step(
  module: Any, clean: np.ndarray, condition: np.ndarray
) -> Callable[[], object]:
  torch = torch_network.require()
  config = config_lib.TrainingConfig()
  learnt = list(module.parameters())
  average = [each.detach().clone() for each in learnt]
  optimiser = torch.optim.AdamW(
    learnt,
    lr=config.learning_rate,
    weight_decay=config.weight_decay,
    fused=True,
  )
  signal = schedule.make(_TIMES, 'sample').signal.astype(np.float32)
  signals = torch.from_numpy(signal)
  sample, seen = torch.from_numpy(clean), torch.from_numpy(condition)

  def call() -> float:
    time = torch.randint(_TIMES, (len(sample),))
    kept = signals[time][:, None, None]
    noise = torch.randn_like(sample)
    noisy = kept * sample + (1 - kept**2).sqrt() * noise
    error = module(noisy, time, seen) - sample
    mean = error.square().mean()
    optimiser.zero_grad(set_to_none=True)
    mean.backward()
    optimiser.step()
    with torch.no_grad():
      torch._foreach_lerp_(average, learnt, 1 - config.ema_max)
    return float(mean.detach())

  return call


def batches(size: int) -> batches_lib.Batches:
  """The pipeline over 200 made-up episodes of the drawer scene's size."""
  rng, episodes, length = np.random.default_rng(0), 200, 160
  steps, names = episodes * length, registry.load('drawer').state_names
  numbers = object_layout.DIMENSION * len(object_layout.layout(names))
  observation = rng.normal(size=(steps, action.DIMENSION + numbers))
  observation = observation.astype(np.float32)
  acted = rng.normal(size=(steps, action.DIMENSION)).astype(np.float32)
  ends = length * (np.arange(episodes) + 1)
  owner = np.repeat(np.arange(episodes), length - 1)
  config = config_lib.TrainingConfig(policy=policy_config.PolicyConfig())
  data = windows.Windows(
    spec=spec.DatasetSpec(
      name='made_up',
      state_names=names,
      action_spec=action.ActionSpec(),
      scene='drawer',
    ),
    instructions=('go left', 'go right'),
    observation_horizon=config.policy.observation_horizon,
    action_horizon=config.policy.action_horizon,
    observation=observation,
    action=acted,
    step=np.delete(np.arange(steps), ends - 1),
    first=(ends - length)[owner],
    last=(ends - 1)[owner],
    instruction=(owner % 2).astype(np.int32),
    observation_statistics=statistics.Statistics.of(observation),
    action_statistics=statistics.Statistics.of(acted),
    scenes={'drawer': names},
    scene=np.zeros(len(owner), np.int32),
  )
  specification = loop.specify(config, data)
  return batches_lib.Batches(data, specification, batch_size=size, seed=0)
