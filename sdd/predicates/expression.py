"""The typed expressions that success code becomes.

Every node is immutable and its value is a truth or a number; names are
already those of the vocabulary, vectors are written out element by element
and loops iteration by iteration. Local variables are gone: each use holds
the expression itself, so that an expression is a graph whose nodes may have
several parents. Two nodes are equal when they say the same.
"""

import dataclasses
import hashlib
from typing import Literal, TypeAlias

StateName = Literal['init_state', 'final_state']
Type = Literal['bool', 'number']
Part = Literal['position', 'orientation']
Operator = Literal['+', '-', '*', '/', '//', '%', '**']
Comparator = Literal['<', '<=', '>', '>=', '==', '!=']


@dataclasses.dataclass(frozen=True, eq=False)
class Node:
  """What all nodes share.

  Attributes:
    children: the expressions it is made of, from left to right.
    depth: nodes on the longest way to a leaf.
    key: digest of the content; equal for equal expressions, on any machine.
  """

  children: 'tuple[Expression, ...]' = dataclasses.field(init=False, repr=False)
  depth: int = dataclasses.field(init=False, repr=False)
  key: bytes = dataclasses.field(init=False, repr=False)

  def __post_init__(self):
    # At once, while those of the children are known: later, a deep
    # expression would have to be walked.
    content: list[object] = [type(self).__name__]
    children: list[Node] = []
    for value in vars(self).values():
      items = value if isinstance(value, tuple) else (value,)
      for item in items:
        if isinstance(item, Node):
          children.append(item)
          content.append(item.key)
        else:
          plain = item if isinstance(item, bool | str) else float(item)
          content.append(plain)
      content.append(len(items))
    digest = hashlib.blake2b(repr(content).encode(), digest_size=16).digest()
    depth = 1 + max((child.depth for child in children), default=0)
    vars(self).update(children=tuple(children), depth=depth, key=digest)

  def __eq__(self, other: object) -> bool:
    return isinstance(other, Node) and self.key == other.key

  def __hash__(self) -> int:
    return hash(self.key)


@dataclasses.dataclass(frozen=True, eq=False)
class Truth(Node):
  """`True` or `False`."""

  value: bool


@dataclasses.dataclass(frozen=True, eq=False)
class Number(Node):
  """A constant, never negative: a sign is a `Negation`.

  Whole numbers keep Python's kind, which f-strings show.
  """

  value: float


@dataclasses.dataclass(frozen=True, eq=False)
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


@dataclasses.dataclass(frozen=True, eq=False)
class Coordinate(Node):
  """`get_pose(state, link).position[axis]`, or of the orientation."""

  state: StateName
  link: str
  axis: int
  part: Part = 'position'


@dataclasses.dataclass(frozen=True, eq=False)
class Not(Node):
  """The opposite of a truth."""

  operand: 'Expression'


@dataclasses.dataclass(frozen=True, eq=False)
class Junction(Node):
  """`and` or `or` of two or more truths; never holds its own kind."""

  operator: Literal['and', 'or']
  operands: 'tuple[Expression, ...]'


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison(Node):
  """Of two numbers, or (`==`, `!=` only) of two truths."""

  operator: Comparator
  left: 'Expression'
  right: 'Expression'


@dataclasses.dataclass(frozen=True, eq=False)
class Arithmetic(Node):
  """Of two numbers; the right one of `**` is a small constant."""

  operator: Operator
  left: 'Expression'
  right: 'Expression'


@dataclasses.dataclass(frozen=True, eq=False)
class Negation(Node):
  """Minus a number."""

  operand: 'Expression'


@dataclasses.dataclass(frozen=True, eq=False)
class Function(Node):
  """One of `mathematics.FUNCTIONS` of numbers, e.g. `abs` or `math.sqrt`."""

  name: str
  operands: 'tuple[Expression, ...]'


@dataclasses.dataclass(frozen=True, eq=False)
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
  | Function
  | Conditional
)


def type_of(expression: Expression) -> Type:
  """Whether the value is a truth or a number."""
  while isinstance(expression, Conditional):
    expression = expression.then
  match expression:
    case Truth() | Not() | Junction() | Comparison():
      return 'bool'
    case Measurement():
      return expression.type
    case _:
      return 'number'


def ordered(expression: Expression) -> tuple[Expression, ...]:
  """Every distinct expression in it, children before their parents."""
  done: dict[Expression, None] = {}
  stack: list[tuple[Expression, bool]] = [(expression, False)]
  while stack:
    node, entered = stack.pop()
    if node in done:
      continue
    if entered:
      done[node] = None
      continue
    stack.append((node, True))
    stack.extend((child, False) for child in reversed(node.children))
  return tuple(done)


TRUE, FALSE = Truth(True), Truth(False)
