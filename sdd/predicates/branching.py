"""`then if test else otherwise`, with what both branches share taken out.

A variable that a loop changes now and then is a conditional of itself:
`n + 1 if found else n`. Written out ten times that is a thousand terms;
here it becomes a sum of ten.
"""

from sdd.predicates import expression as expression_lib
from sdd.predicates import folding


def conditional(
  test: expression_lib.Expression,
  then: expression_lib.Expression,
  otherwise: expression_lib.Expression,
) -> expression_lib.Expression:
  """The one or the other, both truths or both numbers.

  An early return is equal to the expression that it means.
  """
  if isinstance(test, expression_lib.Truth):
    return then if test.value else otherwise
  if then == otherwise:
    return then
  if isinstance(test, expression_lib.Not):
    return conditional(test.operand, otherwise, then)
  if expression_lib.type_of(then) == 'bool':
    joined = _truths(test, then, otherwise)
  else:
    joined = _numbers(test, then, otherwise)
  if joined is None:
    return expression_lib.Conditional(test, then, otherwise)
  return joined


def _truths(
  test: expression_lib.Expression,
  then: expression_lib.Expression,
  otherwise: expression_lib.Expression,
) -> expression_lib.Expression | None:
  """As and/or, where a branch is constant or a part of the other."""
  unless = folding.negate(test)
  match then, otherwise:
    case expression_lib.Truth(True), _:
      return folding.junction('or', (test, otherwise))
    case expression_lib.Truth(False), _:
      return folding.junction('and', (unless, otherwise))
    case _, expression_lib.Truth(True):
      return folding.junction('or', (unless, then))
    case _, expression_lib.Truth(False):
      return folding.junction('and', (test, then))
  return _shared(unless, then, otherwise) or _shared(test, otherwise, then)


def _shared(
  when: expression_lib.Expression,
  part: expression_lib.Expression,
  whole: expression_lib.Expression,
) -> expression_lib.Expression | None:
  """`whole if when else part`, where `whole` is `part` and/or something."""
  if not isinstance(whole, expression_lib.Junction):
    return None
  outer = whole.operator
  if isinstance(part, expression_lib.Junction) and part.operator == outer:
    parts = part.operands
  else:
    parts = (part,)
  if whole.operands[: len(parts)] != parts:
    return None
  rest = folding.junction(outer, whole.operands[len(parts) :])
  if outer == 'or':
    added = folding.junction('and', (when, rest))
  else:
    added = folding.junction('or', (folding.negate(when), rest))
  return folding.junction(outer, (part, added))


def _numbers(
  test: expression_lib.Expression,
  then: expression_lib.Expression,
  otherwise: expression_lib.Expression,
) -> expression_lib.Expression | None:
  """As a minimum, a maximum, or a sum with a conditional summand."""
  if isinstance(test, expression_lib.Comparison) and (
    (test.left, test.right) == (then, otherwise)
    and test.operator not in ('==', '!=')
  ):
    name = 'min' if test.operator in ('<', '<=') else 'max'
    return folding.function(name, (then, otherwise))
  zero = expression_lib.Number(0)
  added = _summand(otherwise, then)
  if added is not None:
    return folding.total((otherwise, conditional(test, added, zero)))
  added = _summand(then, otherwise)
  if added is not None:
    return folding.total((then, conditional(test, zero, added)))
  return None


def _summand(
  part: expression_lib.Expression, whole: expression_lib.Expression
) -> expression_lib.Expression | None:
  """What is added to `part` to make `whole`, if `whole` is such a sum."""
  match whole:
    case expression_lib.Arithmetic('+', left, right) if left == part:
      return right
    case expression_lib.Arithmetic('-', left, right) if left == part:
      return folding.minus(right)
    case expression_lib.Function('sum', operands):
      known = (
        part.operands
        if isinstance(part, expression_lib.Function) and part.name == 'sum'
        else (part,)
      )
      if operands[: len(known)] == known and len(operands) == len(known) + 1:
        return operands[-1]
  return None
