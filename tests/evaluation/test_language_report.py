"""The page of the language benchmark, from samples made by hand."""

import dataclasses

import pytest

from sdd.evaluation import language_report, paper, plan_sample
from sdd.language import metering

SCENE, TASK = paper.TABLE_6_COLUMNS['crayon box, top']


def sample(index, **fields):
  made = {
    'tree': '{}', 'planning': True, 'code': True, 'answers': 10,
    'tokens_in': 1000, 'tokens_out': 100, 'seconds': 2.0, **fields,
  }  # fmt: skip
  return plan_sample.Sample(SCENE, TASK, index, **made)


@pytest.fixture
def run():
  return language_report.Run(
    'ours: a model',
    [
      sample(0),
      sample(1, planning=False, plan_reason='Step 1, a|b: <no>.'),
      sample(2, planning=False, plan_reason='Step 1, a|b: <no>.', repairs=2),
      sample(3, tree='', planning=False, code=False, failure='Two\nlines'),
    ],
    missing=1,
    budget=metering.Budget(price_in=1.0, price_out=10.0),
    executed={(SCENE, TASK, 0): (3, 4)},
    command='python -m something',
  )


def test_the_page_says_everything(run):
  page = language_report.page([run])
  assert '| crayon box, top | 4 | 25.0 (4.6 to 69.9) | 75.0 (' in page
  assert '- crayon box, top, sample 1, 2: plan. Step 1, a\\|b: &lt;no>.' in page
  assert '- crayon box, top, sample 3: no tree. Two lines' in page
  assert '1 further sample is not recorded and not counted.' in page
  assert '| 1 | 1 | 4,000 | 400 | 8.0 | 0.0080 | 3/4 |' in page
  for name, row in paper.TABLE_4.items():
    assert f'| {name} | {row["planning"]} | {row["success code"]} |' in page


def test_what_is_not_known_is_not_shown(run):
  bare = [
    dataclasses.replace(each, tokens_in=0, tokens_out=0, seconds=0.0)
    for each in run.samples
  ]
  table = language_report.task_table(language_report.Run('x', bare))
  for column in ('tokens', 'out', 'seconds', 'cost', 'executed'):
    assert f' {column}' not in table.splitlines()[0]
  uncounted = dataclasses.replace(run.samples[0], uncounted=3)
  some = dataclasses.replace(run, samples=[*run.samples, uncounted])
  assert 'cost' not in language_report.task_table(some)
  assert 'The tokens of 3 answers' in language_report.page([some])


def test_counts_add_up(run):
  (figures,) = language_report.to_json([run]).values()
  (task,) = figures['tasks']
  total = figures['all']
  assert {**task, **total} == task
  assert (total['planning'], total['success_code']) == (1, 3)
  assert (total['repaired'], total['without_tree']) == (1, 1)
  assert (total['executed'], total['succeeded']) == (4, 3)


def test_a_sample_round_trips():
  made = sample(3, skills=('grasp(bus)', 'place(bus, block)'), steps=2)
  assert plan_sample.Sample.from_json(made.to_json()) == made
