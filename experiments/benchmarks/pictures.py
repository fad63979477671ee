"""Measures reading batches of pictures that do not lie in memory.

  python -m experiments.benchmarks.pictures --gigabytes=4

Batches of random rows are read from a file in two ways, in turns: as training
reads them (`sdd.dataset.rows_on_disk`), and as NumPy's memory map reads them
when left to itself. Before every turn the system is told to forget the file,
so that both begin with nothing in memory, as far into an epoch as one gets
with more pictures than memory. The median over the turns counts, and what was
read from the disk for every byte that was wanted (Linux only).

How much is gained depends on how much the disk's driver reads ahead
(/sys/block/*/queue/read_ahead_kb).
"""

from __future__ import annotations

import os
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from absl import flags
from etils import epy

from experiments import program, results
from sdd import errors

with epy.lazy_imports():
  from experiments import meter
  from sdd.dataset import rows_on_disk

_GIGABYTES = flags.DEFINE_float(
  'gigabytes', 4.0, 'size of the file', lower_bound=0.001
)
_BATCH = flags.DEFINE_integer('batch', 64, 'rows of a batch', lower_bound=1)
_BATCHES = flags.DEFINE_integer('batches', 20, 'of a turn', lower_bound=1)
_ROUNDS = flags.DEFINE_integer('rounds', 5, 'turns of each', lower_bound=1)
_FOLDER = flags.DEFINE_string(
  'folder', None, 'where the file is made; by default the system decides'
)
_WRITE = flags.DEFINE_boolean(
  'write', False, 'keep the numbers in experiments/results/pictures.json'
)
_ROW = (2, 128, 128, 3)  # two cameras
_AT_ONCE = 256  # rows
_COUNTERS = pathlib.Path('/proc/self/io')

Open = Callable[[pathlib.Path], Any]


def main(_: Sequence[str]) -> None:
  count = max(1, round(_GIGABYTES.value * 1e9 / np.prod(_ROW)))
  with tempfile.TemporaryDirectory(dir=_FOLDER.value) as folder:
    path = pathlib.Path(folder) / 'rows.npy'
    fill(path, count)
    rows = measure(
      path, batch=_BATCH.value, batches=_BATCHES.value, rounds=_ROUNDS.value
    )
  for row in rows:
    print(f'{row["label"]:52} {row["value"]:8,.3g} {row["unit"]}')
  if _WRITE.value:
    title = (
      f'Pictures read in batches of {_BATCH.value} from '
      f'{_GIGABYTES.value:.3g} GB that do not lie in memory'
    )
    print(results.write_result('pictures', {'title': title, 'rows': rows}))


def fill(path: pathlib.Path, count: int) -> None:
  """Rows of noise: nothing that a file system could leave out."""
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


if __name__ == '__main__':
  program.run(main)
