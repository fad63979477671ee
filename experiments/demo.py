"""The main job, small: one sentence becomes episodes, a policy and a score.

Runs the public programs one after the other and prints each command, so that
every line can be run again alone: collect, train, export, evaluate the
generator and the exported NumPy policy, report. What is already done in --out
is not done again; an interrupted demo goes on where it stopped.

Takes some 10 minutes on two cores, and longer on busy ones.
"""

import pathlib
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence

from absl import flags

from experiments import program

_OUT = flags.DEFINE_string('out', 'runs/demo', 'where everything goes')
_TASK = flags.DEFINE_string(
  'task', 'move the crayon box into the top drawer', 'the sentence'
)
_EPISODES = flags.DEFINE_integer('episodes', 256, 'to collect', lower_bound=1)
_EVALUATION_EPISODES = flags.DEFINE_integer(
  'evaluation_episodes', 20, 'for generator and policy each', lower_bound=1
)
_STEPS = flags.DEFINE_integer(
  'steps', None, 'training steps, instead of what the config says',
  lower_bound=1,
)  # fmt: skip
_CONFIG = 'experiments/configs/demo_state.py'


def main(_: Sequence[str]) -> int:
  began = time.monotonic()
  out = pathlib.Path(_OUT.value)
  data, train, policy = out / 'data', out / 'train', out / 'policy.npz'
  scores = {name: out / f'{name}.json' for name in ('generator', 'policy')}
  task = ('--scene=drawer', f'--task={_TASK.value}')
  steps = (f'--config.steps={_STEPS.value}',) if _STEPS.value else ()
  count = f'--episodes={_EVALUATION_EPISODES.value}'
  _run('collect', *task, f'--episodes={_EPISODES.value}', f'--out={data}')
  _run(
    'train', f'--config={_CONFIG}', *steps, f'--data={data}',
    f'--workdir={train}',
  )  # fmt: skip
  if _stale(policy, train / 'metrics.jsonl'):
    _run('export', f'--workdir={train}', f'--out={policy}')
  for name, source in (('generator', 'generator'), ('policy', str(policy))):
    done = scores[name]
    if name == 'policy':
      for old in (done, done.with_name(f'{done.name}.part')):
        if old.exists() and _stale(old, policy):
          old.unlink()
    if not done.exists():
      _run(
        'evaluate', f'--policy={source}', '--scene=drawer',
        f'--tasks={_TASK.value}', count, f'--out={done}',
      )  # fmt: skip
  _run(
    'report', f'--data={data}', f'--workdir={train}',
    f'--evaluations={scores["generator"]},{scores["policy"]}',
    f'--out={out / "report.html"}',
  )  # fmt: skip
  print(f'\nThe demo took {(time.monotonic() - began) / 60:.1f} minutes.')
  return 0


def _stale(made: pathlib.Path, source: pathlib.Path) -> bool:
  """Whether `made` is missing or older than what it is made from."""
  return not made.exists() or made.stat().st_mtime < source.stat().st_mtime


def _run(verb: str, *arguments: str) -> None:
  """Runs one program; its failure ends the demo with its status."""
  command = ['-m', f'experiments.{verb}', *arguments]
  print(f'\n$ python {shlex.join(command)}', flush=True)
  status = subprocess.run([sys.executable, *command], check=False).returncode
  if status:
    sys.exit(status)


if __name__ == '__main__':
  program.run(main)
