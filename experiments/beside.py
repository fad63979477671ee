"""How the training program has its policy evaluated beside the training."""

import json
import pathlib
import sys
from collections.abc import Mapping, Sequence

from sdd import errors
from sdd.training import evaluations

FIRST_SEED = 200_000  # other worlds than those that policies are compared on


def evaluation(
  scene: str, tasks: Sequence[str], episodes: int
) -> evaluations.Evaluation:
  """`experiments.evaluate` with one worker, away from any accelerator.

  Args:
    scene: that the data come from.
    tasks: the sentences to evaluate.
    episodes: of each of them.
  """

  def command(policy: pathlib.Path, out: pathlib.Path) -> list[str]:
    return [
      sys.executable,
      '-m',
      'experiments.evaluate',
      f'--policy={policy}',
      f'--scene={scene}',
      f'--tasks={"; ".join(tasks)}',
      f'--episodes={episodes}',
      f'--first_seed={FIRST_SEED}',
      '--workers=1',
      f'--out={out}',
    ]

  # The accelerators' memory belongs to the training; one thread is enough.
  alone = {'JAX_PLATFORMS': 'cpu', 'OPENBLAS_NUM_THREADS': '1'}
  return evaluations.Evaluation(command, _rates, alone)


def _rates(path: pathlib.Path) -> Mapping[str, float]:
  """The success rate of every task in a file of `experiments.evaluate`."""
  measured = json.loads(path.read_text(encoding='utf-8'))
  if not measured.get('complete'):
    raise errors.SddError(f'{path} lacks episodes')
  return {task['label']: task['rate'] for task in measured['tasks']}
