"""What another predicate says about stored episodes, counted."""

import dataclasses
from collections.abc import Iterable

from sdd.collection import episode as episodes


@dataclasses.dataclass(frozen=True)
class Change:
  """One episode, judged before and now.

  Attributes:
    index: of the episode.
    task: its sentence before.
    before: final verdict of the root before.
    now: final verdict of the new predicate.
    success_before: whether it was in the split `success`.
    success: whether it is now.
    truth_before: what the hand-written rule of its task said; None where
      there is no such rule.
    truth: whether the hand-written rule of what is judged now holds at the
      end; None where there is no such rule.
  """

  index: int
  task: str
  before: int
  now: int
  success_before: bool
  success: bool
  truth_before: bool | None
  truth: bool | None


@dataclasses.dataclass
class Counts:
  """Episodes counted; the fields are the table's columns.

  `lost` are those in which the predicate holds, but which the floor, a foul
  or a defect ended, so that they are failures all the same.
  """

  episodes: int = 0
  true: int = 0
  false: int = 0
  unknown: int = 0
  lost: int = 0
  changed: int = 0
  success_before: int = 0
  success: int = 0
  with_truth_before: int = 0
  agreeing_before: int = 0
  with_truth: int = 0
  agreeing: int = 0

  def add(self, change: Change) -> None:
    """Counts one more."""
    now = change.now
    self.episodes += 1
    self.true += now == episodes.TRUE
    self.false += now == episodes.FALSE
    self.unknown += now == episodes.UNKNOWN
    self.lost += now == episodes.TRUE and not change.success
    self.changed += now != change.before
    self.success_before += change.success_before
    self.success += change.success
    self.with_truth_before += change.truth_before is not None
    self.agreeing_before += change.truth_before is not None and (
      change.truth_before == change.success_before
    )
    self.with_truth += change.truth is not None
    self.agreeing += change.truth is not None and (
      change.truth == change.success
    )


class Table:
  """Changes by task sentence; prints as a table."""

  def __init__(self, changes: Iterable[Change] = ()):
    self.tasks: dict[str, Counts] = {}
    self.total = Counts()
    for change in changes:
      self.add(change)

  def add(self, change: Change) -> None:
    """Counts one more episode."""
    for counts in (
      self.tasks.setdefault(change.task, Counts()),
      self.total,
    ):
      counts.add(change)

  def __str__(self) -> str:
    rows = [*sorted(self.tasks.items()), ('all', self.total)]
    lines = [_HEADER, *(_row(name, each) for name, each in rows)]
    if self.total.lost:
      lines.append(
        f'In {self.total.lost} of the true ones the floor, a foul or a defect '
        'ended the episode: still failures.'
      )
    if not self.total.with_truth:
      lines.append(
        'There is no hand-written rule for what was judged: no agreement now.'
      )
    return '\n'.join(lines)


_HEADER = (
  '          final verdict now           success        agreement\n'
  'episodes   true  false  unknown  changed  before    now  before     now  '
  'collected for'
)


def _row(name: str, counts: Counts) -> str:
  return (
    f'{counts.episodes:8d}  {counts.true:5d}  {counts.false:5d}  '
    f'{counts.unknown:7d}  {counts.changed:7d}  {counts.success_before:6d}  '
    f'{counts.success:5d}  '
    f'{_share(counts.agreeing_before, counts.with_truth_before)}  '
    f'{_share(counts.agreeing, counts.with_truth)}  {name}'
  )


def _share(part: int, whole: int) -> str:
  return f'{part / whole:6.1%}' if whole else '     -'
