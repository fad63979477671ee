"""What collecting a dataset cost: one line of JSON a run, beside the data.

Kept apart from the episodes, which are the same on every machine.
"""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

FILE = 'cost.jsonl'
_SUMS = ('episodes', 'successes', 'retries', 'plans', 'infeasible')


def append(path: pathlib.Path | str, cost: Mapping[str, Any]) -> None:
  """Adds the cost of one run."""
  with open(pathlib.Path(path) / FILE, 'a', encoding='utf-8') as file:
    file.write(json.dumps(cost) + '\n')


def total(path: pathlib.Path | str) -> dict[str, Any]:
  """All runs together; zeros where nothing was noted.

  Returns:
    Counts, `wall_seconds`, `core_seconds`, and `split`: core-seconds by
    what they were spent on.
  """
  file = pathlib.Path(path) / FILE
  runs = []
  if file.exists():
    # A killed run may leave half a line, which counts for nothing.
    for line in file.read_text(encoding='utf-8').splitlines():
      try:
        runs.append(json.loads(line))
      except json.JSONDecodeError:
        continue
  names = dict.fromkeys(name for run in runs for name in run['split'])
  return {
    **{key: sum(run[key] for run in runs) for key in _SUMS},
    'wall_seconds': sum(run['wall_seconds'] for run in runs),
    'core_seconds': sum(run['core_seconds'] for run in runs),
    'split': {n: sum(run['split'].get(n, 0.0) for run in runs) for n in names},
  }
