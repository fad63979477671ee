"""Lines of results: nothing is lost, and nobody else's are touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdd import errors
from sdd.evaluation import line_log


@given(cut=st.integers(1, 30))
def test_a_line_that_was_cut_short_is_dropped(tmp_path_factory, cut):
  path = tmp_path_factory.mktemp('log') / 'log.jsonl'
  log = line_log.LineLog(path, {'a': 1})
  log.add({'number': 1})
  log.add({'number': 2, 'text': 'x' * 30})
  log.close()
  path.write_bytes(path.read_bytes()[:-cut])
  again = line_log.LineLog(path, {'a': 1})
  assert again.lines == [{'number': 1}]
  again.add({'number': 3})
  again.close()
  assert line_log.load(path) == ({'a': 1}, [{'number': 1}, {'number': 3}])


def test_a_log_has_one_writer_at_a_time(tmp_path):
  path = tmp_path / 'log.jsonl'
  log = line_log.LineLog(path, {'a': 1})
  log.add({'number': 1})
  with pytest.raises(errors.SddError, match='written by another process'):
    line_log.LineLog(path, {'a': 1})
  log.add({'number': 2})
  log.close()
  again = line_log.LineLog(path, {'a': 1})
  assert again.lines == [{'number': 1}, {'number': 2}]
  again.close()


def test_a_file_that_is_no_log_is_left_alone(tmp_path):
  path = tmp_path / 'log.jsonl'
  path.write_text('[1]\n')
  with pytest.raises(errors.SddError, match='no log of samples'):
    line_log.LineLog(path, {}, what='samples')
  assert path.read_text() == '[1]\n'
