"""The value of an expression over a batch of scene states."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sdd.predicates import atoms, folding, mathematics, reading
from sdd.predicates import expression as expression_lib
from sdd.simulation import scene_state

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
  '+': operator.add, '-': operator.sub, '*': operator.mul,
  '/': operator.truediv, '//': operator.floordiv, '%': operator.mod,
  '<': operator.lt, '<=': operator.le, '>': operator.gt,
  '>=': operator.ge, '==': operator.eq, '!=': operator.ne,
}  # fmt: skip


def evaluate(
  expression: expression_lib.Expression,
  addresses: reading.Addresses,
  initial: scene_state.SceneState,
  final: scene_state.SceneState,
  xp: Any,
) -> tuple[Any, list[Any]]:
  """The value, broadcastable to the batch, and where it means nothing.

  Everything is computed once, for the whole batch, both branches included.
  A number that is read and not finite is always a fault. A division by
  zero, an overflow or a root of a negative number is one only where Python
  would have computed it, so that `y != 0 and x / y > 2` never is.

  Args:
    expression: what is evaluated.
    addresses: where the links that it names are.
    initial: the state before.
    final: the state now.
    xp: `jax.numpy` or `numpy`, which does all arithmetic.

  Returns:
    The value, and boolean arrays, each broadcastable to the batch.
  """
  faults: list[Any] = []
  readers = {
    'init_state': reading.Reader(addresses, initial, faults, xp),
    'final_state': reading.Reader(addresses, final, faults, xp),
  }
  order = expression_lib.ordered(expression)
  known: dict[expression_lib.Expression, Any] = {}
  for node in order:
    known[node] = _value(node, known, readers, xp)
  if any(_may_fail(node) for node in order):
    faults.extend(_failures(order, known, xp))
  return known[expression], faults


def _value(
  node: expression_lib.Expression,
  known: dict[expression_lib.Expression, Any],
  readers: dict[str, reading.Reader],
  xp: Any,
) -> Any:
  """The value of `node`, given those of its children."""
  match node:
    case expression_lib.Truth(constant):
      return xp.asarray(constant)
    case expression_lib.Number(constant):
      return xp.asarray(constant, np.float32)
    case expression_lib.Measurement(name, state, arguments):
      return atoms.BY_NAME[name].measure(readers[state], *arguments)
    case expression_lib.Coordinate(state, link, axis, part):
      return getattr(readers[state], part)(link)[..., axis]
  operands = [known[child] for child in node.children]
  match node:
    case expression_lib.Not():
      return ~operands[0]
    case expression_lib.Negation():
      return -operands[0]
    case expression_lib.Conditional():
      return xp.where(*operands)
    case expression_lib.Function(name):
      return mathematics.FUNCTIONS[name].batched(xp, *operands)
    case expression_lib.Junction(kind):
      joined = operands[0]
      for truth in operands[1:]:
        joined = joined & truth if kind == 'and' else joined | truth
      return joined
    case expression_lib.Arithmetic('**', _, right):
      return mathematics.power(operands[0], folding.constant(right) or 1)
    case _:
      return _BINARY[node.operator](*operands)


def _may_fail(node: expression_lib.Expression) -> bool:
  return isinstance(node, expression_lib.Arithmetic | expression_lib.Function)


def _failures(
  order: tuple[expression_lib.Expression, ...],
  known: dict[expression_lib.Expression, Any],
  xp: Any,
) -> Iterator[Any]:
  """Where Python would have computed a number and it is not finite.

  From the whole to its parts: each is reached where any of its parents is
  and looks at it.
  """
  reached: dict[expression_lib.Expression, Any] = {order[-1]: xp.asarray(True)}
  for node in reversed(order):
    if _may_fail(node):
      yield reached[node] & ~xp.isfinite(known[node])
    for child, where in _looks(node, known):
      here = reached[node] if where is None else reached[node] & where
      reached[child] = reached[child] | here if child in reached else here


def _looks(
  node: expression_lib.Expression,
  known: dict[expression_lib.Expression, Any],
) -> Iterator[tuple[expression_lib.Expression, Any]]:
  """Each child, and where it is looked at; None is everywhere."""
  match node:
    case expression_lib.Conditional(test, then, otherwise):
      yield test, None
      yield then, known[test]
      yield otherwise, ~known[test]
    case expression_lib.Junction(kind, operands):
      still = None  # An operand matters while those before it settle nothing.
      for operand in operands:
        yield operand, still
        go_on = known[operand] if kind == 'and' else ~known[operand]
        still = go_on if still is None else still & go_on
    case _:
      for child in node.children:
        yield child, None
