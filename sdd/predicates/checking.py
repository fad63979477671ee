"""From one Python expression, as syntax, to a typed expression of ours."""

import ast
from typing import Literal, cast

from sdd.predicates import binding, rejection, values
from sdd.predicates import expression as expression_lib

MAX_NUMBER = 1e30  # Well inside the range of float32.

_COMPARISONS = {
  ast.Lt: '<', ast.LtE: '<=', ast.Gt: '>', ast.GtE: '>=', ast.Eq: '==',
  ast.NotEq: '!=',
}  # fmt: skip
_ARITHMETIC = {ast.Add: '+', ast.Sub: '-', ast.Mult: '*', ast.Div: '/'}


def value(node: ast.expr, scope: values.Scope) -> values.Value:
  """What `node` stands for.

  Raises:
    rejection.PredicateError: it is not in the predicate language.
    errors.UnknownNameError: it names no link of the vocabulary.
  """
  match node:
    case ast.Constant():
      return _constant(node)
    case ast.Name():
      return _name(node, scope)
    case ast.Attribute():
      return _attribute(node, scope)
    case ast.Subscript():
      return _subscript(node, scope)
    case ast.Call():
      return _call(node, scope)
    case _:
      return values.bounded(_operation(node, scope), node)


def truth(node: ast.expr, scope: values.Scope) -> expression_lib.Expression:
  """What `node` stands for, which must be true or false."""
  return values.truth(value(node, scope), node)


def number(node: ast.expr, scope: values.Scope) -> expression_lib.Expression:
  """What `node` stands for, which must be a number."""
  return values.number(value(node, scope), node)


def conditional(
  test: expression_lib.Expression,
  then: expression_lib.Expression,
  otherwise: expression_lib.Expression,
) -> expression_lib.Expression:
  """`then if test else otherwise`, as and/or where a branch is constant.

  This is what makes an early return equal to the expression it means.
  """
  match then, otherwise:
    case expression_lib.Truth(True), expression_lib.Truth(False):
      return test
    case expression_lib.Truth(False), expression_lib.Truth(True):
      return negate(test)
    case expression_lib.Truth(True), _:
      return expression_lib.junction('or', (test, otherwise))
    case expression_lib.Truth(False), _:
      return expression_lib.junction('and', (negate(test), otherwise))
    case _, expression_lib.Truth(True):
      return expression_lib.junction('or', (negate(test), then))
    case _, expression_lib.Truth(False):
      return expression_lib.junction('and', (test, then))
  return expression_lib.Conditional(test, then, otherwise)


def negate(truth: expression_lib.Expression) -> expression_lib.Expression:
  """`not truth`; two negations are none."""
  if isinstance(truth, expression_lib.Not):
    return truth.operand
  return expression_lib.Not(truth)


def _operation(
  node: ast.expr, scope: values.Scope
) -> expression_lib.Expression:
  match node:
    case ast.BoolOp(op, operands):
      operator = 'and' if isinstance(op, ast.And) else 'or'
      joined = tuple(truth(operand, scope) for operand in operands)
      return expression_lib.junction(operator, joined)
    case ast.UnaryOp(ast.Not(), operand):
      return negate(truth(operand, scope))
    case ast.UnaryOp(ast.USub(), operand):
      return expression_lib.Negation(number(operand, scope))
    case ast.UnaryOp(ast.UAdd(), operand):
      return number(operand, scope)
    case ast.BinOp(left, op, right):
      return expression_lib.Arithmetic(
        cast("Literal['+', '-', '*', '/']", _ARITHMETIC[type(op)]),
        number(left, scope),
        number(right, scope),
      )
    case ast.Compare():
      return _compare(node, scope)
    case ast.IfExp():
      return _if_expression(node, scope)
  raise rejection.at(
    node,
    f'{type(node).__name__} is not allowed here',
    'Use checks, comparisons, and/or/not, and arithmetic.',
  )


def _if_expression(
  node: ast.IfExp, scope: values.Scope
) -> expression_lib.Expression:
  test = truth(node.test, scope)
  then, otherwise = value(node.body, scope), value(node.orelse, scope)
  if values.kind(then) == 'a truth':
    first = values.truth(then, node.body)
    return conditional(test, first, values.truth(otherwise, node.orelse))
  return conditional(
    test,
    values.number(then, node.body),
    values.number(otherwise, node.orelse),
  )


def _compare(
  node: ast.Compare, scope: values.Scope
) -> expression_lib.Expression:
  """`a < b < c` is `a < b and b < c`, as in Python."""
  terms = [value(term, scope) for term in (node.left, *node.comparators)]
  links: list[expression_lib.Expression] = []
  for op, left, right in zip(node.ops, terms, terms[1:], strict=False):
    operator = _COMPARISONS[type(op)]
    if operator in ('==', '!=') and values.kind(left) == 'a truth':
      sides = values.truth(left, node), values.truth(right, node)
    else:
      sides = values.number(left, node), values.number(right, node)
    links.append(
      expression_lib.Comparison(
        cast("Literal['<', '<=', '>', '>=', '==', '!=']", operator), *sides
      )
    )
  if len(links) == 1:
    return links[0]
  return expression_lib.junction('and', tuple(links))


def _constant(node: ast.Constant) -> values.Value:
  constant = node.value
  if isinstance(constant, bool):
    return expression_lib.Truth(constant)
  if isinstance(constant, str):
    return values.Text(constant)
  if isinstance(constant, int | float) and constant <= MAX_NUMBER:
    return expression_lib.Number(float(constant))
  raise rejection.at(
    node,
    'this constant is not allowed',
    'Use True, False, a string, or an ordinary number.',
  )


def _name(node: ast.Name, scope: values.Scope) -> values.Value:
  for state in values.STATES:
    if node.id == state:
      return values.State(state)
  found = scope.variables.get(node.id)
  if found is None:
    choices = (*values.STATES, *scope.variables)
    raise rejection.at(
      node, f'no variable `{node.id}`', values.suggestion(node.id, choices)
    )
  if isinstance(found, values.Unsettled):
    raise rejection.at(
      node,
      f'`{node.id}` is not assigned alike on every path',
      'Assign a truth, or a number, in every branch or before them.',
    )
  return found


def _attribute(node: ast.Attribute, scope: values.Scope) -> values.Value:
  owner = value(node.value, scope)
  if isinstance(owner, values.Pose) and node.attr == 'position':
    return values.Position(owner.state, owner.link)
  raise rejection.at(
    node,
    f'attribute `{node.attr}` is not allowed',
    'The only attribute is `get_pose(state, name).position`.',
  )


def _subscript(node: ast.Subscript, scope: values.Scope) -> values.Value:
  owner = value(node.value, scope)
  if isinstance(owner, values.Position) and isinstance(
    node.slice, ast.Constant
  ):
    axis = node.slice.value
    if type(axis) is int and 0 <= axis <= 2:
      return expression_lib.Coordinate(owner.state, owner.link, axis)
  raise rejection.at(
    node,
    'this index is not allowed',
    'Index a position with 0, 1 or 2: '
    '`get_pose(state, name).position[2]` is the height.',
  )


def _call(node: ast.Call, scope: values.Scope) -> values.Value:
  positional = [value(argument, scope) for argument in node.args]
  keywords: dict[str, values.Value] = {}
  for keyword in node.keywords:
    if keyword.arg is None or keyword.arg in keywords:
      raise rejection.at(
        node, '`**` or a repeated argument', 'Name each argument once.'
      )
    keywords[keyword.arg] = value(keyword.value, scope)
  return binding.call(node, positional, keywords, scope.vocabulary)
