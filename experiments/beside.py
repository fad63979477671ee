"""How the training program has its policy evaluated beside the training."""

import json
import pathlib
import sys
from collections.abc import Mapping

from sdd.dataset import windows
from sdd.training import evaluations


def evaluation(data: windows.Windows, episodes: int) -> evaluations.Evaluation:
  """What the training loop needs to know to have it done.

  Args:
    data: that is trained on; its tasks are evaluated in its scenes.
    episodes: of each task.
  """
  tasks = json.dumps(_by_scene(data))

  def command(policy: pathlib.Path, out: pathlib.Path) -> list[str]:
    return [
      *(sys.executable, '-m', 'experiments.evaluate_beside'),
      *(f'--policy={policy}', f'--tasks={tasks}', f'--episodes={episodes}'),
      f'--out={out}',
    ]

  # The accelerators' memory belongs to the training; one thread is enough.
  alone = {'JAX_PLATFORMS': 'cpu', 'OPENBLAS_NUM_THREADS': '1'}
  return evaluations.Evaluation(command, _read, alone)


def _by_scene(data: windows.Windows) -> dict[str, list[str]]:
  """The task sentences that the data have of each scene."""
  found = {}
  for place, name in enumerate(data.scenes):
    seen = sorted(set(data.instruction[data.scene == place].tolist()))
    found[name] = [data.instructions[number] for number in seen]
  return found


def _read(path: pathlib.Path) -> Mapping[str, float]:
  return json.loads(path.read_text(encoding='utf-8'))
