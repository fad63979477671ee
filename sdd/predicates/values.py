"""What a name in success code can stand for while the code is checked."""

import ast
import dataclasses
import difflib
from typing import TypeAlias

from sdd.predicates import expression as expression_lib
from sdd.predicates import rejection
from sdd.scenes import vocabulary as vocabulary_lib

MAX_SIZE = 400  # nodes of an expression, locals written out
MAX_DEPTH = 32  # levels of an expression


@dataclasses.dataclass(frozen=True)
class Text:
  """A string constant, to be used as a name."""

  value: str


@dataclasses.dataclass(frozen=True)
class State:
  """`init_state` or `final_state` itself."""

  name: expression_lib.StateName


@dataclasses.dataclass(frozen=True)
class Pose:
  """`get_pose(state, link)`."""

  state: expression_lib.StateName
  link: str


@dataclasses.dataclass(frozen=True)
class Position:
  """`get_pose(state, link).position`, which can only be indexed."""

  state: expression_lib.StateName
  link: str


@dataclasses.dataclass(frozen=True)
class Unsettled:
  """A local variable that only some paths assign, or of two kinds."""


Value: TypeAlias = (
  expression_lib.Expression | Text | State | Pose | Position | Unsettled
)
STATES: tuple[expression_lib.StateName, ...] = ('init_state', 'final_state')


@dataclasses.dataclass(frozen=True)
class Scope:
  """The vocabulary, the local variables so far, and how deep we are."""

  vocabulary: vocabulary_lib.Vocabulary
  variables: dict[str, Value]
  level: int = 0

  def copy(self, node: ast.AST) -> 'Scope':
    """The scope of a branch: assignments in it do not leak.

    Raises:
      rejection.PredicateError: too many branches within branches.
    """
    if self.level >= MAX_DEPTH:
      raise rejection.at(
        node, 'too many branches', 'Join the conditions with and/or.'
      )
    return Scope(self.vocabulary, dict(self.variables), self.level + 1)


def bounded(
  expression: expression_lib.Expression, node: ast.AST
) -> expression_lib.Expression:
  """`expression` itself, if it is small enough."""
  if expression.size > MAX_SIZE or expression.depth > MAX_DEPTH:
    raise rejection.at(
      node,
      'too large or too deeply nested an expression',
      'Say it with fewer and simpler conditions.',
    )
  return expression


def kind(value: Value) -> str:
  """What `value` is, in words."""
  match value:
    case Text():
      return 'a string'
    case State():
      return 'a state'
    case Pose():
      return 'a pose'
    case Position():
      return 'a position vector'
    case Unsettled():
      return 'a variable that not every path assigns alike'
    case _:
      is_bool = expression_lib.type_of(value) == 'bool'
      return 'a truth' if is_bool else 'a number'


def truth(value: Value, node: ast.AST) -> expression_lib.Expression:
  """`value`, which must be true or false."""
  if (
    isinstance(value, expression_lib.Node)
    and expression_lib.type_of(value) == 'bool'
  ):
    return value
  raise rejection.at(
    node,
    f'{kind(value)} where true or false is needed',
    'Call a check, or compare numbers, e.g. `x > 0.05`.',
  )


def number(value: Value, node: ast.AST) -> expression_lib.Expression:
  """`value`, which must be a number."""
  if (
    isinstance(value, expression_lib.Node)
    and expression_lib.type_of(value) == 'number'
  ):
    return value
  raise rejection.at(
    node,
    f'{kind(value)} where a number is needed',
    'Take a coordinate, e.g. `get_pose(state, name).position[2]`, a '
    'distance, or a joint position.',
  )


def suggestion(name: str, choices: tuple[str, ...]) -> str:
  """`Did you mean ...? Choices: ...`, for names in the code itself."""
  near = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)
  guess = f'Did you mean `{near[0]}`? ' if near else ''
  return f'{guess}Choices: {", ".join(choices)}.'
