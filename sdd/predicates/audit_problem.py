"""What is wrong with a predicate, in sentences that help to mend it."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from sdd.predicates import audit_row

Severity = Literal['refuse', 'warn']
# What the predicate says when something is done: the whole task, the step
# that the robot takes first, or another step.
Role = Literal['task', 'first step', 'step']

_OFTEN = 0.05  # a share of states that is more than bad luck
_UNSTEADY = 0.10  # share of stretches without motion


@dataclasses.dataclass(frozen=True)
class Problem:
  """One reason not to trust a predicate.

  Attributes:
    kind: `reset`, `never`, `always`, `unknown`, `flicker`, `truth` or
      `oddity`.
    severity: `refuse` if it cannot serve, else `warn`.
    text: what was found and what to do, for people and language models.
  """

  kind: str
  severity: Severity
  text: str

  def to_json(self) -> dict[str, str]:
    """Fields by name."""
    return dataclasses.asdict(self)

  @classmethod
  def from_json(cls, fields: Mapping[str, Any]) -> 'Problem':
    """The problem whose `to_json` is `fields`."""
    return cls(**fields)


@dataclasses.dataclass(frozen=True)
class Findings:
  """What problems are looked for in.

  Attributes:
    rows: of the truth table.
    role: what the predicate is about.
    solved: states looked at in which the whole task is known to be done.
  """

  rows: tuple[audit_row.Row, ...]
  role: Role
  solved: int

  @property
  def real(self) -> tuple[audit_row.Row, ...]:
    """Rows of states that came about, not those broken on purpose."""
    return tuple(row for row in self.rows if row.kind != 'oddity')

  def of(self, kind: str) -> tuple[audit_row.Row, ...]:
    """Rows of one kind."""
    return tuple(row for row in self.rows if row.kind == kind)


def problems(findings: Findings) -> tuple[Problem, ...]:
  """Everything that is wrong, the worst first."""
  found = [each for look in _LOOKS for each in look(findings)]
  return tuple(sorted(found, key=lambda each: each.severity != 'refuse'))


def _reset(findings: Findings) -> Iterator[Problem]:
  """True before anything was done."""
  rows = findings.of('reset')
  n, true = _sum(rows, 'n'), _sum(rows, 'true')
  if not true or findings.role == 'step':
    return
  if findings.role == 'first step':
    if true / n > 0.5:
      yield Problem(
        'reset',
        'warn',
        f'It already holds in {_of(true, n)} states before anything was done, '
        'so that this first step is skipped. Ask for what the step changes, '
        'or leave the step out.',
      )
    return
  wrong = true - _sum(rows, 'both_true')
  if not wrong:
    yield Problem(
      'reset',
      'warn',
      f'It holds in {_of(true, n)} states before anything was done, and the '
      'hand-written rule agrees: in those worlds there is nothing to do.',
    )
    return
  yield Problem(
    'reset',
    'refuse' if wrong / n >= _OFTEN else 'warn',
    f'It already holds in {_of(wrong, n)} states before anything was done; '
    'the robot would stop at once and call it a success. Ask for what the '
    'task changes, not for what is so anyway.',
  )


def _never(findings: Findings) -> Iterator[Problem]:
  rows = findings.real
  n, done = _sum(rows, 'n'), _sum(rows, 'both_true') + _sum(rows, 'only_truth')
  if not n or _sum(rows, 'true'):
    return
  if done:
    yield Problem(
      'never',
      'refuse',
      f'It holds in none of {n} states, although the hand-written rule says '
      f'that it is done in {done} of them. It asks for too much, or for '
      'something else: loosen limits, and check names and directions.',
    )
  elif findings.solved:
    yield Problem(
      'never',
      'refuse',
      f'It holds in none of {n} states, although in {findings.solved} of them '
      'the whole task is done, for which it has to have held on the way. It '
      'asks for too much, or for something else.',
    )
  else:
    yield Problem(
      'never',
      'warn',
      f'It holds in none of {n} states, and none is known to be a success: '
      'nobody can say whether it ever holds. Audit it with a task, with more '
      'states, or with stored successes.',
    )


def _always(findings: Findings) -> Iterator[Problem]:
  rows = findings.real
  n = _sum(rows, 'n')
  if not n or _sum(rows, 'true') < n:
    return
  # What only other steps undo may well hold in all that was looked at.
  yield Problem(
    'always',
    _if_task(findings),
    f'It holds in every one of {n} states, those at which nothing was done '
    'and those of random motions included: it says nothing. Ask for '
    'something that can fail.',
  )


def _unknown(findings: Findings) -> Iterator[Problem]:
  rows = findings.real
  n, broken = _sum(rows, 'n'), _sum(rows, 'broken')
  own = _sum(rows, 'unknown') - broken
  if own:
    worst = max(rows, key=lambda row: row.unknown - row.broken)
    yield Problem(
      'unknown',
      'refuse' if own / n >= _OFTEN else 'warn',
      f'Nobody can say whether it holds in {_of(own, n)} states, most of them '
      f'in the group {worst.name!r}, though all numbers there are finite: it '
      'divides by zero, takes the root of a negative number, or asks for the '
      'inside of a box without volume. Guard that with a condition before it.',
    )
  if broken:
    yield Problem(
      'unknown',
      'warn',
      f'In {_of(broken, n)} states the verdict is unknown because the '
      'simulation blew up, which is no fault of the predicate; they count as '
      'not successful.',
    )


def _flicker(findings: Findings) -> Iterator[Problem]:
  rows = findings.real
  spells, unsteady = _sum(rows, 'spells'), _sum(rows, 'unsteady')
  if not unsteady:
    return
  still, changes = _sum(rows, 'still'), _sum(rows, 'changes')
  bad = unsteady > 1 and unsteady / spells >= _UNSTEADY
  yield Problem(
    'flicker',
    _if_task(findings) if bad else 'warn',
    'Its verdict goes to and fro while nothing moves, in '
    f'{_of(unsteady, spells)} stretches without motion in which it '
    f'held at all; it changes at {_of(changes, still)} still moments. A touch '
    'that is about to begin or to end does that: ask for a position or a '
    'distance with some room, or for what carries the object, rather than '
    'for touch alone.',
  )


def _truth(findings: Findings) -> Iterator[Problem]:
  rows = findings.real
  alone, missed = _sum(rows, 'only_predicate'), _sum(rows, 'only_truth')
  both, n = _sum(rows, 'both_true'), _sum(rows, 'judged')
  if not alone + missed or not both + alone:  # `never` speaks of the latter
    return
  bad = alone + missed > both
  if findings.role != 'task' and not bad:
    return  # the rules of single skills are rough
  worst = max(rows, key=lambda row: row.only_predicate + row.only_truth)
  advice = 'Look at what the two ask for differently.'
  if bad:
    advice = 'They mostly differ where either holds: one of them is wrong.'
  yield Problem(
    'truth',
    _if_task(findings) if bad else 'warn',
    f'It differs from the hand-written rule in {_of(alone + missed, n)} '
    f'states, most of them in the group {worst.name!r}: it holds alone in '
    f'{alone}, the rule alone in {missed}, both in {both}. {advice}',
  )


def _oddity(findings: Findings) -> Iterator[Problem]:
  rows = findings.of('oddity')
  true = _sum(rows, 'true')
  if true:
    yield Problem(
      'oddity',
      'refuse',
      f'It holds in {_of(true, _sum(rows, "n"))} worlds in which something '
      'that it asks about is gone.',
    )


_LOOKS: tuple[Callable[[Findings], Iterator[Problem]], ...] = (
  _reset,
  _never,
  _always,
  _unknown,
  _flicker,
  _truth,
  _oddity,
)


def _if_task(findings: Findings) -> Severity:
  return 'refuse' if findings.role == 'task' else 'warn'


def _sum(rows: Sequence[audit_row.Row], field: str) -> int:
  return sum(getattr(row, field) for row in rows)


def _of(part: int, whole: int) -> str:
  return f'{part} of {whole} ({part / whole:.1%})'
