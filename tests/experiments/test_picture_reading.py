"""The two ways of reading pictures read the same, and are measured."""

import pytest

from experiments.benchmarks import picture_reading
from sdd import errors
from sdd.dataset import rows_on_disk


@pytest.fixture(scope='module')
def path(tmp_path_factory):
  path = tmp_path_factory.mktemp('pictures') / 'rows.npy'
  picture_reading.fill(path, 30_000_000)
  return path


def test_rates_and_what_was_read(path):
  rows = picture_reading.measure(path, batch=4, batches=2, rounds=2)
  assert [row['unit'] for row in rows] == [
    'rows/s', 'rows/s', 'x', 'bytes', 'bytes',
  ]  # fmt: skip
  ours, plain, ratio, *read = [row['value'] for row in rows]
  assert min(ours, plain, ratio) > 0
  assert min(read) >= 0


def test_a_difference_is_an_error(path, monkeypatch):
  class Wrong(rows_on_disk.RowsOnDisk):
    def __getitem__(self, rows):
      return super().__getitem__(rows) + 1

  monkeypatch.setattr(rows_on_disk, 'RowsOnDisk', Wrong)
  with pytest.raises(errors.SddError, match='different rows'):
    picture_reading.measure(path, batch=4, batches=2, rounds=1)
