"""The decisions that are compared: the same chunk, computed thrice.

Twice where PyTorch is not installed.
"""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.benchmarks import torch_network, training_steps
from sdd.dataset import pictures, statistics
from sdd.deployment import export, runtime
from sdd.deployment.numpy_network import unet as numpy_unet
from sdd.policy import acting, network, policy, spec, unet
from sdd.policy import config as policy_config
from sdd.policy import schedule as schedule_lib
from sdd.policy.vision import config as vision_config
from sdd.simulation import action

PARTS = {
  'small': 'small U-Net, 10 steps',
  'candidates': 'small U-Net, 10 steps, 8 chunks',
  'paper': "the paper's U-Net, 5 steps",
  'whole': "the paper's policy, 3 cameras, 5 steps",
}
_STEPS = {'small': 10, 'candidates': 10, 'paper': 5, 'whole': 5}
_CHUNKS = {'small': 1, 'candidates': 8, 'paper': 1}
_LENGTH, _KERNEL, _GROUPS = 16, 5, 8
_SAID = 'move the crayon box into the top drawer'

Calls = dict[str, Callable[[], np.ndarray]]


def make(name: str) -> Calls:
  """One decision by everybody who can make it: numpy, jax, torch."""
  return _whole() if name == 'whole' else _denoisers(name)


def _denoisers(name: str) -> Calls:
  """From noise to clean chunks, given what is observed."""
  size = 'small' if name == 'candidates' else name
  channels, step_dimension, condition_dimension = training_steps.SIZES[size]
  how = acting.make(policy_config.PolicyConfig(inference_steps=_STEPS[name]))
  net = unet.UNet(
    channels, kernel_size=_KERNEL, groups=_GROUPS, step_dimension=step_dimension
  )
  rng = np.random.default_rng(0)
  shape = _CHUNKS[name], _LENGTH, action.DIMENSION
  noise = rng.normal(size=shape).astype(np.float32)
  seen = rng.normal(size=(1, condition_dimension)).astype(np.float32)
  params = training_steps.random_params(net, noise[:1], seen, rng)
  calls = {
    'numpy': _numpy(params, channels, step_dimension, how, noise, seen),
    'jax': _jax(net, params, how, noise, seen),
  }
  if importlib.util.find_spec('torch') is None:
    return calls
  module = torch_network.make(
    dimension=action.DIMENSION,
    channels=channels,
    kernel_size=_KERNEL,
    groups=_GROUPS,
    step_dimension=step_dimension,
    condition_dimension=condition_dimension,
  )
  torch_network.copy_parameters(module, params)
  return {**calls, 'torch': _torch(module, how, noise, seen)}


def _numpy(
  params: Any,
  channels: tuple[int, ...],
  step_dimension: int,
  how: acting.Acting,
  noise: np.ndarray,
  seen: np.ndarray,
) -> Callable[[], np.ndarray]:
  arrays = {**export.flat({'unet': params}), 'times': how.times}
  config = {
    'channels': channels,
    'groups': _GROUPS,
    'step_dimension': step_dimension,
  }
  denoiser = numpy_unet.UNet(arrays, config, length=_LENGTH)
  return lambda: denoiser.sample(seen[0], noise, how.table)


def _jax(
  net: unet.UNet,
  params: Any,
  how: acting.Acting,
  noise: np.ndarray,
  seen: np.ndarray,
) -> Callable[[], np.ndarray]:
  @jax.jit
  def sample(params: Any, noise: Any, seen: Any) -> Any:
    def step(index: Any, noisy: Any) -> Any:
      time = jnp.broadcast_to(jnp.asarray(how.times)[index], len(noise))
      answer: Any = net.apply({'params': params}, noisy, time, seen)
      return schedule_lib.ddim_step(
        noisy, answer, jnp.asarray(how.table)[index]
      )

    return jax.lax.fori_loop(0, len(how.times), step, noise)

  there, seen = jax.device_put(params), seen.repeat(len(noise), axis=0)
  return lambda: np.asarray(sample(there, noise, seen))


def _torch(
  module: Any, how: acting.Acting, noise: np.ndarray, seen: np.ndarray
) -> Callable[[], np.ndarray]:
  torch = torch_network.require()
  torch.set_num_threads(1)
  told = torch.from_numpy(seen)

  def sample() -> np.ndarray:
    noisy = torch.from_numpy(noise)
    with torch.inference_mode():
      for time, (a, b, c, d) in zip(how.times, how.table.tolist(), strict=True):
        answer = module(noisy, torch.tensor([int(time)]), told)
        clean = (a * noisy + b * answer).clamp(-1, 1)
        noisy = c * noisy + d * clean
    return noisy.numpy()

  return sample


def _whole() -> Calls:
  """From three pictures and a sentence to a chunk."""
  cameras, size = ('front', 'top', 'wrist'), (160, 240)
  config = policy_config.PolicyConfig(
    channels=(256, 512, 1024),
    step_dimension=512,
    inference_steps=_STEPS['whole'],
    use_state=False,
    vision=vision_config.VisionConfig(
      cameras=cameras, size=size, encoder='resnet18', width=64
    ),
  ).validate()
  rng = np.random.default_rng(0)
  acted = rng.uniform(-1, 1, (50, action.DIMENSION)).astype(np.float32)
  specification = spec.PolicySpec(
    config=config,
    action_spec=action.ActionSpec(),
    scenes={'drawer': ()},
    instructions=(_SAID,),
    observation_statistics=statistics.Statistics.of(acted),
    action_statistics=statistics.Statistics.of(acted),
    pictures=pictures.PictureSpec(cameras, (size,) * len(cameras)),
  )
  learnt = policy.DiffusionPolicy(
    specification, network.init(config, specification.objects, seed=0)
  )
  robot = runtime.NumpyPolicy(export.to_arrays(learnt))
  observation = {
    'proprioception': acted[0],
    'instruction': _SAID,
    **{
      f'{camera}_image': rng.integers(0, 256, (*size, 3), np.uint8)
      for camera in cameras
    },
  }

  def decide(player: Any) -> Callable[[], np.ndarray]:
    def call() -> np.ndarray:
      player.reset()
      return player.infer(observation)

    return call

  return {'numpy': decide(robot), 'jax': decide(learnt)}


def table(rows: Sequence[Mapping[str, Any]]) -> str:
  """What everybody took, and the ratios, as Markdown."""
  lines = [
    '| one decision, ms of one core (best) | NumPy | JAX | PyTorch '
    '| NumPy / JAX | PyTorch / NumPy |',
    '| --- | --- | --- | --- | --- | --- |',
  ]
  for part in dict.fromkeys(row['part'] for row in rows):
    found = {row['who']: row for row in rows if row['part'] == part}
    cells = [
      f'{found[who]["value"]:.1f} ({found[who]["best"]:.1f})'
      if who in found
      else ''
      for who in ('numpy', 'jax', 'torch')
    ]
    mine = found['numpy']['value']
    beside = f'{mine / found["jax"]["value"]:.2f}'
    faster = f'{found["torch"]["value"] / mine:.1f}' if 'torch' in found else ''
    lines.append(f'| {part} | {" | ".join(cells)} | {beside} | {faster} |')
  return '\n'.join(lines)
