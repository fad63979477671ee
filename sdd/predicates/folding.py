"""How expressions are joined: constants computed, repetition taken out.

Each function gives the same value as the plain node would, for every state.
What it gives is in its final form: joining the same parts again, as happens
when the canonical text is compiled, changes nothing.
"""

import math
import operator as operators
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from sdd.predicates import expression as expression_lib
from sdd.predicates import mathematics

_PLAIN: dict[str, Callable[[Any, Any], Any]] = {
  '+': operators.add, '-': operators.sub, '*': operators.mul,
  '/': operators.truediv, '//': operators.floordiv, '%': operators.mod,
  '**': operators.pow, '<': operators.lt, '<=': operators.le,
  '>': operators.gt, '>=': operators.ge, '==': operators.eq,
  '!=': operators.ne,
}  # fmt: skip


class FoldingError(Exception):
  """Constants that Python could not compute, or not within the bounds."""


def constant(expression: expression_lib.Expression) -> float | None:
  """The number that it is whatever the state, or None."""
  match expression:
    case expression_lib.Number(value):
      return value
    case expression_lib.Negation(expression_lib.Number(value)):
      return -value
  return None


def literal(value: float) -> expression_lib.Expression:
  """A constant number of either sign.

  Raises:
    FoldingError: too large, or not a real number.
  """
  if not isinstance(value, int | float) or not (
    abs(value) <= mathematics.MAX_NUMBER
  ):
    raise FoldingError('a number beyond 1e30')
  number = expression_lib.Number(abs(value))
  return expression_lib.Negation(number) if value < 0 else number


def negate(truth: expression_lib.Expression) -> expression_lib.Expression:
  """`not truth`; two negations are none."""
  match truth:
    case expression_lib.Truth(value):
      return expression_lib.Truth(not value)
    case expression_lib.Not(operand):
      return operand
  return expression_lib.Not(truth)


def minus(number: expression_lib.Expression) -> expression_lib.Expression:
  """`-number`; two signs are none."""
  value = constant(number)
  if value is not None:
    return literal(-value)
  if isinstance(number, expression_lib.Negation):
    return number.operand
  return expression_lib.Negation(number)


def junction(
  operator: Literal['and', 'or'],
  operands: Sequence[expression_lib.Expression],
) -> expression_lib.Expression:
  """`operands` joined; nested junctions of the same kind are opened up.

  Repeated and neutral operands go, and so do those after a constant that
  settles it: Python would not look at them.
  """
  neutral = expression_lib.Truth(operator == 'and')
  operands = [operand for operand in operands if operand != neutral]
  if len(operands) == 1:
    return operands[0]
  flat: dict[expression_lib.Expression, None] = {}
  for operand in operands:
    for each in _parts(operator, operand):
      if each != neutral:
        flat[each] = None
      if isinstance(each, expression_lib.Truth) and each != neutral:
        return _joined(operator, neutral, list(flat))
  return _joined(operator, neutral, list(flat))


def _parts(
  operator: Literal['and', 'or'], operand: expression_lib.Expression
) -> Iterator[expression_lib.Expression]:
  """What it joins, if it is such a junction or `not` one of the other kind."""
  match operand:
    case expression_lib.Junction() if operand.operator == operator:
      yield from operand.operands
    case expression_lib.Not(expression_lib.Junction() as inner) if (
      inner.operator != operator
    ):
      for each in inner.operands:
        yield from _parts(operator, negate(each))
    case _:
      yield operand


def _joined(
  operator: Literal['and', 'or'],
  neutral: expression_lib.Expression,
  operands: list[expression_lib.Expression],
) -> expression_lib.Expression:
  if len(operands) < 2:
    return operands[0] if operands else neutral
  return expression_lib.Junction(operator, tuple(operands))


def comparison(
  operator: expression_lib.Comparator,
  left: expression_lib.Expression,
  right: expression_lib.Expression,
) -> expression_lib.Expression:
  """Of two numbers, or of two truths with `==` or `!=`."""
  first, second = constant(left), constant(right)
  if first is not None and second is not None:
    return expression_lib.Truth(bool(_PLAIN[operator](first, second)))
  for one, other in ((left, right), (right, left)):
    if isinstance(one, expression_lib.Truth):
      alike = one.value == (operator == '==')
      return other if alike else negate(other)
  return expression_lib.Comparison(operator, left, right)


def arithmetic(
  operator: expression_lib.Operator,
  left: expression_lib.Expression,
  right: expression_lib.Expression,
) -> expression_lib.Expression:
  """Of two numbers.

  Raises:
    FoldingError: constants that divide by zero or are beyond the bounds, or
      a power that is not a small constant.
  """
  first, second = constant(left), constant(right)
  if operator == '**':
    return _power(left, first, second)
  if second == 0 and operator in ('/', '//', '%'):
    raise FoldingError('a division by zero')
  if first is not None and second is not None:
    return literal(_PLAIN[operator](first, second))
  return expression_lib.Arithmetic(operator, left, right)


def _power(
  left: expression_lib.Expression, base: float | None, exponent: float | None
) -> expression_lib.Expression:
  if exponent is None or abs(exponent) > 1000:
    raise FoldingError('a power whose exponent is no small constant')
  if base is not None:
    if base == 0 and exponent < 0:
      raise FoldingError('a division by zero')
    digits = math.log10(abs(base)) * exponent if base else 0.0
    if abs(digits) > 30 or (base < 0 and exponent % 1):
      raise FoldingError('a power beyond the bounds')
    return literal(base**exponent)
  if exponent == 0.5:
    return function('math.sqrt', (left,))
  if exponent in (0, 1):
    return left if exponent else expression_lib.Number(1)
  if exponent % 1 or abs(exponent) > mathematics.MAX_POWER:
    raise FoldingError(
      f'a power that is not whole and within {mathematics.MAX_POWER}'
    )
  return expression_lib.Arithmetic('**', left, literal(int(exponent)))


def function(
  name: str, operands: Sequence[expression_lib.Expression]
) -> expression_lib.Expression:
  """One of `mathematics.FUNCTIONS`.

  Raises:
    FoldingError: constants that it is not defined for.
  """
  if name == 'sum':
    return total(operands)
  constants = [constant(operand) for operand in operands]
  if not any(value is None for value in constants):
    try:
      return literal(mathematics.FUNCTIONS[name].plain(*constants))
    except (ValueError, OverflowError):
      raise FoldingError(f'`{name}` of a number it is not for') from None
  if len(operands) == 1 and name in ('min', 'max'):
    return operands[0]
  return expression_lib.Function(name, tuple(operands))


def total(
  operands: Sequence[expression_lib.Expression],
) -> expression_lib.Expression:
  """The sum from left to right; a sum that comes first is opened up."""
  flat = list(operands)
  while flat and (
    isinstance(flat[0], expression_lib.Function) and flat[0].name == 'sum'
  ):
    flat[:1] = flat[0].operands
  flat = [each for each in flat if constant(each) != 0]
  constants = [constant(each) for each in flat]
  known = [value for value in constants if value is not None]
  if len(known) == len(flat):
    return literal(sum(known))
  return flat[0] if len(flat) == 1 else expression_lib.Function(
    'sum', tuple(flat)
  )  # fmt: skip
