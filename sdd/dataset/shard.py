"""One ArrayRecord file of serialised episodes."""

import contextlib
import errno
import pathlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from array_record.python import (
  array_record_module,  # pyright: ignore[reportAttributeAccessIssue]
)

from sdd.dataset import durable, spec


def write(path: pathlib.Path, records: Iterable[bytes]) -> int:
  """Writes records durably, all or none. Returns the size of the file.

  Raises:
    DatasetError: if the system cannot write, e.g. because the disk is full.
  """

  def fill(temporary: pathlib.Path) -> None:
    writer = array_record_module.ArrayRecordWriter(
      str(temporary), 'group_size:1'
    )
    count = 0
    for record in records:
      _translated(writer.write, record)
      count += 1
    _translated(writer.close)
    with Reader(temporary, count):  # it is not written unless it reads
      pass

  durable.write(path, fill)
  return path.stat().st_size


def _translated(call: Callable[..., Any], *arguments: Any) -> None:
  try:
    call(*arguments)
  except RuntimeError as error:  # how ArrayRecord says that a disk is full
    raise OSError(errno.EIO, str(error)) from error


class Reader:
  """Random access to the records of a shard; a context manager.

  Raises:
    DatasetError: if the file does not hold the expected number of records.
  """

  def __init__(self, path: pathlib.Path, length: int):
    self._path, self._length = path, length
    if not path.is_file():
      raise self._damaged(
        'the file is missing (if a writer has just closed this dataset, '
        'it only has a new name: open the dataset again)'
      )
    self._reader = array_record_module.ArrayRecordReader(
      str(path), 'readahead_buffer_size:0,max_parallelism:0'
    )
    found = self._reader.num_records()
    if found != length:
      with contextlib.suppress(RuntimeError):  # says why it is damaged
        self._reader.close()
      raise self._damaged(f'it holds {found} records instead of {length}')

  def __enter__(self) -> 'Reader':
    return self

  def __exit__(self, *_: object) -> None:
    self.close()

  def close(self) -> None:
    """Closes the file."""
    self._reader.close()

  def __getitem__(self, position: int) -> bytes:
    try:
      return self._reader.read([position])[0]
    except (RuntimeError, ValueError, IndexError) as error:
      raise self._damaged(f'record {position} is unreadable') from error

  def __iter__(self) -> Iterator[bytes]:
    return (self[position] for position in range(self._length))

  def _damaged(self, found: str) -> spec.DatasetError:
    return spec.DatasetError(
      f'The shard {self._path} is damaged: {found}. Restore it from a copy, '
      'or collect the dataset again in a new directory.'
    )


def read_all(
  directory: pathlib.Path, names: Sequence[str], lengths: Sequence[int]
) -> Iterator[list[bytes]]:
  """Every record of each shard, shard by shard."""
  for name, length in zip(names, lengths, strict=True):
    with Reader(directory / name, length) as reader:
      yield list(reader)
