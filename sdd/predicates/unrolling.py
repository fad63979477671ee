"""Loops over known lists: targets bound to items, one after the other."""

import ast
import dataclasses
from collections.abc import Callable, Iterator
from typing import TypeAlias

from sdd.predicates import expression as expression_lib
from sdd.predicates import rejection, scoping, values

Check: TypeAlias = Callable[[ast.expr, scoping.Scope], values.Value]
Store: TypeAlias = Callable[[ast.expr, values.Value, scoping.Scope], None]

MAX_CLAUSES = 3  # `for` in one comprehension

# Names that no variable may take; filled in with the functions' names below.
_TAKEN = (*values.STATES, *values.MODULES)


def comprehension(
  node: ast.ListComp | ast.GeneratorExp, scope: scoping.Scope, check: Check
) -> values.Sequence:
  """The list that `[element for target in list if condition]` makes.

  Conditions must be known without the state, e.g. `if name != 'red cup'`.
  """
  if len(node.generators) > MAX_CLAUSES:
    raise rejection.at(
      node, 'too many `for` in one comprehension', 'Write two of them.'
    )
  inner = dataclasses.replace(scope.copy(node), variables=dict(scope.variables))
  items = [check(node.elt, each) for each in _bindings(node, 0, inner, check)]
  return values.sequence(items, node)


def _bindings(
  node: ast.ListComp | ast.GeneratorExp,
  clause: int,
  scope: scoping.Scope,
  check: Check,
) -> Iterator[scoping.Scope]:
  """The scope, once for every combination of items; it changes in place."""
  if clause == len(node.generators):
    yield scope
    return
  generator = node.generators[clause]
  if generator.is_async:
    raise rejection.at(node, 'an async comprehension', 'Leave out `async`.')
  listed = values.items(check(generator.iter, scope), generator.iter)
  for item in listed:
    scope.budget.spend(node)
    store(generator.target, item, scope)
    if all(_known(test, scope, check) for test in generator.ifs):
      yield from _bindings(node, clause + 1, scope, check)


def _known(test: ast.expr, scope: scoping.Scope, check: Check) -> bool:
  found = check(test, scope)
  if isinstance(found, expression_lib.Truth):
    return found.value
  raise rejection.at(
    test,
    'an `if` in a comprehension that depends on the state',
    'Put it into the element: `a and b for ...` in any(...) and sum(...), '
    '`b or not a for ...` in all(...).',
  )


def store(target: ast.expr, stored: values.Value, scope: scoping.Scope) -> None:
  """Assigns to a name, or to as many names as there are items.

  Raises:
    rejection.PredicateError: the names do not fit, or are taken.
  """
  match target:
    case ast.Name(name):
      if name in scope.states or name in RESERVED:
        raise rejection.at(
          target, f'`{name[:60]}` is taken', 'Give the variable another name.'
        )
      scope.variables[name] = stored
    case ast.Tuple(targets) | ast.List(targets):
      items = values.items(stored, target)
      if len(items) != len(targets):
        raise rejection.at(
          target,
          f'{len(items)} items for {len(targets)} names',
          'Name every item once.',
        )
      for each, item in zip(targets, items, strict=True):
        store(each, item, scope)
    case _:
      raise rejection.at(
        target,
        'an assignment to something else than a variable',
        'Assign to plain names.',
      )


RESERVED: set[str] = set(_TAKEN)
