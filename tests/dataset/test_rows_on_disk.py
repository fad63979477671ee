"""Rows of a file are those of the array that was written."""

import numpy as np
import pytest

from sdd.dataset import joined, rows_on_disk

# A row is no whole number of pages, and the file many of them.
WHOLE = np.random.default_rng(0).integers(0, 256, (301, 2, 41, 53), np.uint8)


@pytest.fixture(scope='module')
def rows(tmp_path_factory):
  path = tmp_path_factory.mktemp('rows') / 'rows.npy'
  np.save(path, WHOLE)
  return rows_on_disk.RowsOnDisk(path)


def test_it_is_like_the_array(rows):
  assert len(rows) == len(WHOLE)
  assert rows.shape == WHOLE.shape
  assert rows.dtype == WHOLE.dtype
  np.testing.assert_array_equal(rows, WHOLE)


@pytest.mark.parametrize(
  'some', [[0], [300], [-1, 4], [7, 7, 7], [300, 0, 150, 299], range(301)]
)
def test_rows_in_any_order(rows, some):
  some = np.array(some)
  taken = rows[some]
  assert type(taken) is np.ndarray
  np.testing.assert_array_equal(taken, WHOLE[some])
  taken[:] = 0  # a copy: the file stays as it is
  np.testing.assert_array_equal(rows[some], WHOLE[some])


def test_no_rows(rows):
  assert rows[np.array([], int)].shape == (0, *WHOLE.shape[1:])


@pytest.mark.parametrize('row', [301, -302])
def test_a_row_that_is_not_there(rows, row):
  with pytest.raises(IndexError, match=str(row)):
    rows[np.array([0, row])]


def test_stacked_with_an_array(rows):
  both = joined.Stacked([rows, WHOLE[:5]])
  assert both.shape == (306, *WHOLE.shape[1:])
  some = np.array([305, 0, 300, 301])
  np.testing.assert_array_equal(both[some], WHOLE[[4, 0, 300, 0]])


def test_an_empty_file_is_refused(tmp_path):
  (tmp_path / 'rows.npy').write_bytes(b'')
  with pytest.raises((ValueError, EOFError)):
    rows_on_disk.RowsOnDisk(tmp_path / 'rows.npy')
