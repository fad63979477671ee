"""Laws of what is said about the robustness of many episodes."""

import dataclasses
import statistics

import hypothesis
import pytest
from hypothesis import strategies

from sdd.evaluation import interval, robustness_table
from tests.dataset import fake_episodes

SHARES = strategies.lists(
  strategies.integers(0, 32).map(lambda k: k / 32), min_size=1, max_size=40
)


def about(index, share, copies=32):
  return dataclasses.replace(
    fake_episodes.make(index).metadata,
    robustness=share,
    robustness_copies=copies,
  )


@hypothesis.given(SHARES)
def test_the_interval_holds_the_mean_and_is_that_of_no_more_than_all_copies(
  shares,
):
  low, high = robustness_table.mean_interval(shares, 32)
  mean = statistics.fmean(shares)
  assert 0 <= low <= mean + 1e-12
  assert mean - 1e-12 <= high <= 1
  trials = 32 * len(shares)
  least = interval.wilson_interval(min(mean, 1) * trials, trials)
  assert high - low >= least[1] - least[0] - 1e-9


@pytest.mark.parametrize('share', [0.0, 0.25, 1.0])
def test_episodes_that_are_all_alike_count_one_each(share):
  found = robustness_table.mean_interval([share] * 10, 64)
  expected = interval.wilson_interval(share * 10, 10)
  assert found == pytest.approx(expected)


def test_episodes_that_differ_wholly_count_one_each():
  low, high = robustness_table.mean_interval([0.0, 1.0] * 50, 64)
  expected = interval.wilson_interval(50, 100)
  assert (low, high) == pytest.approx(expected, abs=0.01)


@hypothesis.given(SHARES)
def test_the_histogram_counts_every_episode_once(shares):
  lines = robustness_table.histogram(shares)
  counts = [int(line.split('#')[0].split()[-1]) for line in lines]
  assert sum(counts) == len(shares)
  assert counts[-1] == shares.count(1.0)
  assert counts[0] == sum(share < 0.1 for share in shares)
  bars = [line.count('#') for line in lines]
  assert [bar > 0 for bar in bars] == [count > 0 for count in counts]


def test_the_page_names_tasks_and_extremes():
  shares = [1.0, 0.5, 0.25, 0.75, 0.0]
  measured = [about(k, share) for k, share in enumerate(shares)]
  unmeasured = about(9, -1.0, 0)
  lines = str(robustness_table.Table([*measured, unmeasured])).splitlines()
  for line, mean in zip(
    sorted(lines[1:3], key=len), (0.625, 5 / 12), strict=True
  ):
    assert f'{mean:.1%}' in line
  assert lines[3].split()[:3] == ['5', '160', '50.0%']
  assert lines[3].endswith(' all')
  least = lines.index('Least robust:')
  assert lines[least + 1].split()[:3] == ['0.0%', 'episode', '4:']
  assert lines[lines.index('Most robust:') + 1].split()[0] == '100.0%'
  assert 'episode 9' not in '\n'.join(lines)


def test_nothing_measured_is_said_so():
  table = robustness_table.Table([about(0, -1.0, 0)])
  assert 'No episode' in str(table)
