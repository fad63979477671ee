"""Trains a language-conditioned diffusion policy on the successful episodes.

Run the same command again and it goes on from its last checkpoint. Any field
of the configuration can be overridden: --config.batch_size=128
--config.policy.inference_steps=16. With --config.evaluate_every=5000 the
policy is evaluated in closed loop beside the training, every 5000 steps:
evaluations.jsonl and TensorBoard have the success of every task.

All local devices take part. So do several processes, on one or many hosts:
start the same command in each of them with

  --coordinator=HOST:PORT --processes=N --process=I     with I from 0 to N - 1
  --distributed          where TPU pods, Slurm or Open MPI say all that

The batch is divided among the devices and the result is the same. Process 0
saves; Ctrl-C or SIGTERM at any one of them saves and ends all.
"""

from __future__ import annotations

import copy
import dataclasses
import pathlib
import shlex
import sys
from collections.abc import Callable, Sequence

from absl import flags
from etils import epy

from experiments import config_flag, program
from sdd import errors

with epy.lazy_imports():
  from experiments import beside
  from sdd.dataset import joined, pictures, windows
  from sdd.training import config as config_lib
  from sdd.training import hosts, loop, metrics, observer, wandb_sink

_CONFIG = config_flag.define(
  'config',
  'experiments/configs/drawer_state.py',
  'The run: a Python file with get_config().',
)
_DATA = flags.DEFINE_list(
  'data', None,
  'Directory of the dataset, or of several with commas in between: one policy '
  'for all their scenes.',
  required=True,
)  # fmt: skip
_WORKDIR = flags.DEFINE_string(
  'workdir',
  None,
  'Directory of checkpoints, metrics and policy.json: new, or of the run to '
  'go on with.',
  required=True,
)
_PICTURES = flags.DEFINE_string(
  'pictures',
  None,
  'Directory where decoded pictures are kept for this and other runs; by '
  'default `pictures` beside --workdir.',
)
_WANDB = flags.DEFINE_string(
  'wandb', None, 'Also send the metrics to this project of Weights & Biases.'
)
_PROFILE = flags.DEFINE_integer(
  'profile', 0, 'Trace so many steps into WORKDIR/profile.', lower_bound=0
)
_COORDINATOR = flags.DEFINE_string(
  'coordinator', None, 'HOST:PORT of process 0, of several.'
)
_PROCESSES = flags.DEFINE_integer('processes', None, 'How many there are.')
_PROCESS = flags.DEFINE_integer('process', None, 'Which of them this is.')
_DISTRIBUTED = flags.DEFINE_boolean(
  'distributed', False, 'One of several processes; the environment says which.'
)


def main(_: list[str]) -> int:
  _join()
  config: config_lib.TrainingConfig = copy.deepcopy(_CONFIG.value)
  config.validate()
  data = joined.join([_load(config, path) for path in _DATA.value])
  print(
    f'{len(data)} windows, {len(data.instructions)} instructions; '
    f'{config.steps} steps of {config.batch_size}.'
  )
  outcome = _train(config, data)
  if outcome.stopped_by is not None:
    command = shlex.join(['python', '-m', 'experiments.train', *sys.argv[1:]])
    print(
      f'Stopped by {outcome.stopped_by.name} after step {outcome.step} of '
      f'{config.steps}; all of it is saved. To go on: {command}'
    )
    return 128 + outcome.stopped_by
  print(f'Trained {outcome.step} steps; the policy is in {_WORKDIR.value}.')
  return 0


def _join() -> None:
  """Makes this process one of several, if the flags say so."""
  given = _COORDINATOR.value, _PROCESSES.value, _PROCESS.value
  if _DISTRIBUTED.value:
    if given != (None, None, None):
      raise errors.SddError(
        '--distributed asks the environment; give it alone, or --coordinator, '
        '--processes and --process.'
      )
    hosts.join()
  elif given != (None, None, None):
    hosts.join(given[0], processes=given[1], process=given[2])


def _load(config: config_lib.TrainingConfig, path: str) -> windows.Windows:
  vision = config.policy.vision
  folder = _PICTURES.value or pathlib.Path(_WORKDIR.value).parent / 'pictures'
  return windows.load_windows(
    path,
    observation_horizon=config.policy.observation_horizon,
    action_horizon=config.policy.action_horizon,
    max_episodes=config.max_episodes or None,
    sub_tasks=config.conditioning != 'task',
    wanted=pictures.Wanted(
      tuple(vision.cameras),
      (vision.size[0], vision.size[1]),
      pathlib.Path(folder).expanduser(),
    ),
  )


def _train(
  config: config_lib.TrainingConfig, data: windows.Windows
) -> loop.Outcome:
  """Trains under a bar that starts where the run resumes."""
  if not hosts.is_first():
    return loop.train(config, data, _WORKDIR.value)
  start = loop.resumes_at(_WORKDIR.value)
  with program.progress('Training', config.steps, done=start) as meter:

    def report(now: observer.Report) -> None:
      meter.update(
        now.step,
        f'loss {now.loss:.4f}, {now.windows_per_second:.0f} windows/s',
      )

    meter.update(start, 'compiling')
    wishes = observer.Wishes(
      report=report,
      notify=lambda sentence: print(sentence, flush=True),
      evaluation=beside.evaluation(data, config.evaluation_episodes),
      sinks=_sinks(config),
      profile=_PROFILE.value,
    )
    return loop.train(config, data, _WORKDIR.value, wishes)


def _sinks(
  config: config_lib.TrainingConfig,
) -> Sequence[Callable[[], metrics.Sink]]:
  """Weights & Biases, if a project of it was named."""
  project, workdir = _WANDB.value, pathlib.Path(_WORKDIR.value)
  if not project:
    return []
  told = dataclasses.asdict(config)
  return [lambda: wandb_sink.WandbSink(project, workdir, told)]


if __name__ == '__main__':
  program.run(main)
