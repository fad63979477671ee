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

import pathlib
import tempfile
from collections.abc import Sequence

from absl import flags
from etils import epy

from experiments import program, results

with epy.lazy_imports():
  from experiments.benchmarks import picture_reading

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


def main(_: Sequence[str]) -> None:
  with tempfile.TemporaryDirectory(dir=_FOLDER.value) as folder:
    path = pathlib.Path(folder) / 'rows.npy'
    picture_reading.fill(path, round(_GIGABYTES.value * 1e9))
    rows = picture_reading.measure(
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


if __name__ == '__main__':
  program.run(main)
