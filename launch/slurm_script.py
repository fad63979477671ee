"""The text of Slurm's batch scripts."""

import dataclasses
import pathlib
import shlex
from collections.abc import Mapping, Sequence

from launch import started

_MERGED = 'slices'  # beside the dataset: its name, a hyphen, this
_SECONDS = 180  # before the time is over, in which training saves


@dataclasses.dataclass(frozen=True)
class Place:
  """Where and how jobs run.

  Attributes:
    folder: of scripts and logs.
    python: the interpreter, which all nodes see.
    options: what every script asks of Slurm, `--name` to value.
    setup: lines of shell before the program, e.g. `module load cuda`.
  """

  folder: pathlib.Path
  python: str
  options: Mapping[str, str]
  setup: Sequence[str]


def slices(out: str) -> str:
  """The folder in which the tasks of an array write their slices."""
  return f'{out.rstrip("/")}-{_MERGED}'


def array(
  place: Place, name: str, program: started.Program, *, tasks: int
) -> str:
  """Collection by many tasks, a slice of the episodes each."""
  out = slices(program.value('out') or '')
  words = shlex.join(program.told(out=out).words(place.python)[:-1])
  task = '"$SLURM_ARRAY_TASK_ID"'
  workers = ''
  if program.value('workers') is None:
    workers = ' --workers="${SLURM_CPUS_PER_TASK:-1}"'
  return _script(
    place, name, {'array': f'0-{tasks - 1}', 'ntasks': '1'}, log='%A_%a',
    command=f'{words}{workers} --slice={task}/{tasks} '
    f'--out={shlex.quote(out)}/{task}',
  )  # fmt: skip


def merge(
  place: Place, name: str, program: started.Program, *, tasks: int
) -> str:
  """Joins what the tasks of an array have collected."""
  out = program.value('out') or ''
  data = ','.join(f'{slices(out)}/{task}' for task in range(tasks))
  words = [
    place.python, '-m', 'experiments.merge', f'--data={data}', f'--out={out}'
  ]  # fmt: skip
  return _script(
    place, name, {'ntasks': '1'}, log='%j', command=shlex.join(words)
  )


def training(
  place: Place,
  name: str,
  program: started.Program,
  *,
  nodes: int,
  per_node: int,
) -> str:
  """Processes on one or several nodes that train as one."""
  words = shlex.join(program.words(place.python))
  inner = (
    f'exec {words} --coordinator="$SDD_COORDINATOR" '
    '--processes="$SLURM_NTASKS" --process="$SLURM_PROCID"'
  )
  return _script(
    place, name, {'nodes': str(nodes), 'ntasks-per-node': str(per_node)},
    log='%j',
    before=[
      'mapfile -t hosts < <(scontrol show hostnames "$SLURM_JOB_NODELIST")',
      'port=$((20000 + SLURM_JOB_ID % 20000))',
      'export SDD_COORDINATOR="${hosts[0]}:$port"',
    ],
    command=f'srun --kill-on-bad-exit=1 bash -c {shlex.quote(inner)}',
  )  # fmt: skip


def single(place: Place, name: str, program: started.Program) -> str:
  """Any other program, once."""
  words = shlex.join(program.words(place.python))
  return _script(place, name, {'ntasks': '1'}, log='%j', command=words)


def _script(
  place: Place,
  name: str,
  options: Mapping[str, str],
  *,
  log: str,
  command: str,
  before: Sequence[str] = (),
) -> str:
  """A script that runs a command until it is done, in however many goes.

  Slurm's signal, before the time is over, ends the command. Then the job is
  put into the queue again. Who cancels a job has it cancelled.
  """
  asked = {
    'job-name': name,
    **options,
    'chdir': str(started.ROOT),
    'output': f'{place.folder}/{name}-{log}.log',
    'open-mode': 'append',
    'signal': f'B:USR1@{_SECONDS}',
    **place.options,
  }
  return '\n'.join(
    [
      '#!/usr/bin/env bash',
      *(f'#SBATCH --{k}={shlex.quote(v)}' for k, v in asked.items()),
      '#SBATCH --requeue',
      'set -euo pipefail',
      *place.setup,
      *before,
      "again='' status=0",
      'trap \'again=yes; kill -TERM "$running"\' USR1',
      f'{command} &',
      'running=$!',
      'wait "$running" || status=$?',
      'if [[ "$again" ]]; then',
      '  status=0',
      '  wait "$running" || status=$?',
      '  ((status == 0)) || scontrol requeue "$SLURM_JOB_ID"',
      'fi',
      'exit "$status"',
      '',
    ]
  )
