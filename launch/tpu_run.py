"""One program on a TPU that may be taken away at any moment."""

import dataclasses
import hashlib
import re
import shlex
import time
from collections.abc import Callable

from launch import started, tpu_vm
from sdd import errors

_SCRIPT = 'sdd/launch/on_tpu.sh'
_WRITTEN = {'workdir': 'write', 'out': 'write_at_end'}  # by flag
_TRIES = 6  # of what fails because a machine has just come, or has a hiccup
_STOPPED = 128 + 15  # by SIGTERM: the machine may be going away
_LAST = re.compile(r'\n== (\d+) (running|absent|other|ended (\d+))\n*\Z')


class Lost(Exception):
  """The TPU is no longer there."""


@dataclasses.dataclass(frozen=True)
class Remote:
  """A program as workers run it, and the buckets it reads and writes.

  Attributes:
    program: with local folders in the place of gs:// paths.
    what: `read=URL`, `write=URL` and `write_at_end=URL`.
    workers: `all`, or `0` for a program that runs once.
  """

  program: started.Program
  what: tuple[str, ...]
  workers: str

  @property
  def identity(self) -> str:
    """Differs between programs and what they are told."""
    words = shlex.join([*self.program.words('python'), *self.what])
    return hashlib.sha256(words.encode()).hexdigest()[:10]


def remote(program: started.Program) -> Remote:
  """Where the folders of a program's buckets will be, and who runs it."""
  started.require_reachable(program, 'gs')
  arguments, what = [], []
  for argument in program.arguments:
    name, equals, value = argument.partition('=')
    parts = value.split(',')
    for part in parts:
      if part.startswith('gs://'):
        if not re.fullmatch(r'gs://[\w.-]+(/[\w.=-]+)*', part.rstrip('/')):
          raise errors.SddError(
            f'{argument}: expected gs://BUCKET/FOLDER, of letters, digits and '
            'the signs ._=- alone.'
          )
        kind = _WRITTEN.get(name.lstrip('-'), 'read')
        what.append(f'{kind}={part.rstrip("/")}')
    parts = [re.sub('^gs://', 'gs/', part.rstrip('/')) for part in parts]
    arguments.append(name + equals + ','.join(parts) if equals else argument)
  told = started.Program(program.module, tuple(arguments))
  everyone = program.knows('distributed')
  if everyone and program.value('distributed') is None:
    told = started.Program(told.module, (*told.arguments, '--distributed'))
  return Remote(told, tuple(what), 'all' if everyone else '0')


@dataclasses.dataclass
class Run:
  """Has a TPU run a program to its end, however often it is taken away.

  Attributes:
    pod: the TPU.
    remote: the program.
    period: seconds between two looks.
    keep: seconds between two copies of what is written into its bucket.
    recreations: how often the TPU may be made anew.
    dry_run: whether commands are only printed.
    say: where words to the user go.
    show: where the program's log goes.
  """

  pod: tpu_vm.Pod
  remote: Remote
  period: float
  keep: int
  recreations: int
  dry_run: bool
  say: Callable[[str], None]
  show: Callable[[str], None]

  def until_done(self) -> int:
    """The exit status of the program.

    Raises:
      errors.SddError: the TPU was taken away too often, or a step fails.
    """
    lost = 0
    while True:
      try:
        fresh = self._present()
        if fresh or not self._is_running():
          self._start()
        return self._follow()
      except Lost:
        lost += 1
        if lost > self.recreations:
          raise errors.SddError(
            f'{self.pod.wanted.name} was taken away {lost} times. What was '
            'kept is in the bucket; the same command goes on from there.'
          ) from None
        self.say(f'{self.pod.wanted.name} was taken away; making it anew.')

  def _present(self) -> bool:
    """Makes the TPU, if need be, and waits for it. Returns whether it did."""
    made, state = False, self.pod.state()
    while state not in tpu_vm.READY:
      if state in tpu_vm.COMING:
        self.say(f'{self.pod.wanted.name}: {state}')
        time.sleep(self.period)
      else:
        if state != tpu_vm.NONE:
          self.say(f'{self.pod.wanted.name}: {state}; removing it')
          self.pod.delete()
        self.say(f'Making {self.pod.wanted.name}.')
        made = self.pod.create()
        if self.dry_run:
          break
        if not made:
          self.say('There is none at the moment. --queued waits in the queue.')
          time.sleep(self.period)
      state = self.pod.state()
    return made

  def _is_running(self) -> bool:
    """Whether the program is running there, by an earlier call of ours."""
    _, _, state = self._look(0)
    if state == 'other':
      raise errors.SddError(
        f'{self.pod.wanted.name} runs another program. Wait for its end, '
        'choose another --name, or remove it with --delete.'
      )
    return state == 'running'

  def _start(self) -> None:
    """Copies the checkout, installs, and starts the program."""
    self.say('Copying and installing.')
    archive = started.ROOT / '.cache' / f'{self.pod.wanted.name}.tar.gz'
    self.pod.commands.run(['bash', '-c', _packing(str(archive))])
    self._patiently(lambda: self.pod.copy(archive, 'sdd.tar.gz'))
    unpack = 'mkdir -p sdd && tar -xzf sdd.tar.gz -C sdd'
    self._patiently(lambda: self.pod.shell(unpack))
    self._patiently(lambda: self._call('install'))
    words = self.remote.program.words('-')[2:]  # after python -m
    start = [
      'start', self.remote.identity, str(self.keep), *self.remote.what, '--',
      *words,
    ]  # fmt: skip
    self._patiently(lambda: self._call(*start, worker=self.remote.workers))
    self.say('Started.')

  def _follow(self) -> int:
    """Shows the log until the program has ended. Returns its status."""
    byte = 0
    while True:
      text, byte, state = self._look(byte)
      self.show(text)
      if self.dry_run:
        return 0
      if state.startswith('ended'):
        status = int(state.split()[1])
        if status == _STOPPED:
          self._wait_for_loss()
        if status and self.remote.workers == 'all':
          self.say(self._patiently(lambda: self._call('log')))
        return status
      if state != 'running':
        raise errors.SddError(
          f'The program on {self.pod.wanted.name} has vanished, without a '
          'status. The same command starts it again.'
        )
      time.sleep(self.period)

  def _wait_for_loss(self) -> None:
    for _ in range(_TRIES):
      if self.pod.state() not in tpu_vm.READY:
        raise Lost
      time.sleep(self.period)

  def _look(self, byte: int) -> tuple[str, int, str]:
    """New lines of the first worker's log, the byte after, and its state."""
    exists = f'test ! -e {_SCRIPT} || '
    command = shlex.join(
      ['bash', _SCRIPT, 'look', self.remote.identity, str(byte)]
    )
    said = self._patiently(lambda: self.pod.shell(exists + command, worker='0'))
    found = _LAST.search(said)
    if not found:
      return '', 0, 'absent'
    return said[: found.start()], int(found[1]), found[2]

  def _call(self, *words: str, worker: str = 'all') -> str:
    return self.pod.shell(shlex.join(['bash', _SCRIPT, *words]), worker=worker)

  def _patiently(self, step: Callable[[], str]) -> str:
    """Tries a step again while the TPU says that it is there.

    Raises:
      Lost: it is not.
      CommandError: the step fails again and again.
    """
    for left in reversed(range(_TRIES)):
      try:
        return step()
      except started.CommandError:
        if self.pod.state() not in tpu_vm.READY:
          raise Lost from None
        if not left:
          raise
        time.sleep(self.period)
    raise AssertionError


def _packing(archive: str) -> str:
  """Shell that packs this checkout: what git has, or could have."""
  root, folder = shlex.quote(str(started.ROOT)), shlex.quote(archive)
  return (
    f'cd {root} && mkdir -p .cache && git ls-files -z --cached --others '
    f'--exclude-standard | tar -czf {folder} --null --ignore-failed-read -T -'
  )
