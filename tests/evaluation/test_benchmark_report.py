"""The benchmark's figures: what they count, and that they add up."""

import json

import numpy as np
import pytest

from sdd import errors
from sdd.evaluation import (
  benchmark_report,
  comparison,
  diversity,
  error_sources,
  outcome_log,
  paper,
  rollout,
  score,
)

SETTINGS = {'policy': 'generator', 'variation': 'wide'}


def made(index, *, success=True, task='go', **changed):
  fields = {
    'task': task, 'index': index, 'success': success, 'seconds': 10.0 + index,
    'ended': 'success' if success else 'time', 'inferred': success,
    'cpu': 2.0, 'path': 1.0, 'digest': str(index),
    'grasp': (0.01 * index, 0.0, 0.0, 0.0, 0.0, -1.0),
    'trials': (
      rollout.Trial('pick it up', 'grasp(toy)', True, True, 1, True),
      rollout.Trial('put it in', 'place(toy, bin)', False, False, 0, False),
      rollout.Trial('put it in', 'place(toy, bin)', True, True, 1, success),
    ),
  }  # fmt: skip
  return rollout.Outcome(**{**fields, **changed})


def run(rates, label='ours'):
  """A run with the first `won` of `count` episodes of each task a success."""
  return comparison.Run(
    label,
    {
      key: [made(k, success=k < won, task=key[1]) for k in range(count)]
      for key, (won, count) in rates.items()
    },
  )


def mean(values):
  values = list(values)
  assert None not in values
  return sum(values) / len(values)


def test_the_papers_averages_come_out():
  # As far as they do: its tables differ by up to 0.2 among themselves.
  boxes = [name for name in paper.TABLE_7_COLUMNS if 'catapult' in name]
  for name, row in paper.TABLE_2.items():
    drawers = mean(paper.TABLE_6[name].values())
    assert row['drawer'] == pytest.approx(drawers, abs=0.06)
    shots = mean(paper.TABLE_7[name][box] for box in boxes)
    assert row['catapult'] == pytest.approx(shots, abs=0.2)
  for name, average in ((paper.GENERATOR, 33.8), (paper.POLICY, 67.0)):
    rows = paper.TABLE_2[name].values()
    assert mean(rows) == pytest.approx(average, abs=0.05)


def test_eighteen_tasks_and_one_more_with_unseen_toys():
  assert len(set(paper.TASKS)) == len(paper.TASKS) == 19
  assert sum(scene not in paper.EXTRA for scene, _ in paper.TASKS) == 18


def test_tasks_weigh_the_same_and_unseen_toys_nothing():
  rates = dict.fromkeys(paper.TASKS, (1, 2))
  boxes = [key for key in paper.TASKS if key[0] == 'catapult']
  rates |= dict(zip(boxes, ((4, 4), (0, 2), (1, 2)), strict=True))
  rates['transport_test', paper.TASKS[5][1]] = (0, 100)
  ours = run(rates)
  rate, (low, high), count = ours.domain('catapult')
  assert (rate, count) == (0.5, 8)
  assert low < 0.5 < high
  assert ours.domain('transport')[0] == 0.5
  assert '| ours | 50.0 (' in comparison.table_2([ours])


def test_nothing_is_claimed_about_what_was_not_measured():
  ours = run({('mailbox', 'send the package for return'): (2, 3)})
  (row,) = [
    line for line in comparison.table_2([ours]).splitlines() if 'ours' in line
  ]
  assert [cell.strip() for cell in row.strip('|').split('|')][1:4] == [''] * 3
  assert row.rstrip(' |').endswith('n=3)')


def test_error_sources_count_by_sub_task():
  found = error_sources.sources([made(0), made(1, success=False)])
  assert [vars(each) for each in found] == [
    {'label': 'pick it up', 'asked': 2, 'planned': 2, 'achieved': 2,
     'verified': 2},
    {'label': 'put it in', 'asked': 4, 'planned': 2, 'achieved': 1,
     'verified': 1},
  ]  # fmt: skip


def test_many_sub_tasks_are_gathered_by_kind():
  trials = [
    rollout.Trial(f'open {k}', f'move_joint({k}, {way})', True, True, 1, True)
    for k in range(6)
    for way in ('min', 'max')
  ]
  trials += [
    rollout.Trial('x', f'grasp({k})', True, True, 1, True) for k in 'ab'
  ]
  trials = [
    rollout.Trial(f'{k}', *list(vars(t).values())[1:])
    for k, t in enumerate(trials)
  ]
  found = error_sources.sources([made(0, trials=tuple(trials))])
  assert {each.label: each.asked for each in found} == {
    'move_joint(..., min)': 6, 'move_joint(..., max)': 6, 'grasp': 2,
  }  # fmt: skip


def test_spread_tells_twins_from_strangers():
  strangers = diversity.spread([made(k) for k in range(5)])
  assert strangers.alike == 0
  assert strangers.grasp_place[2] > 0
  twins = diversity.spread([made(0), made(0), made(1, success=False)])
  assert (twins.episodes, twins.alike) == (2, 1)
  assert max(twins.grasp_place) == 0
  turned = made(1, grasp=(0, 0, 0, 1.0, 0, 0))
  assert diversity.spread([made(0), turned]).grasp_turn[2] == pytest.approx(90)
  assert diversity.spread([]).seconds == ()


def test_what_policies_do_not_note_is_not_shown():
  bare = [
    made(k, path=0.0, digest='', grasp=(), trials=(), inferred=None)
    for k in range(3)
  ]
  spread = diversity.spread(bare)
  assert (spread.path, spread.alike) == ((), None)
  assert spread.seconds[2] == 11
  page = benchmark_report.markdown(
    [comparison.Run('ours', {('mailbox', 'send it'): bare})], 'plot.png'
  )
  assert '0.000 m' not in page
  assert 'where attempts fail' not in page


def test_cost_is_for_a_success_and_all_episodes_pay():
  found = benchmark_report.cost([made(0), made(1, success=False), made(2)])
  assert found['core_seconds'] == 3.0
  assert found['simulated_seconds'] == (10 + 11 + 12) / 2
  assert found['ended'] == {'success': 2, 'time': 1}
  assert benchmark_report.cost([made(0, success=False)])['core_seconds'] is None


def test_unknown_verdicts_are_counted_where_they_were_noted():
  outcomes = [
    made(0),
    made(1, unknown=False, unknown_at_end=False),
    made(2, unknown=True, unknown_at_end=False),
    made(3, unknown=True, unknown_at_end=True),
  ]
  found = benchmark_report.cost(outcomes)
  assert (found['unknown'], found['unknown_at_end']) == (2, 1)
  assert benchmark_report.cost([made(0)])['unknown'] is None
  page = benchmark_report.cost_table(
    comparison.Run('ours', {('drawer', 'go'): outcomes})
  )
  assert '| 2 (1 at the end) |' in page
  total = score.score('all', outcomes)
  assert (total.unknown, total.unknown_at_end) == (2, 1)


def test_the_page_has_everything(tmp_path):
  runs = [
    run(dict.fromkeys(paper.TASKS, (3, 4))),
    run({paper.TASKS[0]: (0, 4)}, 'ours, worse'),
  ]
  page = benchmark_report.markdown(runs, 'plot.png')
  for title in ('Table 2', 'Table 6', 'Table 7', 'Table 3', 'Figure 6'):
    assert title in page
  assert page.count('75.0 (30.1 to 95.4, n=4)') >= 19
  widths = {line.count('|') for line in page.splitlines() if '| crayon' in line}
  assert widths == {9}
  figures = benchmark_report.to_json(runs)
  again = json.loads(json.dumps(figures))
  assert again['ours']['domains']['mailbox']['rate'] == 0.75
  assert again['ours, worse']['cost']['balance']['successes'] == 0
  benchmark_report.draw(runs, tmp_path / 'plot.png')
  assert (tmp_path / 'plot.png').stat().st_size > 10_000


def test_a_log_gives_back_what_was_added(tmp_path):
  path = tmp_path / 'deep' / 'run.jsonl'
  log = outcome_log.OutcomeLog(path, SETTINGS)
  for k in range(3):
    log.add('drawer', made(k))
  log.close()
  settings, outcomes = outcome_log.load(path)
  assert settings == SETTINGS
  assert outcomes == {('drawer', 'go', k): made(k) for k in range(3)}


@pytest.mark.parametrize('cut', [1, 7, 100])
def test_a_line_cut_short_is_dropped_and_written_again(tmp_path, cut):
  path = tmp_path / 'run.jsonl'
  log = outcome_log.OutcomeLog(path, SETTINGS)
  log.add('drawer', made(0))
  log.add('drawer', made(1))
  log.close()
  whole = path.read_bytes()
  path.write_bytes(whole[:-cut])
  log = outcome_log.OutcomeLog(path, SETTINGS)
  assert list(log.outcomes) == [('drawer', 'go', 0)]
  log.add('drawer', made(1))
  log.close()
  assert path.read_bytes() == whole


def test_a_log_of_other_settings_is_left_alone(tmp_path):
  path = tmp_path / 'run.jsonl'
  outcome_log.OutcomeLog(path, SETTINGS).close()
  before = path.read_bytes()
  with pytest.raises(errors.SddError, match="'wide' there, 'paper' now"):
    outcome_log.OutcomeLog(path, {**SETTINGS, 'variation': 'paper'})
  assert path.read_bytes() == before


@pytest.mark.parametrize('text', ['[1]\n{}\n', 'no json\n', '{}\n{"a": 1}\n'])
def test_what_is_no_log_is_said(tmp_path, text):
  path = tmp_path / 'run.jsonl'
  path.write_text(text)
  with pytest.raises(errors.SddError, match='no log of outcomes'):
    outcome_log.load(path)


def test_mean_of_nothing():
  assert comparison.mean([]) == (0.0, (0.0, 1.0), 0)
  assert np.isclose(comparison.mean([(1, 1), (0, 3)])[0], 0.5)
