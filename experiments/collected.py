"""How a dataset was made, as the command line that makes it again."""

import pathlib
import shlex

from sdd.dataset import reader


def command(data: pathlib.Path | str) -> str:
  """The command that collected the dataset at `data`.

  Raises:
    errors.SddError: there is no dataset at `data`.
  """
  spec = reader.load_spec(data)
  run = spec.run
  tasks = run.get('tasks', [])
  words = [
    'python', '-m', 'experiments.collect', f'--scene={spec.scene}',
    f'--task={tasks[0] if len(tasks) == 1 else "all"}',
  ]  # fmt: skip
  words += [
    f'--{name}={run[name]}' for name in ('episodes', 'seed') if name in run
  ]
  if strength := run.get('randomise_physics'):
    words.append(f'--randomise_physics={strength:g}')
  if push := run.get('push'):
    words.append(f'--push={push:g}')
  return shlex.join([*words, f'--out={data}'])
