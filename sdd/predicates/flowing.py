"""When control leaves a block of statements, and with what value."""

import ast
import dataclasses
from collections.abc import Sequence

from sdd.predicates import branching, folding, values
from sdd.predicates import expression as expression_lib

_FALSE, _TRUE = expression_lib.FALSE, expression_lib.TRUE


@dataclasses.dataclass(frozen=True)
class Flow:
  """What becomes of control in a block. At most one of the three is true.

  Attributes:
    returned: the function has returned,
    value: this, or None if it never does.
    broken: the innermost loop is left.
    continued: its iteration is.
  """

  returned: expression_lib.Expression = _FALSE
  value: expression_lib.Expression | None = None
  broken: expression_lib.Expression = _FALSE
  continued: expression_lib.Expression = _FALSE

  @property
  def skips(self) -> expression_lib.Expression:
    """When the rest of the block has no effect on the variables."""
    return either(self.broken, self.continued)

  @property
  def stays(self) -> bool:
    """Whether the rest of the block is always reached."""
    return self.value is None and self.broken is self.continued is _FALSE

  @property
  def leaves(self) -> bool:
    """Whether the rest of the block is never reached."""
    return either(self.returned, self.skips) == _TRUE


def either(
  first: expression_lib.Expression, second: expression_lib.Expression
) -> expression_lib.Expression:
  """`first or second`; True if either is that."""
  if first is _FALSE or second is _FALSE:
    return second if first is _FALSE else first
  if _TRUE in (first, second):
    return _TRUE
  return folding.junction('or', (first, second))


def split(
  test: expression_lib.Expression, first: Flow, second: Flow, node: ast.AST
) -> Flow:
  """That of `first if test else second`."""
  if first.stays and second.stays:
    return Flow()
  flags = [
    values.bounded(
      branching.conditional(test, getattr(first, flag), getattr(second, flag)),
      node,
    )
    for flag in ('returned', 'broken', 'continued')
  ]
  value = _value(test, first, second, node)
  return Flow(flags[0], value, flags[1], flags[2])


def chain(flows: Sequence[Flow], node: ast.AST | None) -> Flow:
  """That of blocks one after the other."""
  after = Flow()
  for flow in reversed(flows):
    after = _then(flow, after, node or ast.Module([], []))
  return after


def _then(flow: Flow, after: Flow, node: ast.AST) -> Flow:
  """That of `flow`, and of `after` where control has not left before."""
  if flow.stays:
    return after
  stays = folding.negate(flow.skips)
  returned = either(flow.returned, _both(stays, after.returned))
  others = []
  for one, two, other in (
    (flow.broken, after.broken, flow.continued),
    (flow.continued, after.continued, flow.broken),
  ):
    gone = either(flow.returned, other)
    others.append(either(one, _both(folding.negate(gone), two)))
  for flag in (returned, *others):
    values.bounded(flag, node)
  return Flow(returned, _value(flow.returned, flow, after, node), *others)


def _both(
  first: expression_lib.Expression, second: expression_lib.Expression
) -> expression_lib.Expression:
  if _FALSE in (first, second):
    return _FALSE
  return folding.junction('and', (first, second))


def _value(
  test: expression_lib.Expression, first: Flow, second: Flow, node: ast.AST
) -> expression_lib.Expression | None:
  if first.value is None or second.value is None:
    return second.value if first.value is None else first.value
  if test == _FALSE:
    return second.value
  joined = branching.conditional(test, first.value, second.value)
  return values.bounded(joined, node)
