"""What the names mean at one place of the code, and how much more may come."""

import ast
import dataclasses

from sdd.predicates import rejection, values
from sdd.scenes import vocabulary as vocabulary_lib

MAX_LEVEL = 24  # branches and loops within each other
MAX_STEPS = 3000  # values made while loops are written out


@dataclasses.dataclass
class Budget:
  """How many more values may be made; all scopes of a program share it."""

  left: int = MAX_STEPS

  def spend(self, node: ast.AST, amount: int = 1) -> None:
    """Counts `amount` values.

    Raises:
      rejection.PredicateError: too many.
    """
    self.left -= amount
    if self.left < 0:
      raise rejection.at(
        node,
        'too much work once the loops are written out',
        'Loop over fewer things, or say it with fewer conditions.',
      )


@dataclasses.dataclass(frozen=True)
class Scope:
  """What the names mean at one place of the code.

  Attributes:
    vocabulary: the names of links.
    states: the function's parameters.
    variables: the local variables so far.
    budget: shared by all scopes of a program.
    level: how many branches and loops this is within.
  """

  vocabulary: vocabulary_lib.Vocabulary
  states: dict[str, values.State]
  variables: dict[str, values.Value] = dataclasses.field(default_factory=dict)
  budget: Budget = dataclasses.field(default_factory=Budget)
  level: int = 0

  def copy(self, node: ast.AST) -> 'Scope':
    """The scope of a branch: assignments in it do not leak.

    Raises:
      rejection.PredicateError: too many branches within branches.
    """
    if self.level >= MAX_LEVEL:
      raise rejection.at(
        node, 'too many branches', 'Join the conditions with and/or.'
      )
    self.budget.spend(node, 1 + len(self.variables) // 8)
    return dataclasses.replace(
      self, variables=dict(self.variables), level=self.level + 1
    )
