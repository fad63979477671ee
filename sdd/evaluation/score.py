"""Success rates with intervals, by task, from the outcomes of episodes."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from rich import table as rich_table

from sdd.evaluation import interval, rollout

WITHIN = (30.0, 60.0, 120.0)  # seconds of simulated time


@dataclasses.dataclass(frozen=True)
class Score:
  """How often something worked.

  Attributes:
    label: the task, or what the outcomes have in common.
    episodes: how many there were; one that raised an error counts.
    successes: by ground truth.
    within: successes within each of `WITHIN` seconds.
    errors: episodes that raised an error.
    retries: of sub-tasks, all episodes together.
    agreement: share in which the inferred verdict equals the ground truth;
      None where nothing was inferred.
    unknown: episodes in which some inferred verdict was unknown once.
    unknown_at_end: episodes in which that of the whole task was, at the end.
    instead: episodes at whose end another task was done.
  """

  label: str
  episodes: int
  successes: int
  within: tuple[int, ...]
  errors: int
  retries: int
  agreement: float | None
  unknown: int
  unknown_at_end: int
  instead: int = 0

  @property
  def rate(self) -> float:
    return self.successes / max(1, self.episodes)

  @property
  def interval(self) -> tuple[float, float]:
    """95 %, Wilson."""
    return interval.wilson_interval(self.successes, self.episodes)

  def to_json(self) -> dict[str, Any]:
    return {
      **dataclasses.asdict(self),
      'rate': self.rate,
      'interval': list(self.interval),
    }


def score(label: str, outcomes: Sequence[rollout.Outcome]) -> Score:
  """Counts outcomes."""
  judged = [o.inferred == o.success for o in outcomes if o.inferred is not None]
  return Score(
    label=label,
    episodes=len(outcomes),
    successes=sum(o.success for o in outcomes),
    within=tuple(
      sum(o.success and o.seconds <= limit + 1e-6 for o in outcomes)
      for limit in WITHIN
    ),
    errors=sum(o.ended == 'error' for o in outcomes),
    retries=sum(o.retries for o in outcomes),
    agreement=sum(judged) / len(judged) if judged else None,
    unknown=sum(bool(o.unknown) for o in outcomes),
    unknown_at_end=sum(bool(o.unknown_at_end) for o in outcomes),
    instead=sum(bool(o.instead) for o in outcomes),
  )


def by_task(outcomes: Sequence[rollout.Outcome]) -> list[Score]:
  """A score for each task, in order of first appearance."""
  tasks = list(dict.fromkeys(o.task for o in outcomes))
  return [score(t, [o for o in outcomes if o.task == t]) for t in tasks]


def table(scores: Sequence[Score], total: Score) -> rich_table.Table:
  """The scores as a table for a terminal."""
  shown = rich_table.Table(title='Success by ground truth')
  shown.add_column('task')
  for name in ('success', '95 %', *(f'<= {w:.0f} s' for w in WITHIN)):
    shown.add_column(name, justify='right')
  for index, entry in enumerate([*scores, total]):
    shown.add_row(*cells(entry), end_section=index == len(scores) - 1)
  return shown


def cells(entry: Score) -> list[str]:
  """One row: label, rate with count, interval, rates within times."""
  low, high = entry.interval
  count = max(1, entry.episodes)
  return [
    entry.label,
    f'{entry.rate:.0%} ({entry.successes}/{entry.episodes})',
    f'{low:.0%} - {high:.0%}',
    *(f'{n / count:.0%}' for n in entry.within),
  ]
