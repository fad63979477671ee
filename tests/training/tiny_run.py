"""A run that takes seconds; as a program, one that can be killed.

python tiny_run.py train WORKDIR EVERY       train, saying when it saved
python tiny_run.py small WORKDIR EVERY [HOST:PORT PROCESSES PROCESS]
                                             20 steps, compiled in less time
python tiny_run.py late SECONDS HOST:PORT PROCESSES PROCESS
                                             the second of them lags behind
"""

import pathlib
import sys
import time

import jax
import numpy as np

from sdd.dataset import object_layout, spec, statistics, windows
from sdd.policy import config as policy_config
from sdd.simulation import action
from sdd.training import checkpoint, hosts, loop, observer, state
from sdd.training import config as training_config

INSTRUCTIONS = ('go left', 'go right')
STATE = ('way/position', 'post/x')


def config(**fields) -> training_config.TrainingConfig:
  """The smallest network that has every part."""
  return training_config.TrainingConfig(
    policy=policy_config.PolicyConfig(
      action_horizon=4,
      execution_horizon=2,
      channels=(16, 32),
      groups=4,
      kernel_size=3,
      step_dimension=8,
      object_width=16,
      heads=2,
      observation_hidden=(16,),
      condition_dimension=8,
      text_dimension=8,
      inference_steps=3,
    ),
    **{
      'batch_size': 16,
      'steps': 40,
      'warmup_steps': 4,
      'learning_rate': 1e-2,
      'log_every': 10,
      'checkpoint_every': 10,
      **fields,
    },
  )


def data(*, rate_hz: float = 4.0) -> windows.Windows:
  """Six straight walks to the left or to the right, of twelve steps each."""
  rng = np.random.default_rng(0)
  length, walks = 12, 6
  side = np.repeat(np.arange(walks) % 2, length)
  felt = np.zeros((walks * length, 10), np.float32)
  felt[:, 0] = rng.normal(size=len(side)) / 10
  state = np.zeros((walks * length, 2), np.float32)
  state[:, 0] = np.tile(np.arange(length), walks) / length
  rows = object_layout.layout(STATE).rows(state).reshape(len(state), -1)
  observation = np.concatenate([felt, rows], axis=1)
  act = np.zeros((walks * length, 10), np.float32)
  act[:, 0] = felt[:, 0] + np.where(side, 0.1, -0.1)
  act[:, 9] = state[:, 0] > 0.5
  owner = np.repeat(np.arange(walks), length - 1)
  ends = length * (np.arange(walks) + 1)
  return windows.Windows(
    spec=spec.DatasetSpec(
      name='walks',
      state_names=STATE,
      action_spec=action.ActionSpec(rate_hz=rate_hz),
      scene='plane',
    ),
    instructions=INSTRUCTIONS,
    observation_horizon=2,
    action_horizon=4,
    observation=observation,
    action=act,
    step=np.delete(np.arange(walks * length), ends - 1),
    first=(ends - length)[owner],
    last=(ends - 1)[owner],
    instruction=(owner % 2).astype(np.int32),
    observation_statistics=statistics.Statistics.of(observation),
    action_statistics=statistics.Statistics.of(act),
    scenes={'plane': STATE},
    scene=np.zeros(len(owner), np.int32),
  )


def final_state(run: training_config.TrainingConfig, workdir: pathlib.Path):
  """Everything that the newest checkpoint holds."""
  with checkpoint.opened(workdir) as checkpoints:
    return checkpoints.restore(state.init(run, 2))


def small(**fields) -> training_config.TrainingConfig:
  """One level instead of two, and half the steps."""
  run = config(steps=20, **fields)
  run.policy.channels = (16,)
  return run


def _go(run: training_config.TrainingConfig, workdir: str) -> None:
  saved = pathlib.Path(workdir) / checkpoint.FOLDER / str(run.checkpoint_every)

  def report(now: observer.Report) -> None:
    print(now.step, 'saved' if saved.exists() else 'not yet', flush=True)

  outcome = loop.train(run, data(), workdir, observer.Wishes(report))
  print(f'{jax.device_count()} devices, ended at {outcome.step}', flush=True)


def _train(workdir: str, every: str) -> None:
  _go(config(checkpoint_every=int(every), log_every=1), workdir)


def _small(workdir: str, every: str, *cluster: str) -> None:
  if cluster:
    _join(*cluster)
  _go(small(checkpoint_every=int(every), log_every=1), workdir)


def _join(coordinator: str, processes: str, process: str) -> None:
  hosts.join(coordinator, processes=int(processes), process=int(process))


def _late(seconds: str, *cluster: str) -> None:
  """The second process takes its time before whatever all do together."""
  _join(*cluster)
  ones = np.ones(jax.local_device_count(), np.int32)
  add = jax.pmap(lambda one: jax.lax.psum(one, 'all'), 'all')
  for together in (lambda: add(ones), lambda: hosts.wait('the late one')):
    if jax.process_index() == 1:
      time.sleep(float(seconds))
    jax.block_until_ready(together())
  print(f'{add(ones)[0]} devices')


if __name__ == '__main__':
  {'train': _train, 'small': _small, 'late': _late}[sys.argv[1]](*sys.argv[2:])
