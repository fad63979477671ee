"""Items and slices of lists, arrays and strings, by constant index."""

import ast
from collections.abc import Callable
from typing import TypeAlias

from sdd.predicates import expression as expression_lib
from sdd.predicates import rejection, scoping, values

Check: TypeAlias = Callable[[ast.expr, scoping.Scope], values.Value]


def pose(
  owner: values.Pose, part: expression_lib.Part, length: int
) -> values.Vector:
  """The position or the orientation of a link, as an array."""
  return values.Vector(
    tuple(
      expression_lib.Coordinate(owner.state, owner.link, axis, part)
      for axis in range(length)
    )
  )


def item(
  node: ast.AST,
  owner: values.Value,
  index: ast.expr,
  scope: scoping.Scope,
  check: Check,
) -> values.Value:
  """`owner[index]`; `check` says what an expression stands for.

  Raises:
    rejection.PredicateError: it cannot be indexed, or not with that.
  """
  if isinstance(owner, values.Text):
    whole: tuple[values.Value, ...] = tuple(
      values.Text(letter) for letter in owner.value
    )
  elif isinstance(owner, values.Sequence | values.Vector):
    whole = owner.items
  else:
    raise rejection.at(
      node,
      f'an index of {values.kind(owner)}',
      'Index lists, or a position with 0, 1 or 2: '
      '`get_pose(state, name).position[2]` is the height.',
    )
  if isinstance(index, ast.Slice):
    return _slice(node, owner, whole, index, scope, check)
  number = values.whole(check(index, scope), index)
  if not -len(whole) <= number < len(whole):
    raise rejection.at(
      index, f'index {number} of {len(whole)}', 'Count from 0, or -1 back.'
    )
  return whole[number]


def _slice(
  node: ast.AST,
  owner: values.Value,
  whole: tuple[values.Value, ...],
  index: ast.Slice,
  scope: scoping.Scope,
  check: Check,
) -> values.Value:
  bounds = [
    None if bound is None else values.whole(check(bound, scope), bound)
    for bound in (index.lower, index.upper, index.step)
  ]
  if bounds[2] == 0:
    raise rejection.at(node, 'a slice with step 0', 'Leave the step out.')
  taken = whole[slice(*bounds)]
  if isinstance(owner, values.Text):
    return values.Text(owner.value[slice(*bounds)])
  if isinstance(owner, values.Sequence):
    return values.Sequence(taken)
  if not taken:
    raise rejection.at(node, 'an empty slice of a vector', 'Check its bounds.')
  return values.Vector(taken)  # pyright: ignore[reportArgumentType]
