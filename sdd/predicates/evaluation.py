"""The value of an expression over a batch of scene states."""

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from sdd.predicates import atoms, reading
from sdd.predicates import expression as expression_lib
from sdd.simulation import scene_state


class Evaluation:
  """One expression's evaluation over one pair of states.

  Everything is computed for the whole batch, both branches included. A
  number that is read and not finite is always a fault. A division by zero
  or an overflow is one only where Python would have computed it, so that
  `y != 0 and x / y > 2` is never a fault: `reached` says where.

  Attributes:
    faults: boolean arrays, each broadcastable to the batch.
  """

  def __init__(
    self,
    addresses: reading.Addresses,
    initial: scene_state.SceneState,
    final: scene_state.SceneState,
    xp: Any,
  ):
    """`xp` is `jax.numpy` or `numpy`, which does all arithmetic."""
    self._xp = xp
    self.faults: list[Any] = []
    self._readers: dict[str, reading.Reader] = {
      'init_state': reading.Reader(addresses, initial, self.faults, xp),
      'final_state': reading.Reader(addresses, final, self.faults, xp),
    }

  def value(self, expression: expression_lib.Expression, reached: Any) -> Any:
    """The value, broadcastable to the batch."""
    match expression:
      case expression_lib.Truth(constant):
        return self._xp.asarray(constant)
      case expression_lib.Number(constant):
        return self._xp.asarray(constant, np.float32)
      case expression_lib.Measurement(name, state, arguments):
        return atoms.BY_NAME[name].measure(self._readers[state], *arguments)
      case expression_lib.Coordinate(state, link, axis):
        return self._readers[state].position(link)[..., axis]
      case expression_lib.Not(operand):
        return ~self.value(operand, reached)
      case expression_lib.Junction():
        return self._junction(expression, reached)
      case expression_lib.Negation(operand):
        return -self.value(operand, reached)
      case expression_lib.Conditional(test, then, otherwise):
        chosen = self.value(test, reached)
        first = self.value(then, reached & chosen)
        second = self.value(otherwise, reached & ~chosen)
        return self._xp.where(chosen, first, second)
      case expression_lib.Builtin(name, operands):
        numbers = [self.value(operand, reached) for operand in operands]
        if name == 'abs':
          return self._xp.abs(numbers[0])
        extreme = self._xp.minimum if name == 'min' else self._xp.maximum
        return functools.reduce(extreme, numbers)
      case expression_lib.Comparison(symbol, left, right):
        sides = self.value(left, reached), self.value(right, reached)
        return _BINARY[symbol](*sides)
      case expression_lib.Arithmetic(symbol, left, right):
        sides = self.value(left, reached), self.value(right, reached)
        result = _BINARY[symbol](*sides)
        self.faults.append(reached & ~self._xp.isfinite(result))
        return result

  def _junction(self, junction: expression_lib.Junction, reached: Any) -> Any:
    """Left to right, reaching an operand only while it can matter."""
    conjunction = junction.operator == 'and'
    result = self._xp.asarray(conjunction)
    for operand in junction.operands:
      open_still = result if conjunction else ~result
      truth = self.value(operand, reached & open_still)
      result = result & truth if conjunction else result | truth
    return result


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
  '+': operator.add, '-': operator.sub, '*': operator.mul,
  '/': operator.truediv, '<': operator.lt, '<=': operator.le,
  '>': operator.gt, '>=': operator.ge, '==': operator.eq, '!=': operator.ne,
}  # fmt: skip
