"""Evaluations side by side."""

import json
import subprocess
import sys

import checkout
import pytest

from sdd import errors
from sdd.evaluation import evaluations, rollout, score


def evaluation(wins, task='open it', **fields):
  outcomes = [
    rollout.Outcome(task, index, bool(won), 10.0, 'success' if won else 'time')
    for index, won in enumerate(wins)
  ]
  return {
    'command': 'python -m experiments.evaluate',
    'scene': 'drawer',
    'variation': 'wide',
    'complete': True,
    'total': score.score('all', outcomes).to_json(),
    'episodes': [outcome.to_json() for outcome in outcomes],
    **fields,
  }


def run(*arguments):
  return subprocess.run(
    [sys.executable, '-m', 'experiments.compare', *arguments],
    cwd=checkout.ROOT,
    capture_output=True,
    text=True,
    check=False,
  )


def test_only_the_same_worlds_are_paired():
  one, other = evaluation([1, 1, 0, 0]), evaluation([0, 1, 1, 0, 1])
  assert evaluations.paired(one, other) == (1, 1)
  assert evaluations.paired(one, one) == (0, 0)
  assert evaluations.paired(one, evaluation([0] * 4)) == (2, 0)
  assert evaluations.paired(one, evaluation([0] * 4, 'close it')) == (0, 0)
  assert evaluations.paired(one, evaluation([0] * 4, variation='paper')) == (
    0,
    0,
  )


def test_parts_are_one_evaluation():
  first, second = evaluation([1, 0]), evaluation([1, 1], 'close it')
  second['episodes'] = [{**e, 'loop': {}} for e in second['episodes']]
  whole = evaluations.joined([first, second])
  assert whole['total']['successes'] == 3
  assert whole['total']['episodes'] == 4
  assert [each['label'] for each in whole['tasks']] == ['open it', 'close it']
  assert evaluations.paired(whole, first) == (0, 0)
  assert evaluations.joined([first]) is first
  with pytest.raises(errors.SddError, match='share an episode'):
    evaluations.joined([first, evaluation([0, 0])])
  with pytest.raises(errors.SddError, match='different variations'):
    evaluations.joined([first, evaluation([1], 'close it', variation='paper')])


def test_a_table_and_a_picture(tmp_path):
  names = []
  for number, wins in enumerate(([1, 0, 0, 0], [1, 1, 1, 0])):
    names.append(str(tmp_path / f'{number}.json'))
    (tmp_path / f'{number}.json').write_text(json.dumps(evaluation(wins)))
  done = run(
    f'--evaluations={",".join(names)}', '--labels=100,200',
    f'--png={tmp_path / "curve.png"}', '--x=episodes',
  )  # fmt: skip
  assert done.returncode == 0, done.stderr
  assert '75.0 %' in done.stdout
  assert '2, 0' in done.stdout
  assert (tmp_path / 'curve.png').read_bytes().startswith(b'\x89PNG')


@pytest.mark.parametrize(
  ('arguments', 'complaint'),
  [
    (['--labels=100,200'], '2 labels for 1 evaluations'),
    (['--labels=100', '--curve=balance_learnin'], "mean 'balance_learning'?"),
    (['--labels=few', '--curve=balance_learning'], 'expected numbers'),
  ],
)
def test_labels_that_do_not_fit(tmp_path, arguments, complaint):
  path = tmp_path / 'a.json'
  path.write_text(json.dumps(evaluation([1])))
  done = run(f'--evaluations={path}', *arguments)
  assert done.returncode == 2
  assert complaint in ' '.join(done.stderr.split())


@pytest.mark.parametrize(
  ('content', 'complaint'),
  [
    ('[]', 'no file of experiments.evaluate'),
    ('not json', 'no file of experiments.evaluate'),
    (json.dumps(evaluation([1], complete=False)), 'cut off'),
  ],
)
def test_other_files_are_refused(tmp_path, content, complaint):
  path = tmp_path / 'a.json'
  path.write_text(content)
  with pytest.raises(errors.SddError, match=complaint):
    evaluations.read(path)


def test_a_file_that_is_not_there_is_said(tmp_path):
  with pytest.raises(errors.SddError, match='no file'):
    evaluations.read(tmp_path / 'a.json')
