"""The outer form of success code: its one function, and imports."""

import ast
from collections.abc import Sequence

from sdd.predicates import expression as expression_lib
from sdd.predicates import rejection, unrolling, values

_SIGNATURE = 'Write `def success(init_state, final_state):`.'
_IMPORTS = {('numpy', 'np'), ('math', None)}


def body(tree: ast.Module) -> list[ast.stmt]:
  """The module's statements, less docstrings and harmless imports.

  Raises:
    rejection.PredicateError: an import of anything but `import numpy as np`
      and `import math`.
  """
  return [
    statement
    for statement in tree.body
    if not is_text(statement) and not is_import(statement)
  ]


def is_text(statement: ast.stmt) -> bool:
  """A docstring, wherever it stands."""
  return (
    isinstance(statement, ast.Expr)
    and isinstance(statement.value, ast.Constant)
    and isinstance(statement.value.value, str)
  )


def is_import(statement: ast.stmt) -> bool:
  """An import that may be ignored, as what it names is there anyway.

  Raises:
    rejection.PredicateError: an import that may not.
  """
  if not isinstance(statement, ast.Import):
    return False
  if {(each.name, each.asname) for each in statement.names} <= _IMPORTS:
    return True
  raise rejection.at(
    statement,
    'import is not allowed',
    'Leave it out; every check is already available, and `np` and `math`.',
  )


def states(function: ast.FunctionDef) -> dict[str, values.State]:
  """What the parameters stand for: before and now, or now alone.

  Raises:
    rejection.PredicateError: any other signature, or a decorator.
  """
  arguments = function.args
  names = [argument.arg for argument in arguments.args]
  extra: Sequence[object] = (
    arguments.posonlyargs,
    arguments.kwonlyargs,
    arguments.vararg,
    arguments.kwarg,
    arguments.defaults,
    arguments.kw_defaults,
    function.decorator_list,
    getattr(function, 'type_params', None),  # Python 3.12
  )
  meanings: dict[int, tuple[expression_lib.StateName, ...]] = {
    1: values.STATES[1:], 2: values.STATES,
  }  # fmt: skip
  meant = meanings.get(len(names), ())
  taken = unrolling.RESERVED.difference(values.STATES)
  swapped = [
    name
    for name, state in zip(names, meant, strict=False)
    if ('init' if state == 'final_state' else 'final') in name.lower()
  ]
  again = len(set(names)) < len(names)
  if any((*extra, swapped, again, not meant, taken.intersection(names))):
    raise rejection.at(function, 'another signature', _SIGNATURE)
  for annotation in (
    function.returns,
    *(argument.annotation for argument in arguments.args),
  ):
    if annotation is not None:
      require_annotation(annotation)
  return {
    name: values.State(state) for name, state in zip(names, meant, strict=True)
  }


def require_annotation(annotation: ast.expr) -> None:
  """Annotations are ignored, but only plain ones are let through.

  That is names, dotted names, strings, None, and any of these in brackets,
  such as `list[str]`.
  """
  for node in ast.walk(annotation):
    plain = isinstance(
      node, ast.Name | ast.Attribute | ast.Subscript | ast.Tuple | ast.Load
    ) or (
      isinstance(node, ast.Constant)
      and (node.value is None or isinstance(node.value, str))
    )
    hidden = isinstance(node, ast.Attribute) and node.attr.startswith('_')
    if not plain or hidden:
      raise rejection.at(
        annotation, 'this annotation is not allowed', 'Leave it out.'
      )
