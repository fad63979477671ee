"""Files that are either whole or absent, and one writer at a time."""

import contextlib
import fcntl
import os
import pathlib
from collections.abc import Callable, Iterator

from sdd.dataset import spec

TEMPORARY = '.tmp-'  # prefix of files that a killed process may leave
LOCK = '.sdd.lock'


def write(path: pathlib.Path, fill: Callable[[pathlib.Path], None]) -> None:
  """Lets `fill` write a temporary file, then puts it at `path` at once.

  When this returns, the content is on disk under its name. A process
  killed in between leaves the old file, if any, and a temporary one.

  Raises:
    DatasetError: if the system cannot write, e.g. because the disk is full.
  """
  temporary = path.with_name(TEMPORARY + path.name)
  try:
    fill(temporary)
    synchronise(temporary)
    os.replace(temporary, path)
    synchronise(path.parent)
  except OSError as error:
    temporary.unlink(missing_ok=True)
    raise spec.DatasetError(
      f'{path} cannot be written: {error.strerror or error}. What was '
      'written before is whole. Check the free space and permissions, then '
      'run again.'
    ) from error


def write_text(path: pathlib.Path, text: str) -> None:
  """Puts `text` at `path` at once; see `write`."""
  write(path, lambda temporary: _store(temporary, text))


def write_bytes(path: pathlib.Path, content: bytes) -> None:
  """Puts `content` at `path` at once; see `write`."""

  def fill(temporary: pathlib.Path) -> None:
    temporary.write_bytes(content)

  write(path, fill)


def remove_temporary(directory: pathlib.Path) -> None:
  """Removes what a killed writer left half written in `directory`."""
  for path in directory.glob(TEMPORARY + '*'):
    path.unlink(missing_ok=True)


@contextlib.contextmanager
def lock(directory: pathlib.Path, *, wait: bool = False) -> Iterator[None]:
  """Holds the directory's only write lock; the system frees it on a kill.

  Args:
    directory: the one to write in.
    wait: wait for another writer to end.

  Raises:
    DatasetError: if another writer holds it, unless `wait`.
  """
  once = 0 if wait else fcntl.LOCK_NB
  with open(directory / LOCK, 'a', encoding='utf-8') as handle:
    try:
      fcntl.flock(handle, fcntl.LOCK_EX | once)
    except BlockingIOError as error:
      raise spec.DatasetError(
        f'{directory} is being written by another process, and a dataset has '
        'one writer at a time. Wait until it ends, or write to another '
        'directory.'
      ) from error
    yield


def _store(path: pathlib.Path, text: str) -> None:
  path.write_text(text, encoding='utf-8')


def synchronise(path: pathlib.Path) -> None:
  """Waits until a file's content, or a directory's names, are on disk."""
  descriptor = os.open(path, os.O_RDONLY)
  try:
    os.fsync(descriptor)
  finally:
    os.close(descriptor)
