"""Evaluates a policy in several scenes, one after the other.

`experiments.train` starts this every --config.evaluate_every steps. It runs
`experiments.evaluate` for every scene of the data, with one worker, and puts
the success of every task into one file:

  python -m experiments.evaluate_beside --policy=runs/train --episodes=5 \\
    --tasks='{"transport": ["move the toy into the left bin"]}' \\
    --out=runs/rates.json
"""

import json
import pathlib
import subprocess
import sys
from collections.abc import Sequence

from absl import flags

from experiments import program, urls
from sdd import errors

FIRST_SEED = 200_000  # other worlds than those that policies are compared on

_POLICY = flags.DEFINE_string(
  'policy', None, 'a training --workdir or a policy.npz', required=True
)
urls.accept('policy', 'ws', 'wss')
_TASKS = flags.DEFINE_string(
  'tasks', None, 'JSON: the sentences of each scene', required=True
)
_EPISODES = flags.DEFINE_integer(
  'episodes', 5, 'episodes of each task', lower_bound=1
)
_OUT = flags.DEFINE_string('out', None, 'the file to write', required=True)


def main(_: Sequence[str]) -> int:
  out, rates = pathlib.Path(_OUT.value), {}
  for scene, tasks in json.loads(_TASKS.value).items():
    measured = out.with_name(f'{len(rates)}_{out.name}')
    status = subprocess.run(
      [
        *(sys.executable, '-m', 'experiments.evaluate'),
        *(f'--policy={_POLICY.value}', f'--scene={scene}'),
        *(f'--tasks={"; ".join(tasks)}', f'--episodes={_EPISODES.value}'),
        *(f'--first_seed={FIRST_SEED}', '--workers=1', f'--out={measured}'),
      ],
      check=False,
    ).returncode
    if status:
      return status
    found = json.loads(measured.read_text(encoding='utf-8'))
    failed = [e for e in found['episodes'] if e['ended'] == 'error']
    if failed:
      raise errors.SddError(f'{scene}: an episode failed: {failed[0]["error"]}')
    rates |= {task['label']: task['rate'] for task in found['tasks']}
  part = out.with_suffix('.part')
  part.write_text(json.dumps(rates, indent=1) + '\n', encoding='utf-8')
  part.replace(out)
  return 0


if __name__ == '__main__':
  program.run(main)
