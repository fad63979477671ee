"""What a name in success code can stand for while the code is checked."""

import ast
import dataclasses
import functools
from collections.abc import Sequence as AbstractSequence
from typing import NoReturn, TypeAlias

from sdd.predicates import expression as expression_lib
from sdd.predicates import folding, rejection

MAX_DEPTH = 64  # levels of an expression
MAX_ITEMS = 128  # of a list
MAX_NESTING = 4  # lists within each other
MAX_TEXT = 200  # characters of a string


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


@dataclasses.dataclass(frozen=True, eq=False)
class Vector:
  """An array: numbers, or truths, that arithmetic takes one by one."""

  items: tuple[expression_lib.Expression, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Sequence:
  """A list or a tuple, of anything."""

  items: 'tuple[Value, ...]'

  @functools.cached_property
  def size(self) -> int:
    """Items of it and of the lists in it, shared ones at every use."""
    return len(self.items) + sum(
      item.size for item in self.items if isinstance(item, Sequence)
    )

  @functools.cached_property
  def depth(self) -> int:
    """Lists within each other."""
    inner = [i.depth for i in self.items if isinstance(i, Sequence)]
    return 1 + max(inner, default=0)


@dataclasses.dataclass(frozen=True)
class Module:
  """`np`, `math` or `np.linalg`, which only what is allowed is taken from."""

  path: str


@dataclasses.dataclass(frozen=True)
class Unsettled:
  """A local variable that only some paths assign, or of two kinds."""


Value: TypeAlias = (
  expression_lib.Expression
  | Text
  | State
  | Pose
  | Vector
  | Sequence
  | Module
  | Unsettled
)
STATES: tuple[expression_lib.StateName, ...] = ('init_state', 'final_state')
MODULES = ('np', 'math')


def bounded(
  expression: expression_lib.Expression, node: ast.AST
) -> expression_lib.Expression:
  """`expression` itself, if it is not too deep."""
  if expression.depth > MAX_DEPTH:
    raise rejection.at(
      node,
      'too deeply nested an expression',
      'Say it with fewer and simpler conditions.',
    )
  return expression


def sequence(items: AbstractSequence[Value], node: ast.AST) -> Sequence:
  """A list of `items`, if it is not too long."""
  if len(items) > MAX_ITEMS:
    raise rejection.at(
      node,
      f'a list of {len(items)} items',
      f'Use at most {MAX_ITEMS} items.',
    )
  made = Sequence(tuple(items))
  if made.size > 8 * MAX_ITEMS or made.depth > MAX_NESTING:
    raise rejection.at(
      node, 'too many lists in a list', 'Keep the things in one list.'
    )
  return made


def text(value: str, node: ast.AST) -> Text:
  """A string, if it is not too long."""
  if len(value) > MAX_TEXT:
    raise rejection.at(
      node,
      f'a string of {len(value)} characters',
      f'Use at most {MAX_TEXT} characters; names are short.',
    )
  return Text(value)


def items(value: Value, node: ast.AST) -> tuple[Value, ...]:
  """What `value`, which must be a list or an array, holds."""
  if isinstance(value, Sequence | Vector):
    return value.items
  raise rejection.at(
    node,
    f'{kind(value)} where a list is needed',
    "Write the names out, e.g. `['red cup', 'blue cup']`.",
  )


def kind(value: Value) -> str:
  """What `value` is, in words."""
  match value:
    case Text():
      return 'a string'
    case State():
      return 'a state'
    case Pose():
      return 'a pose'
    case Vector():
      return 'a vector'
    case Sequence():
      return 'a list'
    case Module():
      return 'a module'
    case Unsettled():
      return 'a variable that not every path assigns alike'
    case _:
      is_bool = expression_lib.type_of(value) == 'bool'
      return 'a truth' if is_bool else 'a number'


def truth(value: Value, node: ast.AST) -> expression_lib.Expression:
  """`value`, which must be true or false."""
  if is_truth(value):
    return value  # pyright: ignore[reportReturnType]
  advice = 'Call a check, or compare numbers, e.g. `x > 0.05`.'
  if isinstance(value, Vector | Sequence):
    advice = 'Say `all(...)` or `any(...)`, or how many: `len(x) > 0`.'
  raise rejection.at(
    node, f'{kind(value)} where true or false is needed', advice
  )


def number(value: Value, node: ast.AST) -> expression_lib.Expression:
  """`value`, which must be a number."""
  if is_number(value):
    return value  # pyright: ignore[reportReturnType]
  raise rejection.at(
    node,
    f'{kind(value)} where a number is needed',
    'Take a coordinate, e.g. `get_pose(state, name).position[2]`, a '
    'distance, or a joint position.',
  )


def whole(value: Value, node: ast.AST) -> int:
  """`value`, which must be a whole constant."""
  if isinstance(value, expression_lib.Node):
    found = folding.constant(value)
    if isinstance(found, int):
      return found
  raise rejection.at(
    node,
    f'{kind(value)} where a whole constant is needed',
    'Write it out, e.g. `2`; it may not depend on the state.',
  )


def is_truth(value: object) -> bool:
  """Whether it is a truth, constant or not."""
  return (
    isinstance(value, expression_lib.Node)
    and expression_lib.type_of(value) == 'bool'  # pyright: ignore
  )


def is_number(value: object) -> bool:
  """Whether it is a number, constant or not."""
  return isinstance(value, expression_lib.Node) and not is_truth(value)


def folded_badly(node: ast.AST, error: folding.FoldingError) -> NoReturn:
  """Says of `node` what is wrong with its constants."""
  raise rejection.at(
    node, f'{error}', 'Use small numbers that Python can compute.'
  ) from None
