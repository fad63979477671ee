"""Python's own functions that success code may call."""

import ast
from collections.abc import Callable
from typing import TypeAlias

from sdd.predicates import expression as expression_lib
from sdd.predicates import (
  folding,
  mathematics,
  operators,
  rejection,
  scoping,
  values,
)

Call: TypeAlias = Callable[
  [ast.Call, list[values.Value], scoping.Scope], values.Value
]


def mathematical(
  name: str,
  node: ast.AST,
  operands: list[values.Value],
  scope: scoping.Scope,
) -> values.Value:
  """One of `mathematics.FUNCTIONS`; of arrays, element by element."""
  function = mathematics.FUNCTIONS[name]
  many = function.most is None or len(operands) <= function.most
  if not (function.least <= len(operands) and many):
    most = 'or more' if function.most is None else f'to {function.most}'
    raise rejection.at(
      node,
      f'`{name}` with {len(operands)} arguments',
      f'Give it {function.least} {most} numbers.',
    )

  def joined(*each: values.Value) -> expression_lib.Expression:
    numbers = [values.number(one, node) for one in each]
    try:
      return values.bounded(folding.function(name, numbers), node)
    except folding.FoldingError as error:
      values.folded_badly(node, error)

  return operators.elementwise(joined, tuple(operands), node, scope)


def extreme(
  name: str, node: ast.AST, operands: list[values.Value], scope: scoping.Scope
) -> values.Value:
  """`min` or `max`, of several numbers or of one list of them."""
  if len(operands) == 1:
    operands = list(values.items(operands[0], node))
    if len(operands) == 1:
      return values.number(operands[0], node)
  numbers: list[values.Value] = [values.number(each, node) for each in operands]
  return mathematical(name, node, numbers, scope)


def total(
  node: ast.AST, listed: values.Value, scope: scoping.Scope
) -> expression_lib.Expression:
  """The sum of a list or an array; a truth counts 1 or 0."""
  items = values.items(listed, node)
  scope.budget.spend(node, len(items))
  try:
    summed = folding.total([operators.counted(item, node) for item in items])
  except folding.FoldingError as error:
    values.folded_badly(node, error)
  scope.budget.spend(node, len(summed.children) // 4)
  return values.bounded(summed, node)


def quantified(
  name: str, node: ast.AST, listed: values.Value
) -> expression_lib.Expression:
  """`any` or `all` of a list or an array of truths."""
  truths = [values.truth(item, node) for item in values.items(listed, node)]
  joined = folding.junction('or' if name == 'any' else 'and', truths)
  return values.bounded(joined, node)


def shown(value: values.Value, node: ast.AST) -> str:
  """`value` as `str` and f-strings show it: strings and whole constants."""
  if isinstance(value, values.Text):
    return value.value
  return str(values.whole(value, node))


def _range(
  node: ast.Call, operands: list[values.Value], scope: scoping.Scope
) -> values.Value:
  bounds = [values.whole(each, node) for each in operands]
  if len(bounds) == 3 and bounds[2] == 0:
    raise rejection.at(node, '`range` with step 0', 'Leave the step out.')
  numbers = range(*bounds)
  # Not `len`: of a huge range it fails.
  if numbers[values.MAX_ITEMS :]:
    raise rejection.at(
      node,
      f'`range` over more than {values.MAX_ITEMS} numbers',
      'Loop over fewer.',
    )
  return values.sequence([folding.literal(each) for each in numbers], node)


def _listed(
  node: ast.Call, operands: list[values.Value], scope: scoping.Scope
) -> values.Value:
  items = values.items(operands[0], node) if operands else ()
  return values.sequence(items, node)


def _enumerate(
  node: ast.Call, operands: list[values.Value], scope: scoping.Scope
) -> values.Value:
  start = values.whole(operands[1], node) if len(operands) > 1 else 0
  items = values.items(operands[0], node)
  pairs = [
    values.sequence((folding.literal(index), item), node)
    for index, item in enumerate(items, start)
  ]
  return values.sequence(pairs, node)


def _zip(
  node: ast.Call, operands: list[values.Value], scope: scoping.Scope
) -> values.Value:
  columns = [values.items(each, node) for each in operands]
  rows = zip(*columns, strict=False)
  return values.sequence([values.sequence(row, node) for row in rows], node)


def _length(
  node: ast.Call, operands: list[values.Value], scope: scoping.Scope
) -> values.Value:
  (only,) = operands
  if isinstance(only, values.Text):
    return expression_lib.Number(len(only.value))
  return expression_lib.Number(len(values.items(only, node)))


def _round(
  node: ast.Call, operands: list[values.Value], scope: scoping.Scope
) -> values.Value:
  """To whole numbers, or to as many digits: to whole ones of 10 ** -n."""
  if len(operands) == 1:
    return mathematical('round', node, operands, scope)
  digits = values.whole(operands[1], node)
  if not 0 <= digits <= 6:
    raise rejection.at(node, f'`round` to {digits} digits', 'Use 0 to 6.')
  known = (
    folding.constant(operands[0])
    if isinstance(operands[0], expression_lib.Node)
    else None
  )
  if known is not None:
    return folding.literal(round(known, digits))
  scale = expression_lib.Number(10**digits)
  scaled = operators.combine('*', operands[0], scale, node, scope)
  rounded = mathematical('round', node, [scaled], scope)
  return operators.combine('/', rounded, scale, node, scope)


def _float(
  node: ast.Call, operands: list[values.Value], scope: scoping.Scope
) -> values.Value:
  number = operators.counted(operands[0], node)
  known = folding.constant(number)
  return number if known is None else folding.literal(float(known))


def _int(
  node: ast.Call, operands: list[values.Value], scope: scoping.Scope
) -> values.Value:
  number = operators.counted(operands[0], node)
  if values.is_truth(operands[0]):
    return number
  return mathematical('int', node, [number], scope)


def _bool(
  node: ast.Call, operands: list[values.Value], scope: scoping.Scope
) -> values.Value:
  if values.is_truth(operands[0]):
    return operands[0]
  zero = expression_lib.Number(0)
  return folding.comparison('!=', values.number(operands[0], node), zero)


def _sum(
  node: ast.Call, operands: list[values.Value], scope: scoping.Scope
) -> values.Value:
  if len(operands) == 1:
    return total(node, operands[0], scope)
  items = values.items(operands[0], node)
  return total(node, values.Sequence((operands[1], *items)), scope)


# Name to the least and the most arguments, and what it does with them.
FUNCTIONS: dict[str, tuple[int, int, Call]] = {
  'abs': (1, 1, lambda *call: mathematical('abs', *call)),
  'min': (1, values.MAX_ITEMS, lambda *call: extreme('min', *call)),
  'max': (1, values.MAX_ITEMS, lambda *call: extreme('max', *call)),
  'sum': (1, 2, _sum),
  'any': (1, 1, lambda node, each, _: quantified('any', node, each[0])),
  'all': (1, 1, lambda node, each, _: quantified('all', node, each[0])),
  'len': (1, 1, _length),
  'round': (1, 2, _round),
  'float': (1, 1, _float),
  'int': (1, 1, _int),
  'bool': (1, 1, _bool),
  'str': (1, 1, lambda node, each, _: values.text(shown(each[0], node), node)),
  'range': (1, 3, _range),
  'enumerate': (1, 2, _enumerate),
  'zip': (1, 8, _zip),
  'list': (0, 1, _listed),
  'tuple': (0, 1, _listed),
}
