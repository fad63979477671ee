"""What a predicate says about one group of states, counted."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Int8

from sdd.predicates import audit_group, predicate


@dataclasses.dataclass(frozen=True)
class Row:
  """One row of a truth table; everything but the names is a count.

  Attributes:
    name: of the group.
    kind: of the group, see `audit_group.KINDS`.
    n: states.
    true: states in which it holds.
    false: in which it does not.
    unknown: in which nobody can say; counts as not successful.
    broken: of the unknown, those with a number that is not finite: a world
      that blew up.
    runs: independent runs that the states are from.
    judged: states about which a hand-written rule says something.
    both_true: of those, where rule and predicate hold.
    both_false: where neither holds.
    only_predicate: where the predicate holds alone.
    only_truth: where the rule holds alone.
    runs_agreeing: runs in which the two agree from beginning to end; 0
      without a rule.
    still: moments at which nothing had moved since the moment before.
    changes: of those, where the verdict is another than the moment before.
    spells: stretches without motion in which it held at least once.
    unsteady: of those, where the verdict went to and fro: contact flicker.
  """

  name: str
  kind: audit_group.Kind
  n: int
  true: int
  false: int
  unknown: int
  broken: int
  runs: int
  judged: int
  both_true: int
  both_false: int
  only_predicate: int
  only_truth: int
  runs_agreeing: int
  still: int
  changes: int
  spells: int
  unsteady: int

  @property
  def agreeing(self) -> int:
    """States in which the rule says the same."""
    return self.both_true + self.both_false

  def to_json(self) -> dict[str, Any]:
    """Fields by name."""
    return dataclasses.asdict(self)

  @classmethod
  def from_json(cls, fields: Mapping[str, Any]) -> 'Row':
    """The row whose `to_json` is `fields`."""
    return cls(**fields)


def count(group: audit_group.Group, verdict: Int8[np.ndarray, ' n']) -> Row:
  """Counts the verdicts on a group's states."""
  holds = verdict == predicate.TRUE
  unknown = verdict == predicate.UNKNOWN
  return Row(
    name=group.name,
    kind=group.kind,
    n=group.size,
    true=int(holds.sum()),
    false=int((verdict == predicate.FALSE).sum()),
    unknown=int(unknown.sum()),
    broken=int((unknown & group.broken).sum()),
    runs=int((~group.follows).sum()),
    **_agreement(group, holds),
    **_steadiness(group, verdict),
  )


def _agreement(group: audit_group.Group, holds: np.ndarray) -> dict[str, int]:
  truth = group.truth
  if truth is None:
    names = ('judged', 'both_true', 'both_false', 'only_predicate')
    return dict.fromkeys((*names, 'only_truth', 'runs_agreeing'), 0)
  runs = np.bincount(group.run, holds != truth)
  return {
    'judged': group.size,
    'both_true': int((holds & truth).sum()),
    'both_false': int((~holds & ~truth).sum()),
    'only_predicate': int((holds & ~truth).sum()),
    'only_truth': int((~holds & truth).sum()),
    'runs_agreeing': int((runs == 0).sum()),
  }


def _steadiness(
  group: audit_group.Group, verdict: np.ndarray
) -> dict[str, int]:
  changed = group.still.copy()
  changed[1:] &= verdict[1:] != verdict[:-1]
  changes = np.bincount(group.spell, changed)
  lively = np.bincount(group.spell, verdict == predicate.TRUE) > 0
  lively &= np.bincount(group.spell) > 1  # one moment is no stretch
  return {
    'still': int(group.still.sum()),
    'changes': int(changed.sum()),
    'spells': int(lively.sum()),
    # One change may be a slow motion that crosses a limit.
    'unsteady': int((lively & (changes > 1)).sum()),
  }
