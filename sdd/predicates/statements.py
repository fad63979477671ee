"""From a function body to one expression: locals and branches resolved."""

import ast
from collections.abc import Sequence

from sdd.predicates import binding, checking, rejection, values
from sdd.predicates import expression as expression_lib
from sdd.scenes import vocabulary as vocabulary_lib

_SIGNATURE = 'Write `def success(init_state, final_state):`.'


def module(
  tree: ast.Module, vocabulary: vocabulary_lib.Vocabulary
) -> expression_lib.Expression:
  """The truth that the module's one function returns, or that it is.

  Raises:
    rejection.PredicateError: it is not in the predicate language.
    errors.UnknownNameError: it names no link of the vocabulary.
  """
  scope = values.Scope(vocabulary, {})
  body = [node for node in tree.body if not _is_text(node)]
  match body:
    case [ast.FunctionDef() as function]:
      _require_signature(function)
      result = _run(function.body, scope)
      return result or _raise_unfinished(function)
    case [ast.Expr(expression)]:
      return checking.truth(expression, scope)
  place = body[1] if len(body) > 1 else tree
  raise rejection.at(
    place, 'not exactly one function', 'Answer with one function only.'
  )


def _run(
  statements: Sequence[ast.stmt], scope: values.Scope
) -> expression_lib.Expression | None:
  """What the statements return; None, and variables, if they fall through."""
  for index, statement in enumerate(statements):
    rest = statements[index + 1 :]
    match statement:
      case ast.Return(None):
        raise rejection.at(
          statement, '`return` without a value', 'Return a truth.'
        )
      case ast.Return(ast.expr() as expression):
        result = checking.truth(expression, scope)
        _run(rest, scope.copy(statement))  # Never reached, yet checked.
        return result
      case ast.If() if _may_return([statement]):
        return _split(statement, rest, scope)
      case ast.If():
        _merge(statement, scope)
      case _:
        _assign(statement, scope)
  return None


def _split(
  statement: ast.If, rest: Sequence[ast.stmt], scope: values.Scope
) -> expression_lib.Expression:
  """A branch that may return: what follows belongs to the other paths."""
  test = checking.truth(statement.test, scope)
  results = []
  for branch in (statement.body, statement.orelse):
    follows = [] if _returns(branch) else rest
    result = _run([*branch, *follows], scope.copy(statement))
    results.append(result or _raise_unfinished(statement))
  if _returns([statement]):
    _run(rest, scope.copy(statement))
  return values.bounded(checking.conditional(test, *results), statement)


def _merge(statement: ast.If, scope: values.Scope) -> None:
  """A branch that only assigns: each variable becomes a conditional."""
  test = checking.truth(statement.test, scope)
  then, otherwise = scope.copy(statement), scope.copy(statement)
  _run(statement.body, then)
  _run(statement.orelse, otherwise)
  for name in {**then.variables, **otherwise.variables}:
    first, second = then.variables.get(name), otherwise.variables.get(name)
    scope.variables[name] = _join(test, first, second, statement)


def _join(
  test: expression_lib.Expression,
  first: values.Value | None,
  second: values.Value | None,
  node: ast.AST,
) -> values.Value:
  """`first if test else second`, where the two are of one kind."""
  if first is not None and first is second:
    return first
  if (
    isinstance(first, expression_lib.Node)
    and isinstance(second, expression_lib.Node)
    and expression_lib.type_of(first) == expression_lib.type_of(second)
  ):
    return values.bounded(checking.conditional(test, first, second), node)
  return values.Unsettled()


def _assign(statement: ast.stmt, scope: values.Scope) -> None:
  """An assignment, or a statement that does nothing."""
  match statement:
    case ast.Pass():
      return
    case ast.Expr() if _is_text(statement):
      return
    case ast.AnnAssign(ast.Name() as target, annotation, ast.expr() as right):
      _require_annotation(annotation)
      _store(target, checking.value(right, scope), scope)
    case ast.Assign([ast.Name() as target], right):
      _store(target, checking.value(right, scope), scope)
    case ast.Assign([ast.Tuple([_, _, _] as targets)], right):
      _unpack(statement, targets, checking.value(right, scope), scope)
    case _:
      raise rejection.at(
        statement,
        'this statement is not allowed',
        'Use `name = value`, `if`, and `return`.',
      )


def _unpack(
  statement: ast.stmt,
  targets: Sequence[ast.expr],
  position: values.Value,
  scope: values.Scope,
) -> None:
  """`x, y, z = get_pose(state, name).position`."""
  for axis, target in enumerate(targets):
    if not isinstance(position, values.Position) or not isinstance(
      target, ast.Name
    ):
      raise rejection.at(
        statement,
        'this unpacking is not allowed',
        'Only a position unpacks, into three names.',
      )
    _store(
      target,
      expression_lib.Coordinate(position.state, position.link, axis),
      scope,
    )


def _store(target: ast.Name, stored: values.Value, scope: values.Scope) -> None:
  if target.id in (*values.STATES, *binding.FUNCTIONS):
    raise rejection.at(
      target, f'`{target.id}` is taken', 'Give the variable another name.'
    )
  scope.variables[target.id] = stored


def _is_text(statement: ast.stmt) -> bool:
  """A docstring, wherever it stands."""
  return (
    isinstance(statement, ast.Expr)
    and isinstance(statement.value, ast.Constant)
    and isinstance(statement.value.value, str)
  )


def _returns(statements: Sequence[ast.stmt]) -> bool:
  """Whether every path through the statements returns."""
  return any(
    isinstance(statement, ast.Return)
    or (
      isinstance(statement, ast.If)
      and _returns(statement.body)
      and _returns(statement.orelse)
    )
    for statement in statements
  )


def _may_return(statements: Sequence[ast.stmt]) -> bool:
  """Whether any path through the statements returns."""
  return any(
    isinstance(node, ast.Return)
    for statement in statements
    for node in ast.walk(statement)
  )


def _raise_unfinished(node: ast.AST) -> expression_lib.Expression:
  raise rejection.at(
    node,
    'not every path returns',
    'End with `return` and a truth, e.g. `return False`.',
  )


def _require_signature(function: ast.FunctionDef) -> None:
  arguments = function.args
  names = [argument.arg for argument in arguments.args]
  extra = (
    arguments.posonlyargs,
    arguments.kwonlyargs,
    arguments.vararg,
    arguments.kwarg,
    arguments.defaults,
    arguments.kw_defaults,
    function.decorator_list,
    getattr(function, 'type_params', None),  # Python 3.12
  )
  if tuple(names) != values.STATES or any(extra):
    raise rejection.at(function, 'another signature', _SIGNATURE)
  for annotation in (
    function.returns,
    *(argument.annotation for argument in arguments.args),
  ):
    if annotation is not None:
      _require_annotation(annotation)


def _require_annotation(annotation: ast.expr) -> None:
  """Annotations are ignored, but only plain ones are let through."""
  plain = isinstance(annotation, ast.Name) or (
    isinstance(annotation, ast.Constant) and isinstance(annotation.value, str)
  )
  if not plain:
    raise rejection.at(
      annotation, 'this annotation is not allowed', 'Leave it out.'
    )
