"""Cloud TPUs as gcloud shows them: made, looked at, spoken to, removed."""

import dataclasses
import pathlib
import re
from collections.abc import Sequence

from launch import started
from sdd import errors

_ZONE = re.compile('[a-z]+-[a-z]+[0-9]+-[a-z]')
_TYPE = re.compile('v[2-9][a-z]*-[0-9]+')
_ABSENT = re.compile('NOT_FOUND|not found|was not found', re.IGNORECASE)
# What gcloud calls a TPU that is there, and one to wait for. Any other is gone
# for good.
READY = ('READY', 'ACTIVE')
COMING = (
  'CREATING', 'STARTING', 'RESTARTING', 'REPAIRING', 'REIMAGING',
  'ACCEPTED', 'PROVISIONING', 'WAITING_FOR_RESOURCES', 'DELETING', 'STOPPING',
  'SUSPENDING',
)  # fmt: skip
# A TPU that was taken away leaves a connection open that never answers.
_CONNECTION = (
  'ConnectTimeout=30', 'ServerAliveInterval=15', 'ServerAliveCountMax=8',
)  # fmt: skip
_FULL = re.compile('no (more )?capacity|RESOURCE_EXHAUSTED|stockout', re.I)
NONE = 'NONE'  # what we call one that is not there


def runtime(accelerator: str) -> str:
  """The operating system that Google recommends for JAX on an accelerator."""
  generation = accelerator.partition('-')[0]
  return {
    'v5e': 'v2-alpha-tpuv5-lite',
    'v5litepod': 'v2-alpha-tpuv5-lite',
    'v5p': 'v2-alpha-tpuv5',
    'v6e': 'v2-alpha-tpuv6e',
  }.get(generation, 'tpu-ubuntu2204-base')


@dataclasses.dataclass(frozen=True)
class Wanted:
  """A TPU, whether it exists or not.

  Attributes:
    name: its own, and of the request for it.
    zone: such as us-central2-b.
    accelerator: type and number of cores, such as v4-32.
    version: the operating system.
    spot: cheaper, and taken back whenever Google needs it.
    queued: wait in a queue for it instead of failing where there is none.
    project: who pays; None for gcloud's own.
  """

  name: str
  zone: str
  accelerator: str
  version: str
  spot: bool
  queued: bool
  project: str | None = None

  def __post_init__(self) -> None:
    started.require_name('name', self.name)
    if not _ZONE.fullmatch(self.zone):
      raise errors.SddError(
        f'--zone={self.zone}: expected a zone, such as us-central2-b.'
      )
    if not _TYPE.fullmatch(self.accelerator):
      raise errors.SddError(
        f'--type={self.accelerator}: expected an accelerator type with its '
        'number of cores or chips, such as v4-32 or v5litepod-16.'
      )
    if not re.fullmatch('[a-z0-9.-]+', self.version):
      raise errors.SddError(f'--version={self.version} is no runtime version.')
    if self.project and not re.fullmatch('[a-z0-9.:-]+', self.project):
      raise errors.SddError(f'--project={self.project} is no project id.')


@dataclasses.dataclass(frozen=True)
class Pod:
  """A TPU and its workers, through gcloud."""

  wanted: Wanted
  commands: started.Commands

  def state(self) -> str:
    """What gcloud says of it, or `NONE`."""
    kind = 'queued-resources' if self.wanted.queued else 'tpu-vm'
    what = 'state.state' if self.wanted.queued else 'state'
    try:
      said = self._gcloud(kind, 'describe', f'--format=value({what})')
    except started.CommandError as error:
      if _ABSENT.search(error.output):
        return NONE
      raise
    return said.strip() or NONE

  def create(self) -> bool:
    """Asks for it; a queue answers at once, else it is there afterwards.

    Returns:
      Whether there was one; if not, there may be later.
    """
    wanted = self.wanted
    if wanted.queued:
      words = [
        f'--node-id={wanted.name}',
        f'--accelerator-type={wanted.accelerator}',
        f'--runtime-version={wanted.version}',
      ]
    else:
      words = [
        f'--accelerator-type={wanted.accelerator}',
        f'--version={wanted.version}',
      ]
    if wanted.spot:
      words.append('--spot')
    kind = 'queued-resources' if wanted.queued else 'tpu-vm'
    try:
      self._gcloud(kind, 'create', *words)
    except started.CommandError as error:
      if _FULL.search(error.output):
        return False
      raise
    return True

  def delete(self) -> None:
    """Removes it, and the request for it."""
    if self.wanted.queued:
      self._gcloud('queued-resources', 'delete', '--quiet', '--force')
    else:
      self._gcloud('tpu-vm', 'delete', '--quiet')

  def copy(self, source: pathlib.Path, destination: str) -> str:
    """Copies a file into the home of every worker."""
    place = f'{self.wanted.name}:{destination}'
    words = ['scp', str(source), place, '--worker=all']
    return self.commands.run(self._words('tpu-vm', *words))

  def shell(self, command: str, *, worker: str = 'all') -> str:
    """Runs a line of shell on workers. Returns what it printed."""
    words = ['ssh', self.wanted.name, f'--worker={worker}']
    words += [f'--ssh-flag=-o {option}' for option in _CONNECTION]
    return self.commands.run(
      self._words('tpu-vm', *words, f'--command={command}')
    )

  def _gcloud(self, kind: str, verb: str, *words: str) -> str:
    return self.commands.run(self._words(kind, verb, self.wanted.name, *words))

  def _words(self, kind: str, *words: str) -> Sequence[str]:
    where = [f'--zone={self.wanted.zone}']
    if self.wanted.project:
      where.append(f'--project={self.wanted.project}')
    return ['gcloud', 'compute', 'tpus', kind, *words, *where]
