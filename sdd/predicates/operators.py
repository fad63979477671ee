"""`+`, `<`, `in` and their like, between anything that success code holds."""

import ast
from collections.abc import Callable
from typing import Any

from sdd.predicates import branching, folding, rejection, scoping, values
from sdd.predicates import expression as expression_lib

MAX_ELEMENTS = 16  # of an array

COMPARISONS: dict[type[ast.AST], Any] = {
  ast.Lt: '<', ast.LtE: '<=', ast.Gt: '>', ast.GtE: '>=', ast.Eq: '==',
  ast.NotEq: '!=', ast.In: 'in', ast.NotIn: 'not in',
}  # fmt: skip
ARITHMETIC: dict[type[ast.AST], Any] = {
  ast.Add: '+', ast.Sub: '-', ast.Mult: '*', ast.Div: '/',
  ast.FloorDiv: '//', ast.Mod: '%', ast.Pow: '**',
}  # fmt: skip


def combine(
  operator: expression_lib.Operator,
  left: values.Value,
  right: values.Value,
  node: ast.AST,
  scope: scoping.Scope,
) -> values.Value:
  """`left operator right`, of numbers, arrays, strings or lists."""
  if operator == '+':
    match left, right:
      case values.Text(first), values.Text(second):
        return values.text(first + second, node)
      case values.Sequence(), values.Sequence():
        return values.sequence(left.items + right.items, node)
  return elementwise(
    lambda one, other: arithmetic(operator, one, other, node),
    (left, right),
    node,
    scope,
  )


def arithmetic(
  operator: expression_lib.Operator,
  left: values.Value,
  right: values.Value,
  node: ast.AST,
) -> expression_lib.Expression:
  """`left operator right`, of two numbers; truths count 0 and 1."""
  try:
    joined = folding.arithmetic(
      operator, counted(left, node), counted(right, node)
    )
  except folding.FoldingError as error:
    values.folded_badly(node, error)
  return values.bounded(joined, node)


def minus(
  value: values.Value, node: ast.AST, scope: scoping.Scope
) -> values.Value:
  """`-value`, of a number or an array."""
  return elementwise(
    lambda each: folding.minus(values.number(each, node)),
    (value,),
    node,
    scope,
  )


def counted(value: values.Value, node: ast.AST) -> expression_lib.Expression:
  """`value` as a number: a truth is 1 or 0."""
  if not values.is_truth(value):
    return values.number(value, node)
  one, zero = expression_lib.Number(1), expression_lib.Number(0)
  return branching.conditional(values.truth(value, node), one, zero)


def compare(
  operator: Any,
  left: values.Value,
  right: values.Value,
  node: ast.AST,
  scope: scoping.Scope,
) -> values.Value:
  """One comparison; of an array, element by element."""
  if operator in ('in', 'not in'):
    return _contained(left, right, node, negated=operator == 'not in')
  texts = isinstance(left, values.Text) and isinstance(right, values.Text)
  if texts and operator in ('==', '!='):
    return expression_lib.Truth((left == right) == (operator == '=='))
  if isinstance(left, values.Sequence) and isinstance(right, values.Sequence):
    raise rejection.at(
      node, 'a comparison of lists', 'Compare their items one by one.'
    )
  return elementwise(
    lambda one, other: _compared(operator, one, other, node),
    (left, right),
    node,
    scope,
  )


def _compared(
  operator: Any, left: values.Value, right: values.Value, node: ast.AST
) -> expression_lib.Expression:
  if operator in ('==', '!=') and values.is_truth(left):
    sides = values.truth(left, node), values.truth(right, node)
  else:
    sides = values.number(left, node), values.number(right, node)
  return values.bounded(folding.comparison(operator, *sides), node)


def _contained(
  item: values.Value, whole: values.Value, node: ast.AST, *, negated: bool
) -> expression_lib.Expression:
  """Of strings only: what a list of names holds does not depend on states."""
  names = whole.items if isinstance(whole, values.Sequence) else (whole,)
  if not isinstance(item, values.Text) or not all(
    isinstance(name, values.Text) for name in names
  ):
    raise rejection.at(
      node,
      '`in` between other things than a string and a list of strings',
      'Use check_inside for containment, `==` for numbers.',
    )
  if isinstance(whole, values.Text):
    found = item.value in whole.value
  else:
    found = item in names
  return expression_lib.Truth(found is not negated)


def elementwise(
  function: Callable[..., expression_lib.Expression],
  operands: tuple[values.Value, ...],
  node: ast.AST,
  scope: scoping.Scope,
) -> values.Value:
  """`function` of numbers; if any operand is an array, an array.

  Lists count as arrays beside arrays, as they do in NumPy.
  """
  if not any(isinstance(operand, values.Vector) for operand in operands):
    scope.budget.spend(node)
    return function(*operands)
  columns = [
    operand.items
    if isinstance(operand, values.Vector | values.Sequence)
    else None
    for operand in operands
  ]
  lengths = {len(column) for column in columns if column is not None}
  if len(lengths) != 1:
    shown = ' and '.join(map(str, sorted(lengths)))
    raise rejection.at(
      node, f'arrays of {shown} elements', 'Give both the same length.'
    )
  (length,) = lengths
  scope.budget.spend(node, length)
  return array(
    [
      function(
        *(
          operand if column is None else column[index]
          for operand, column in zip(operands, columns, strict=True)
        )
      )
      for index in range(length)
    ],
    node,
  )


def array(
  items: list[values.Value] | tuple[values.Value, ...], node: ast.AST
) -> values.Vector:
  """Numbers, or truths, as an array."""
  if not 0 < len(items) <= MAX_ELEMENTS:
    raise rejection.at(
      node,
      f'an array of {len(items)} elements',
      f'Use 1 to {MAX_ELEMENTS} elements.',
    )
  if values.is_truth(items[0]):
    return values.Vector(tuple(values.truth(item, node) for item in items))
  return values.Vector(tuple(values.number(item, node) for item in items))
