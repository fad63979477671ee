"""Our rates beside the paper's, as Markdown tables."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from sdd.evaluation import interval, paper, rollout

Key = tuple[str, str]  # scene and sentence


@dataclasses.dataclass(frozen=True)
class Run:
  """Everything that one policy was measured on.

  Attributes:
    label: names the policy and its settings.
    outcomes: by scene and sentence.
    command: that measures it.
  """

  label: str
  outcomes: Mapping[Key, Sequence[rollout.Outcome]]
  command: str = ''

  def rate(self, key: Key) -> tuple[int, int]:
    """Successes and episodes of a task."""
    found = self.outcomes.get(key, ())
    return sum(o.success for o in found), len(found)

  def domain(self, domain: str) -> tuple[float, tuple[float, float], int]:
    """Rate, interval and episodes of a domain, every task weighing the same.

    Unseen toys are not part of it.
    """
    rates = [self.rate(key) for key in paper.TASKS if key[0] == domain]
    return mean(rates)


def mean(
  rates: Sequence[tuple[int, int]],
) -> tuple[float, tuple[float, float], int]:
  """The mean rate of tasks, its 95 % interval and the number of episodes.

  The interval is Wilson's with the mean rate over all episodes; exact where
  all tasks have the same number of them.
  """
  measured = [(won, count) for won, count in rates if count]
  if not measured:
    return 0.0, (0.0, 1.0), 0
  rate = sum(won / count for won, count in measured) / len(measured)
  episodes = sum(count for _, count in measured)
  return (
    rate,
    interval.wilson_interval(round(rate * episodes), episodes),
    episodes,
  )


def table_2(runs: Sequence[Run]) -> str:
  """Success by domain."""
  columns = [*paper.DOMAINS, 'average']
  rows = [
    [name, *(_number(row[d]) for d in paper.DOMAINS), _number(_average(row))]
    for name, row in paper.TABLE_2.items()
  ]
  for run in runs:
    found = [run.domain(domain) for domain in paper.DOMAINS]
    cells = [_cell(*each) for each in found]
    whole = all(count for *_, count in found)
    rows.append([run.label, *cells, _overall(found) if whole else ''])
  return table(['success, %', *columns], rows)


def _overall(
  found: Sequence[tuple[float, tuple[float, float], int]],
) -> str:
  """The average over domains; its interval from the domains' own."""
  rate = sum(each[0] for each in found) / len(found)
  variance = sum(((high - low) / 2) ** 2 for _, (low, high), _ in found)
  half = variance**0.5 / len(found)
  ends = max(0.0, rate - half), min(1.0, rate + half)
  return _cell(rate, ends, sum(each[2] for each in found))


def by_task(
  reported: paper.Table, columns: Mapping[str, Key], runs: Sequence[Run]
) -> str:
  """Success by task; one line a task, approaches side by side."""
  names = [*reported, *(run.label for run in runs)]
  rows = []
  for column, key in columns.items():
    cells = [_number(row[column]) for row in reported.values()]
    for run in runs:
      won, count = run.rate(key)
      low_high = interval.wilson_interval(won, count) if count else (0.0, 1.0)
      cells.append(_cell(won / max(1, count), low_high, count))
    rows.append([column, *cells])
  return table(['success, %', *names], rows)


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
  """A Markdown table."""
  lines = [header, ['---'] * len(header), *rows]
  return '\n'.join(
    '| ' + ' | '.join(str(cell) for cell in line) + ' |' for line in lines
  )


def _average(row: Mapping[str, float | None]) -> float:
  values = [value for value in row.values() if value is not None]
  return sum(values) / len(values)


def _number(value: float | None) -> str:
  return '' if value is None else f'{value:.1f}'


def _cell(rate: float, ends: tuple[float, float], count: int) -> str:
  if not count:
    return ''
  low, high = (100 * end for end in ends)
  return f'{100 * rate:.1f} ({low:.1f} to {high:.1f}, n={count})'
