"""The typed expression tree that success code becomes.

Every node is immutable and its value is a truth or a number; names are
already those of the vocabulary. Local variables are gone: each use holds
the expression itself.
"""

import dataclasses
import functools
from typing import Literal, TypeAlias

StateName = Literal['init_state', 'final_state']
Type = Literal['bool', 'number']
BuiltinName = Literal['abs', 'min', 'max']


@dataclasses.dataclass(frozen=True)
class Node:
  """What all nodes share: their children, and how large they are."""

  @functools.cached_property
  def children(self) -> 'tuple[Node, ...]':
    """The expressions it is made of, from left to right."""
    found: list[Node] = []
    for field in dataclasses.fields(self):
      value = getattr(self, field.name)
      for item in value if isinstance(value, tuple) else (value,):
        if isinstance(item, Node):
          found.append(item)
    return tuple(found)

  @functools.cached_property
  def size(self) -> int:
    """Number of nodes of the tree, shared ones counted at every use."""
    return 1 + sum(child.size for child in self.children)

  @functools.cached_property
  def depth(self) -> int:
    """Nodes on the longest way to a leaf."""
    return 1 + max((child.depth for child in self.children), default=0)


@dataclasses.dataclass(frozen=True)
class Truth(Node):
  """`True` or `False`."""

  value: bool


@dataclasses.dataclass(frozen=True)
class Number(Node):
  """A constant, never negative: a sign is a `Negation`."""

  value: float


@dataclasses.dataclass(frozen=True)
class Measurement(Node):
  """An atom, e.g. `check_inside`, of one of the two states.

  Attributes:
    atom: its name in `atoms.ATOMS`, never an alias.
    state: which state it looks at.
    arguments: link names and numbers, in the atom's order.
    type: of the value.
  """

  atom: str
  state: StateName
  arguments: tuple[str | float, ...]
  type: Type


@dataclasses.dataclass(frozen=True)
class Coordinate(Node):
  """`get_pose(state, link).position[axis]`."""

  state: StateName
  link: str
  axis: int


@dataclasses.dataclass(frozen=True)
class Not(Node):
  """The opposite of a truth."""

  operand: 'Expression'


@dataclasses.dataclass(frozen=True)
class Junction(Node):
  """`and` or `or` of two or more truths; never holds its own kind."""

  operator: Literal['and', 'or']
  operands: 'tuple[Expression, ...]'


@dataclasses.dataclass(frozen=True)
class Comparison(Node):
  """Of two numbers, or (`==`, `!=` only) of two truths."""

  operator: Literal['<', '<=', '>', '>=', '==', '!=']
  left: 'Expression'
  right: 'Expression'


@dataclasses.dataclass(frozen=True)
class Arithmetic(Node):
  """Of two numbers."""

  operator: Literal['+', '-', '*', '/']
  left: 'Expression'
  right: 'Expression'


@dataclasses.dataclass(frozen=True)
class Negation(Node):
  """Minus a number."""

  operand: 'Expression'


@dataclasses.dataclass(frozen=True)
class Builtin(Node):
  """`abs` of one number, `min` or `max` of two or more."""

  name: BuiltinName
  operands: 'tuple[Expression, ...]'


@dataclasses.dataclass(frozen=True)
class Conditional(Node):
  """`then if test else otherwise`; both branches have the same type."""

  test: 'Expression'
  then: 'Expression'
  otherwise: 'Expression'


Expression: TypeAlias = (
  Truth
  | Number
  | Measurement
  | Coordinate
  | Not
  | Junction
  | Comparison
  | Arithmetic
  | Negation
  | Builtin
  | Conditional
)


def type_of(expression: Expression) -> Type:
  """Whether the value is a truth or a number."""
  match expression:
    case Truth() | Not() | Junction() | Comparison():
      return 'bool'
    case Measurement():
      return expression.type
    case Conditional():
      return type_of(expression.then)
    case _:
      return 'number'


def junction(
  operator: Literal['and', 'or'], operands: 'tuple[Expression, ...]'
) -> Junction:
  """`operands` joined, with nested junctions of the same kind opened up."""
  flat: list[Expression] = []
  for operand in operands:
    if isinstance(operand, Junction) and operand.operator == operator:
      flat.extend(operand.operands)
    else:
      flat.append(operand)
  return Junction(operator, tuple(flat))
