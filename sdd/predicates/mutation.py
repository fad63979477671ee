"""Statements that change a list in place, where no one else holds it."""

import ast

from sdd.predicates import checking, rejection, scoping, values


def append(statement: ast.Expr, name: str, scope: scoping.Scope) -> None:
  """`name.append(item)`, as `name = name + [item]`.

  Raises:
    rejection.PredicateError: it is no list, or has two names.
  """
  call = statement.value
  whole = scope.variables.get(name)
  if (
    not isinstance(call, ast.Call)
    or len(call.args) != 1
    or call.keywords
    or not isinstance(whole, values.Sequence)
  ):
    raise rejection.at(
      statement,
      'this `append` is not allowed',
      'Append one thing to a list that is a local variable.',
    )
  require_unshared(whole, name, scope, statement)
  item = checking.value(call.args[0], scope)
  scope.budget.spend(statement, 1 + len(whole.items) // 8)
  scope.variables[name] = values.sequence((*whole.items, item), statement)


def require_unshared(
  whole: values.Value, name: str, scope: scoping.Scope, node: ast.AST
) -> None:
  """Nothing else may see a list or an array that changes in place."""
  if not isinstance(whole, values.Sequence | values.Vector):
    return
  for other, value in scope.variables.items():
    size = value.size if isinstance(value, values.Sequence) else 0
    scope.budget.spend(node, size // 16)
    if other != name and _holds(value, whole):
      raise rejection.at(
        node,
        f'a change of `{name[:60]}`, which `{other[:60]}` also holds',
        'Make a new list: `name = name + [item]`.',
      )


def _holds(value: values.Value, wanted: values.Value) -> bool:
  if value is wanted:
    return True
  if isinstance(value, values.Sequence):
    return any(_holds(item, wanted) for item in value.items)
  return False
