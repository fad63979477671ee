"""From one Python expression, as syntax, to what it stands for."""

import ast

from sdd.predicates import (
  binding,
  branching,
  builtin,
  folding,
  indexing,
  mathematics,
  operators,
  rejection,
  scoping,
  unrolling,
  values,
)
from sdd.predicates import expression as expression_lib


def value(node: ast.expr, scope: scoping.Scope) -> values.Value:
  """What `node` stands for.

  Raises:
    rejection.PredicateError: it is not in the predicate language.
    rejection.LinkError: it names no link of the vocabulary.
  """
  scope.budget.spend(node)
  match node:
    case ast.Constant():
      return _constant(node)
    case ast.Name():
      return _name(node, scope)
    case ast.JoinedStr():
      return _formatted(node, scope)
    case ast.List() | ast.Tuple():
      items = [value(item, scope) for item in node.elts]
      return values.sequence(items, node)
    case ast.ListComp() | ast.GeneratorExp():
      return unrolling.comprehension(node, scope, value)
    case ast.Attribute():
      return _attribute(node, scope)
    case ast.Subscript(owner, index):
      return indexing.item(node, value(owner, scope), index, scope, value)
    case ast.Call():
      return _call(node, scope)
    case _:
      return _operation(node, scope)


def truth(node: ast.expr, scope: scoping.Scope) -> expression_lib.Expression:
  """What `node` stands for, which must be true or false."""
  return values.truth(value(node, scope), node)


def _operation(node: ast.expr, scope: scoping.Scope) -> values.Value:
  match node:
    case ast.BoolOp(op, operands):
      operator = 'and' if isinstance(op, ast.And) else 'or'
      joined = [truth(operand, scope) for operand in operands]
      whole = values.bounded(folding.junction(operator, joined), node)
      scope.budget.spend(node, len(whole.children) // 4)
      return whole
    case ast.UnaryOp(ast.Not(), operand):
      return values.bounded(folding.negate(truth(operand, scope)), node)
    case ast.UnaryOp(ast.USub(), operand):
      return operators.minus(value(operand, scope), node, scope)
    case ast.UnaryOp(ast.UAdd(), operand):
      return values.number(value(operand, scope), operand)
    case ast.BinOp(left, op, right):
      return operators.combine(
        operators.ARITHMETIC[type(op)],
        value(left, scope),
        value(right, scope),
        node,
        scope,
      )
    case ast.Compare():
      return _compare(node, scope)
    case ast.IfExp(test, then, otherwise):
      tested = truth(test, scope)
      if isinstance(tested, expression_lib.Truth):
        return value(then if tested.value else otherwise, scope)
      found = select(tested, value(then, scope), value(otherwise, scope), node)
      if not isinstance(found, values.Unsettled):
        return found
      raise rejection.at(
        node,
        'a conditional between two kinds of things',
        'Give both branches a truth, a number, or arrays of one length.',
      )
  raise rejection.at(
    node,
    f'{type(node).__name__} is not allowed here',
    'Use checks, comparisons, and/or/not, and arithmetic.',
  )


def select(
  test: expression_lib.Expression,
  first: values.Value | None,
  second: values.Value | None,
  node: ast.AST,
) -> values.Value:
  """`first if test else second`; unsettled where that has no one kind."""
  if first is second and first is not None:
    return first
  match first, second:
    case expression_lib.Node(), expression_lib.Node():
      alike = expression_lib.type_of(first) == expression_lib.type_of(second)
      if not alike:
        return values.Unsettled()
      return values.bounded(branching.conditional(test, first, second), node)
    case (values.Vector(), values.Vector()) | (
      values.Sequence(),
      values.Sequence(),
    ):
      if len(first.items) != len(second.items):
        return values.Unsettled()
      items = [
        select(test, one, other, node)
        for one, other in zip(first.items, second.items, strict=True)
      ]
      if any(isinstance(item, values.Unsettled) for item in items):
        return values.Unsettled()
      if isinstance(first, values.Vector):
        return operators.array(items, node)
      return values.sequence(items, node)
    case ((values.Text() | values.State() | values.Pose()), _):
      return first if first == second else values.Unsettled()
  return values.Unsettled()


def _compare(node: ast.Compare, scope: scoping.Scope) -> values.Value:
  """`a < b < c` is `a < b and b < c`, as in Python."""
  terms = [value(term, scope) for term in (node.left, *node.comparators)]
  links = [
    operators.compare(operators.COMPARISONS[type(op)], left, right, node, scope)
    for op, left, right in zip(node.ops, terms, terms[1:], strict=False)
  ]
  if len(links) == 1:
    return links[0]
  joined = [values.truth(link, node) for link in links]
  return values.bounded(folding.junction('and', joined), node)


def _constant(node: ast.Constant) -> values.Value:
  constant = node.value
  if isinstance(constant, bool):
    return expression_lib.Truth(constant)
  if isinstance(constant, str):
    return values.text(constant, node)
  if isinstance(constant, int | float) and constant <= mathematics.MAX_NUMBER:
    return expression_lib.Number(constant)
  raise rejection.at(
    node,
    'this constant is not allowed',
    'Use True, False, a string, or an ordinary number.',
  )


def _formatted(node: ast.JoinedStr, scope: scoping.Scope) -> values.Value:
  """An f-string whose every part is known without the state."""
  shown = ''
  for part in node.values:
    match part:
      case ast.Constant(str() as piece):
        shown += piece
      case ast.FormattedValue(inner, -1, None):
        shown += builtin.shown(value(inner, scope), part)
      case _:
        raise rejection.at(
          part, 'a format in an f-string', 'Write just `{name}`.'
        )
    values.text(shown, node)
  return values.Text(shown)


def _name(node: ast.Name, scope: scoping.Scope) -> values.Value:
  if node.id in scope.states:
    return scope.states[node.id]
  found = scope.variables.get(node.id)
  if isinstance(found, values.Unsettled):
    raise rejection.at(
      node,
      f'`{node.id}` is not assigned alike on every path',
      'Assign a truth, or a number, in every branch or before them.',
    )
  if found is not None:
    return found
  if node.id in values.MODULES:
    return values.Module(node.id)
  choices = (*scope.states, *scope.variables)
  raise rejection.at(
    node,
    f'no variable `{node.id[:60]}`',
    rejection.suggestion(node.id, choices),
  )


def _attribute(node: ast.Attribute, scope: scoping.Scope) -> values.Value:
  owner = value(node.value, scope)
  if isinstance(owner, values.Module):
    path = f'{owner.path}.{node.attr}'
    if path in mathematics.CONSTANTS:
      return expression_lib.Number(mathematics.CONSTANTS[path])
    if path == 'np.linalg':
      return values.Module(path)
  elif isinstance(owner, values.Pose):
    if node.attr == 'position':
      return indexing.pose(owner, 'position', 3)
    if node.attr == 'orientation':
      return indexing.pose(owner, 'orientation', 4)
  raise rejection.at(
    node,
    f'attribute `{node.attr[:60]}` is not allowed',
    'The only attributes are `get_pose(state, name).position` and '
    '`.orientation`.',
  )


def _call(node: ast.Call, scope: scoping.Scope) -> values.Value:
  path = binding.path(node, scope)
  positional = [value(argument, scope) for argument in node.args]
  keywords: dict[str, values.Value] = {}
  for keyword in node.keywords:
    if keyword.arg is None or keyword.arg in keywords:
      raise rejection.at(
        node, '`**` or a repeated argument', 'Name each argument once.'
      )
    keywords[keyword.arg] = value(keyword.value, scope)
  return binding.call(node, path, positional, keywords, scope)
