"""Where attempts fail: planning, execution or verification, by sub-task.

As the paper's Table 3, which it gives for its mailbox.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from sdd.evaluation import rollout

_MOST = 8  # sub-tasks listed one by one; beyond, kinds of skills are


@dataclasses.dataclass(frozen=True)
class Source:
  """What became of one sub-task, all attempts together.

  Attributes:
    label: the sub-task, or the kind of its skill.
    asked: how often a motion was asked for.
    planned: for how many of these one was found.
    achieved: after how many of the planned ones the world was as it should
      be, by a hand-written rule.
    verified: after how many of the planned ones the inferred predicate
      said the same as that rule.
  """

  label: str
  asked: int
  planned: int
  achieved: int
  verified: int

  def to_json(self) -> dict[str, Any]:
    return dataclasses.asdict(self)


def sources(outcomes: Sequence[rollout.Outcome]) -> list[Source]:
  """A row for each sub-task of one scene's episodes, in order."""
  trials = [trial for o in outcomes for trial in o.trials]
  names = {t.instruction for t in trials}
  by_kind = len(names) > _MOST
  groups: dict[str, list[rollout.Trial]] = {}
  for trial in trials:
    label = _kind(trial.skill) if by_kind else trial.instruction
    groups.setdefault(label, []).append(trial)
  return [_source(label, group) for label, group in groups.items()]


def _source(label: str, trials: Iterable[rollout.Trial]) -> Source:
  trials = list(trials)
  planned = [t for t in trials if t.planned]
  return Source(
    label=label,
    asked=len(trials),
    planned=len(planned),
    achieved=sum(t.achieved for t in planned),
    verified=sum((t.verdict == 1) == t.achieved for t in planned),
  )


def _kind(skill: str) -> str:
  """`move_joint(top drawer, min)` -> `move_joint(..., min)`."""
  verb, _, rest = skill.partition('(')
  if verb != 'move_joint':
    return verb
  return f'{verb}(..., {rest.rstrip(")").rpartition(", ")[2]})'
