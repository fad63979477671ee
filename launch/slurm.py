"""Starts a program of experiments on a Slurm cluster.

Collection becomes an array of tasks with a slice of the episodes each, and a
job after them that merges the slices into --out, to the bytes that one
process would have written there:

  python -m launch.slurm --array=16 --cpus=8 -- experiments.collect \\
    --scene=drawer --task=all --episodes=6400 --out=runs/data

Training becomes one process a node, which uses all its devices; the first
node coordinates, and the result is that of one process:

  python -m launch.slurm --nodes=4 --gpus=8 --time=12:00:00 -- \\
    experiments.train --data=runs/data --workdir=runs/train

Any other program becomes a job of its own. A job that is preempted, requeued
or out of time goes on where it stopped, because every program does; so does
this command, given again. The checkout, its environment and all directories
have to be on a file system that the nodes share.

--dry_run prints the scripts and the sbatch commands, and does nothing.
"""

import pathlib
import re
import sys
from collections.abc import Sequence

from absl import flags

from experiments import program
from launch import slurm_script, started
from sdd import errors

_NAME = flags.DEFINE_string('name', 'sdd', 'what the jobs are called')
_ARRAY = flags.DEFINE_integer(
  'array', None, 'for experiments.collect: tasks, a slice of the episodes each',
  lower_bound=1,
)  # fmt: skip
_NODES = flags.DEFINE_integer(
  'nodes', 1, 'for experiments.train: how many', lower_bound=1
)
_PER_NODE = flags.DEFINE_integer(
  'per_node', 1, 'for experiments.train: processes on each', lower_bound=1
)
_CPUS = flags.DEFINE_integer('cpus', 4, 'cores of each process', lower_bound=1)
_GPUS = flags.DEFINE_integer('gpus', 0, 'GPUs of each node', lower_bound=0)
_TIME = flags.DEFINE_string(
  'time', None, 'how long a job may take: MINUTES, HH:MM:SS, DAYS-HH:MM:SS'
)
_PARTITION = flags.DEFINE_string('partition', None, 'of the cluster')
_ACCOUNT = flags.DEFINE_string('account', None, 'who pays')
_SBATCH = flags.DEFINE_multi_string(
  'sbatch', [], 'anything else for sbatch, such as --sbatch=--mem=32G'
)
_SETUP = flags.DEFINE_multi_string(
  'setup', [], 'a line of shell before the program, such as "module load cuda"'
)
_PYTHON = flags.DEFINE_string(
  'python', None, 'the interpreter on the nodes; by default this one'
)
_FOLDER = flags.DEFINE_string(
  'folder', 'runs/slurm', 'where scripts and logs are kept'
)
_DRY_RUN = flags.DEFINE_boolean(
  'dry_run', False, 'print scripts and commands, and do nothing'
)


def main(arguments: Sequence[str]) -> int:
  started.require_name('name', _NAME.value)
  wanted = started.read(arguments[1:])
  _require_sensible(wanted)
  folder = pathlib.Path(_FOLDER.value).expanduser().absolute()
  place = slurm_script.Place(
    folder, _PYTHON.value or sys.executable, _options(), _SETUP.value
  )
  name = f'{_NAME.value}-{wanted.name.replace("_", "-")}'
  if wanted.name == 'collect' and _ARRAY.value:
    tasks = _ARRAY.value
    script = slurm_script.array(place, name, wanted, tasks=tasks)
    job = _submit(folder, name, script)
    after = f'{_NAME.value}-merge'
    script = slurm_script.merge(place, after, wanted, tasks=tasks)
    _submit(folder, after, script, f'--dependency=afterok:{job}')
  elif wanted.name == 'train':
    nodes, per_node = _NODES.value, _PER_NODE.value
    script = slurm_script.training(
      place, name, wanted, nodes=nodes, per_node=per_node
    )
    _submit(folder, name, script)
  else:
    _submit(folder, name, slurm_script.single(place, name, wanted))
  return 0


def _submit(folder: pathlib.Path, name: str, script: str, *how: str) -> str:
  """Hands a script to Slurm. Returns the job's number."""
  path = folder / f'{name}.sh'
  commands = started.Commands(_DRY_RUN.value)
  if _DRY_RUN.value:
    print(f'# {path}\n{script}')
  else:
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
  words = ['sbatch', '--parsable', *how, str(path)]
  said = commands.run(words, answer='JOB').strip()
  job = said.partition(';')[0]  # a cluster's name may follow
  if not _DRY_RUN.value:
    print(f'Job {job}: {path}; its log is beside it.')
  return job


def _options() -> dict[str, str]:
  """What every script asks of Slurm, as the flags say."""
  found = {'cpus-per-task': str(_CPUS.value)}
  given = {
    'gpus-per-node': _GPUS.value, 'time': _TIME.value,
    'partition': _PARTITION.value, 'account': _ACCOUNT.value,
  }  # fmt: skip
  found.update({name: str(value) for name, value in given.items() if value})
  for option in _SBATCH.value:
    matched = re.fullmatch(r'--([a-z][a-z-]*)=(\S+)', option)
    if not matched:
      raise errors.SddError(
        f'--sbatch={option}: expected an option of sbatch with its value, '
        'such as --sbatch=--mem=32G.'
      )
    found[matched[1]] = matched[2]
  return found


def _require_sensible(wanted: started.Program) -> None:
  """Raises SddError for flags that do not go together."""
  value = _TIME.value
  if value and not re.fullmatch(r'\d+|(\d+-)?\d+(:\d\d){1,2}|\d+-\d+', value):
    raise errors.SddError(
      f'--time={value}: expected MINUTES, HH:MM:SS or DAYS-HH:MM:SS.'
    )
  for flag, given in (('partition', _PARTITION), ('account', _ACCOUNT)):
    if given.value and not re.fullmatch(r'[\w.,-]+', given.value):
      raise errors.SddError(f'--{flag}={given.value} is no name of Slurm.')
  if any(flag.value > 1 for flag in (_NODES, _PER_NODE)) and (
    wanted.name != 'train'
  ):
    raise errors.SddError(
      f'Only experiments.train runs as several processes; {wanted.module} '
      'runs on one node. experiments.collect takes --array.'
    )
  started.require_reachable(wanted)
  for flag in ('coordinator', 'processes', 'process', 'distributed', 'slice'):
    if wanted.value(flag) is not None:
      raise errors.SddError(f'--{flag} is what this launcher says itself.')
  if _ARRAY.value:
    _require_array(wanted)


def _require_array(wanted: started.Program) -> None:
  if wanted.name != 'collect':
    raise errors.SddError(
      f'--array is for experiments.collect; {wanted.module} is one job.'
    )
  if not wanted.value('out'):
    raise errors.SddError('experiments.collect needs --out=DIRECTORY.')
  asked = wanted.value('llm') not in (None, 'recorded')
  if asked and wanted.value('record_mode') != 'replay':
    raise errors.SddError(
      'Every task of the array would ask the language model, and could hear '
      'something else. Collect one episode with --llm first, and give '
      '--records=OUT/records --record_mode=replay.'
    )


if __name__ == '__main__':
  program.run(main, passes_on=True)
