"""Auditing a predicate: over thousands of states, before it is trusted.

Success code that parses may still be useless: true before anything was done,
never true, always true, unknown, or about a touch that comes and goes while
nothing moves. A truth table over groups of states shows which.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sdd import errors
from sdd.predicates import audit_group, audit_problem, audit_row
from sdd.predicates import predicate as predicates

FORMAT = 1  # of the JSON


@dataclasses.dataclass(frozen=True)
class TruthTable:
  """A predicate and what it says about groups of states.

  Attributes:
    name: what it is about: an instruction, or a file's name.
    role: whether it is about the whole task or one of its steps.
    text: its canonical text.
    source: as it was written.
    digest: of its content.
    links: it reads.
    joints: it reads.
    pairs: of links that it asks about together.
    rows: one for each group.
    problems: what is wrong with it, the worst first.
  """

  name: str
  role: audit_problem.Role
  text: str
  source: str
  digest: str
  links: tuple[str, ...]
  joints: tuple[str, ...]
  pairs: tuple[tuple[str, str], ...]
  rows: tuple[audit_row.Row, ...]
  problems: tuple[audit_problem.Problem, ...]

  @property
  def usable(self) -> bool:
    """Whether nothing was found for which it has to be refused."""
    return all(problem.severity != 'refuse' for problem in self.problems)

  def to_json(self) -> dict[str, Any]:
    """JSON values from which `from_json` makes an equal table."""
    fields = {'format': FORMAT, **vars(self)}
    for name in ('links', 'joints'):
      fields[name] = list(fields[name])
    fields['pairs'] = [list(pair) for pair in self.pairs]
    for name in ('rows', 'problems'):
      fields[name] = [each.to_json() for each in getattr(self, name)]
    return fields

  @classmethod
  def from_json(cls, fields: Mapping[str, Any]) -> 'TruthTable':
    """The table whose `to_json` is `fields`.

    Raises:
      errors.SddError: they are not those of a truth table.
    """
    try:
      given = dict(fields)
      if given.pop('format') != FORMAT:
        raise ValueError(f'its format is not {FORMAT}')
      for name in ('links', 'joints'):
        given[name] = tuple(given[name])
      given['pairs'] = tuple((a, b) for a, b in given['pairs'])
      rows, found = given['rows'], given['problems']
      given['rows'] = tuple(map(audit_row.Row.from_json, rows))
      given['problems'] = tuple(map(audit_problem.Problem.from_json, found))
      return cls(**given)
    except (KeyError, TypeError, ValueError) as error:
      raise errors.SddError(
        f'This is not the JSON of a truth table: {error!r}. Audit the '
        'predicate again.'
      ) from error


def audit(
  predicate: predicates.Predicate,
  groups: Sequence[audit_group.Group],
  *,
  name: str = '',
  role: audit_problem.Role = 'task',
  solved: int = 0,
) -> TruthTable:
  """Tries a predicate on every group, all states in one jitted call.

  Args:
    predicate: what is audited.
    groups: the states; those without any are left out.
    name: what the predicate is about.
    role: whether that is the whole task or one of its steps.
    solved: states among them in which the whole task is known to be done.
  """
  groups = [group for group in groups if group.size]
  rows = ()
  if groups:
    verdict = np.asarray(predicate.verdict(*audit_group.together(groups)))
    parts = np.split(verdict, np.cumsum([group.size for group in groups])[:-1])
    rows = tuple(map(audit_row.count, groups, parts))
  findings = audit_problem.Findings(rows, role, solved)
  return TruthTable(
    name=name,
    role=role,
    text=predicate.text,
    source=predicate.source,
    digest=predicate.digest,
    links=predicate.reads,
    joints=predicate.joints,
    pairs=predicate.pairs,
    rows=rows,
    problems=audit_problem.problems(findings),
  )
