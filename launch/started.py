"""The program that a launcher starts elsewhere, and the commands it gives."""

import dataclasses
import pathlib
import re
import shlex
import subprocess
from collections.abc import Sequence

from experiments import urls
from sdd import errors

ROOT = pathlib.Path(__file__).resolve().parents[1]
_SERVED = ('ws', 'wss', 'http', 'https')  # policies and language models
_NAME = re.compile('[a-z]([a-z0-9-]{0,61}[a-z0-9])?')


class CommandError(errors.SddError):
  """A command that was not successful.

  Attributes:
    output: what it said on stderr.
  """

  def __init__(self, message: str, output: str = ''):
    super().__init__(message)
    self.output = output


@dataclasses.dataclass(frozen=True)
class Program:
  """A program of `experiments`, and what is said to it.

  Attributes:
    module: as `python -m` takes it, e.g. `experiments.train`.
    arguments: its flags, e.g. `--workdir=runs/train`.
  """

  module: str
  arguments: tuple[str, ...]

  @property
  def name(self) -> str:
    return self.module.removeprefix('experiments.')

  def value(self, flag: str) -> str | None:
    """What a flag is given; None if it is not."""
    found = None
    for argument in self.arguments:
      name, equals, value = argument.partition('=')
      if name.lstrip('-') == flag:
        found = value if equals else ''
    return found

  def told(self, **given: object) -> 'Program':
    """This with flags instead of what they were given, if anything."""
    kept = [
      argument
      for argument in self.arguments
      if argument.partition('=')[0].lstrip('-') not in given
    ]
    new = [f'--{name}={value}' for name, value in given.items()]
    return Program(self.module, (*kept, *new))

  def knows(self, flag: str) -> bool:
    """Whether the program itself defines a flag."""
    path = ROOT / (self.module.replace('.', '/') + '.py')
    return bool(re.search(rf"DEFINE_\w+\(\s*'{flag}'", path.read_text()))

  def words(self, python: str) -> list[str]:
    """The command line."""
    return [python, '-m', self.module, *self.arguments]


def read(words: Sequence[str]) -> Program:
  """The program after the lone `--` of a launcher.

  Raises:
    errors.SddError: there is none, or something is not `--flag=value`.
  """
  if not words:
    raise errors.SddError(
      'No program was named. It comes last, after a lone --, for example: '
      '-- experiments.train --data=DATA --workdir=WORKDIR'
    )
  if words[:2] == ['python', '-m']:
    words = words[2:]
  programs = sorted(
    path.stem
    for path in (ROOT / 'experiments').glob('*.py')
    if re.search(r'^  program\.run\(', path.read_text(), re.MULTILINE)
  )
  name = words[0].removeprefix('experiments.')
  if name not in programs:
    raise errors.UnknownNameError('program', name, programs)
  for word in words[1:]:
    if not re.match(r'--\w[\w.]*(=|$)', word):
      raise errors.SddError(
        f'{word!r} is no flag of experiments.{name}. Write --name=value.'
      )
  return Program(f'experiments.{name}', tuple(words[1:]))


def require_reachable(program: Program, *copied: str) -> None:
  """Checks that a program is given no bucket, as none reads or writes there.

  Args:
    program: that is to be started.
    copied: schemes that the launcher copies, such as gs.

  Raises:
    errors.SddError: it is given one.
  """
  for argument in program.arguments:
    for part in argument.partition('=')[2].split(','):
      scheme = urls.scheme(part)
      if scheme not in (None, *_SERVED, *copied):
        also = ''.join(f', or {each}://BUCKET/FOLDER' for each in copied)
        raise errors.SddError(
          f'{argument}: {program.module} reads and writes no {scheme}://. '
          f'Give a path that is mounted where it runs{also}.'
        )


def require_name(flag: str, name: str) -> None:
  """Raises SddError unless clusters and clouds accept a name."""
  if not _NAME.fullmatch(name):
    raise errors.SddError(
      f'--{flag}={name}: expected lower-case letters, digits and hyphens, a '
      'letter first, no hyphen last, at most 63 in all.'
    )


@dataclasses.dataclass(frozen=True)
class Commands:
  """Runs commands of this machine, or only says them.

  Attributes:
    dry_run: print each command as it would be run, and do not run it.
  """

  dry_run: bool = False

  def run(self, words: Sequence[str], *, answer: str = '') -> str:
    """Runs a command and returns what it prints.

    Args:
      words: the command.
      answer: what is returned in a dry run.

    Raises:
      CommandError: it is not there, or was not successful.
    """
    if self.dry_run:
      print(shlex.join(words), flush=True)
      return answer
    try:
      ran = subprocess.run(
        words, capture_output=True, stdin=subprocess.DEVNULL, text=True
      )
    except FileNotFoundError as error:
      raise CommandError(
        f'There is no command {words[0]!r} on this machine. --dry_run prints '
        'what would be run.'
      ) from error
    if ran.returncode:
      said = ran.stderr.strip()[-2000:]
      raise CommandError(
        f'{shlex.join(words)} ended with status {ran.returncode}: {said}',
        ran.stderr,
      )
    return ran.stdout
