"""Results are kept with how they came about, and printed as Markdown."""

import json

import pytest

from experiments import results
from sdd import errors

MEASURED = {
  'title': 'Opening the drawer',
  'rows': [
    {'label': 'with retry', 'successes': 76, 'trials': 100},
    {'label': 'physics | C', 'value': 95_123.0, 'unit': 'steps/s'},
    {'label': 'episodes', 'value': 12},
  ],
}


def test_a_result_says_where_it_comes_from(tmp_path):
  path = results.write_result(
    'drawer', MEASURED, command='python -m x --n=1', folder=tmp_path
  )
  kept = json.loads(path.read_text())
  assert path == tmp_path / 'drawer.json'
  assert kept['title'] == MEASURED['title']
  assert kept['command'] == 'python -m x --n=1'
  assert kept['commit']
  assert kept['date'].endswith('+00:00')
  assert kept['processor']['model']
  assert kept['processor']['cores'] >= 1
  assert {'python', 'jax', 'mujoco'} <= set(kept['versions'])
  row = kept['rows'][0]
  assert row['value'] == 0.76
  low, high = row['interval']
  assert low < 0.76 < high
  assert list(tmp_path.iterdir()) == [path]  # nothing half-written is left


def test_the_command_is_this_processes_by_default(tmp_path, monkeypatch):
  monkeypatch.setattr(
    'sys.orig_argv', ['/usr/bin/python3', '-m', 'experiments.x', '--a=b c']
  )
  path = results.write_result('one', MEASURED, folder=tmp_path)
  command = json.loads(path.read_text())['command']
  assert command == "python -m experiments.x '--a=b c'"


def test_tables(tmp_path):
  results.write_result('b', MEASURED, command='c', folder=tmp_path)
  first = {**MEASURED, 'title': 'First'}
  results.write_result('a', first, command='c', folder=tmp_path)
  text = results.tables(results.load(tmp_path))
  assert text.index('**First**') < text.index('**Opening the drawer**')
  assert '| with retry | 76 % (76/100; 95 % interval 67–83 %) |' in text
  assert '| physics \\| C | 95,123 steps/s |' in text
  assert '| episodes | 12 |' in text


def test_no_result_is_said():
  assert results.tables([]) == 'Nothing has been measured yet.'


def test_insert_replaces_what_is_between_the_markers():
  readme = f'before\n{results.BEGIN}\nold\n{results.END}\nafter\n'
  once = results.insert(readme, 'new')
  assert 'old' not in once
  assert once.startswith('before\n')
  assert once.endswith('\nafter\n')
  assert results.insert(once, 'new') == once


@pytest.mark.parametrize('readme', ['', results.BEGIN, results.END])
def test_insert_needs_both_markers(readme):
  with pytest.raises(errors.SddError, match='results:begin'):
    results.insert(readme, 'new')


@pytest.mark.parametrize(
  ('name', 'measured', 'match'),
  [
    ('a b', MEASURED, 'result name'),
    ('a', {'title': 'T', 'rows': []}, 'a title and rows'),
    ('a', {'rows': MEASURED['rows']}, 'a title and rows'),
    ('a', {'title': 'T', 'rows': [{'value': 1}]}, 'no label'),
    ('a', {'title': 'T', 'rows': [{'label': 'x'}]}, 'needs a value'),
    (
      'a',
      {'title': 'T', 'rows': [{'label': 'x', 'successes': 0, 'trials': 0}]},
      'no trials',
    ),
  ],
)
def test_results_of_the_wrong_shape(tmp_path, name, measured, match):
  with pytest.raises(errors.SddError, match=match):
    results.write_result(name, measured, folder=tmp_path)
  assert list(tmp_path.iterdir()) == []
