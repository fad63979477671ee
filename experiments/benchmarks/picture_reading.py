"""Rows of pictures on a disk, and two ways of reading them in batches."""

import os
import pathlib
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from experiments import meter
from sdd import errors
from sdd.dataset import rows_on_disk

_ROW = (2, 128, 128, 3)  # two cameras
_AT_ONCE = 256  # rows
_COUNTERS = pathlib.Path('/proc/self/io')

Open = Callable[[pathlib.Path], Any]


def fill(path: pathlib.Path, size: int) -> None:
  """Rows of noise, of `size` bytes: nothing that a disk could leave out."""
  count = max(1, round(size / np.prod(_ROW)))
  rng = np.random.default_rng(0)
  pixels = np.lib.format.open_memmap(path, 'w+', np.uint8, (count, *_ROW))
  with meter.progress('Writing', count) as written:
    for start in range(0, count, _AT_ONCE):
      part = pixels[start : start + _AT_ONCE]
      part[:] = rng.integers(0, 256, part.shape, np.uint8)
      written.advance(len(part))
  pixels.flush()


def measure(
  path: pathlib.Path, *, batch: int, batches: int, rounds: int
) -> list[dict[str, Any]]:
  """Rows a second of both ways, how they compare, and what they read.

  Raises:
    SddError: they did not read the same, or nobody counts what is read.
  """
  ways: dict[str, Open] = {
    'as training reads': rows_on_disk.RowsOnDisk,
    'a memory map left to itself': _mapped,
  }
  rates: dict[str, list[float]] = {name: [] for name in ways}
  read: dict[str, list[float]] = {name: [] for name in ways}
  with meter.progress('Reading', rounds) as turns:
    for number in range(rounds):
      sums = []
      for name, way in ways.items():
        forget(path)
        rate, amount, total = _turn(way(path), batch, batches, number)
        rates[name].append(rate)
        read[name].append(amount)
        sums.append(total)
      if sums[0] != sums[1]:
        raise errors.SddError('The two ways have read different rows.')
      turns.advance()
  ours, plain = (statistics.median(each) for each in rates.values())
  rows: list[dict[str, Any]] = [
    {'label': name, 'value': statistics.median(each), 'unit': 'rows/s'}
    for name, each in rates.items()
  ]
  rows.append(
    {'label': 'faster than left to itself', 'value': ours / plain, 'unit': 'x'}
  )
  return rows + [
    {
      'label': f'{name}: read for every byte wanted',
      'value': statistics.median(each),
      'unit': 'bytes',
    }
    for name, each in read.items()
  ]


def forget(path: pathlib.Path) -> None:
  """Has the system drop what it holds of a file."""
  with open(path, 'rb') as handle:
    os.fsync(handle.fileno())
    os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _mapped(path: pathlib.Path) -> Any:
  return np.load(path, mmap_mode='r')


def _turn(
  rows: Any, batch: int, batches: int, seed: int
) -> tuple[float, float, int]:
  """Rows a second, bytes read for each that was wanted, and a checksum."""
  rng = np.random.default_rng(seed)
  chosen = rng.integers(0, len(rows), (batches, batch))
  total, before, began = 0, _from_disk(), time.perf_counter()
  for each in chosen:
    total += int(rows[each][:, 0, 0, 0, 0].sum())
  took = time.perf_counter() - began
  wanted = chosen.size * int(np.prod(rows.shape[1:]))
  return chosen.size / took, (_from_disk() - before) / wanted, total


def _from_disk() -> int:
  """Bytes that this process has had read from a disk."""
  try:
    lines = _COUNTERS.read_text().splitlines()
  except OSError as problem:
    raise errors.SddError(
      f'What is read from the disk cannot be told: {problem}.'
    ) from problem
  counters = dict(line.split(': ') for line in lines)
  return int(counters['read_bytes'])
