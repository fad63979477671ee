"""From a function body to one expression: locals, loops, branches resolved.

Nothing is run. A statement is followed for what it does to the local
variables, and for when control leaves its block: `Flow`. A branch that
depends on the state is followed both ways, and each variable becomes a
conditional; a loop is followed once for every item of its list.
"""

import ast
import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeAlias

from sdd.predicates import (
  checking,
  flowing,
  mutation,
  operators,
  rejection,
  scoping,
  signature,
  unrolling,
  values,
)
from sdd.predicates import expression as expression_lib
from sdd.scenes import vocabulary as vocabulary_lib

Step: TypeAlias = Callable[[scoping.Scope], flowing.Flow]

_LEAVING = (ast.Return, ast.Break, ast.Continue)


def module(
  tree: ast.Module, vocabulary: vocabulary_lib.Vocabulary
) -> expression_lib.Expression:
  """The truth that the module's one function returns, or that it is.

  Constants may be assigned before the function.

  Raises:
    rejection.PredicateError: it is not in the predicate language.
    rejection.LinkError: it names no link of the vocabulary.
  """
  body = signature.body(tree)
  match body:
    case [*constants, ast.FunctionDef() as function] if all(
      isinstance(each, ast.Assign | ast.AnnAssign) for each in constants
    ):
      outer = scoping.Scope(vocabulary, states={})
      _block(constants, outer)
      states = signature.states(function)
      scope = dataclasses.replace(outer, states=states)
      flow = _block(function.body, scope)
      if flow.returned != expression_lib.TRUE or flow.value is None:
        _raise_unfinished(function)
      return flow.value
    case [ast.Expr(expression)]:
      named = {state: values.State(state) for state in values.STATES}
      return checking.truth(expression, scoping.Scope(vocabulary, named))
  place = body[1] if len(body) > 1 else tree
  raise rejection.at(
    place, 'not exactly one function', 'Answer with one function only.'
  )


def _block(
  statements: Sequence[ast.stmt], scope: scoping.Scope
) -> flowing.Flow:
  """The statements one after the other; changes the scope's variables."""
  steps: list[tuple[ast.stmt, Step]] = [
    (statement, functools.partial(_statement, statement))
    for statement in statements
  ]
  return _in_turn(steps, scope)


def _in_turn(
  steps: Sequence[tuple[ast.stmt, Step]],
  scope: scoping.Scope,
) -> flowing.Flow:
  """`steps` until control leaves.

  Those after a `return` have no effect, but have to make sense. Those after
  a branch that is always taken may not: the last of a list has no next.
  """
  flows: list[flowing.Flow] = []
  skipped = expression_lib.FALSE
  unreached: scoping.Scope | None = None
  for node, step in steps:
    if flows and flows[-1].leaves:
      if isinstance(steps[len(flows) - 1][0], _LEAVING):
        unreached = unreached or scope.copy(node)
        step(unreached)
      continue
    unsure = skipped != expression_lib.FALSE
    inner = scope.copy(node) if unsure else scope
    flow = step(inner)
    if unsure:
      _merge(skipped, dict(scope.variables), inner.variables, scope, node)
    flows.append(flow)
    skipped = flowing.either(skipped, flow.skips)
    values.bounded(skipped, node)
  return flowing.chain(flows, steps[-1][0] if steps else None)


def _statement(statement: ast.stmt, scope: scoping.Scope) -> flowing.Flow:
  scope.budget.spend(statement)
  match statement:
    case ast.Return(None):
      raise rejection.at(
        statement, '`return` without a value', 'Return a truth.'
      )
    case ast.Return(ast.expr() as expression):
      value = checking.truth(expression, scope)
      return flowing.Flow(returned=expression_lib.TRUE, value=value)
    case ast.Break():
      return flowing.Flow(broken=expression_lib.TRUE)
    case ast.Continue():
      return flowing.Flow(continued=expression_lib.TRUE)
    case ast.If():
      return _if(statement, scope)
    case ast.For():
      return _for(statement, scope)
    case _:
      _assign(statement, scope)
      return flowing.Flow()


def _if(statement: ast.If, scope: scoping.Scope) -> flowing.Flow:
  test = checking.truth(statement.test, scope)
  if isinstance(test, expression_lib.Truth):
    chosen = statement.body if test.value else statement.orelse
    return _block(chosen, scope)
  then, otherwise = scope.copy(statement), scope.copy(statement)
  first = _block(statement.body, then)
  second = _block(statement.orelse, otherwise)
  if first.returned == expression_lib.TRUE:
    scope.variables.update(otherwise.variables)
  elif second.returned == expression_lib.TRUE:
    scope.variables.update(then.variables)
  else:
    _merge(test, then.variables, otherwise.variables, scope, statement)
  return flowing.split(test, first, second, statement)


def _for(statement: ast.For, scope: scoping.Scope) -> flowing.Flow:
  """Every iteration in turn; `break` leaves the loop and nothing more."""
  if statement.orelse:
    raise rejection.at(
      statement.orelse[0],
      '`else` of a loop',
      'Keep a variable: `found = True`.',
    )
  listed = values.items(checking.value(statement.iter, scope), statement.iter)
  level = scope.copy(statement).level
  body = dataclasses.replace(scope, level=level)  # The same variables.
  steps: list[tuple[ast.stmt, Step]] = [
    (statement, functools.partial(_iteration, statement, item))
    for item in listed
  ]
  flow = _in_turn(steps, body)
  return flowing.Flow(returned=flow.returned, value=flow.value)


def _iteration(
  statement: ast.For, item: values.Value, scope: scoping.Scope
) -> flowing.Flow:
  unrolling.store(statement.target, item, scope)
  flow = _block(statement.body, scope)
  return flowing.Flow(flow.returned, flow.value, flow.broken)


def _merge(
  test: expression_lib.Expression,
  then: dict[str, values.Value],
  otherwise: dict[str, values.Value],
  scope: scoping.Scope,
  node: ast.AST,
) -> None:
  """Each variable becomes a conditional, where the two are of one kind."""
  for name in {**then, **otherwise}:
    first, second = then.get(name), otherwise.get(name)
    if first is not second:
      scope.budget.spend(node)
    scope.variables[name] = checking.select(test, first, second, node)


def _assign(statement: ast.stmt, scope: scoping.Scope) -> None:
  """An assignment, or a statement that does nothing."""
  match statement:
    case ast.Pass():
      return
    case ast.Expr() if signature.is_text(statement):
      return
    case ast.Import() if signature.is_import(statement):
      return
    case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), 'append'))):
      mutation.append(statement, name, scope)
    case ast.AnnAssign(ast.Name() as target, annotation, ast.expr() as right):
      signature.require_annotation(annotation)
      unrolling.store(target, checking.value(right, scope), scope)
    case ast.Assign([ast.Name() | ast.Tuple() | ast.List() as target], right):
      unrolling.store(target, checking.value(right, scope), scope)
    case ast.AugAssign(ast.Name(name) as target, op, right):
      before = checking.value(ast.copy_location(ast.Name(name), target), scope)
      mutation.require_unshared(before, name, scope, statement)
      operator = operators.ARITHMETIC[type(op)]
      added = checking.value(right, scope)
      after = operators.combine(operator, before, added, statement, scope)
      unrolling.store(target, after, scope)
    case _:
      raise rejection.at(
        statement,
        'this statement is not allowed',
        'Use `name = value`, `if`, `for` over a list, and `return`.',
      )


def _raise_unfinished(node: ast.AST) -> NoReturn:
  raise rejection.at(
    node,
    'not every path returns',
    'End with `return` and a truth, e.g. `return False`.',
  )
