"""Trains a language-conditioned diffusion policy on the successful episodes.

Run the same command again and it goes on from its last checkpoint. Any field
of the configuration can be overridden: --config.batch_size=128
--config.policy.inference_steps=16.
"""

import copy
import pathlib
import shlex
import sys

from absl import flags

from experiments import config_flag, program
from sdd.dataset import joined, pictures, windows
from sdd.training import config as config_lib
from sdd.training import loop, observer

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


def main(_: list[str]) -> int:
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
  start = loop.resumes_at(_WORKDIR.value)
  with program.progress('Training', config.steps, done=start) as meter:

    def report(now: observer.Report) -> None:
      meter.update(
        now.step,
        f'loss {now.loss:.4f}, {now.windows_per_second:.0f} windows/s',
      )

    meter.update(start, 'compiling')
    return loop.train(
      config, data, _WORKDIR.value, wishes=observer.Wishes(report=report)
    )


if __name__ == '__main__':
  program.run(main)
