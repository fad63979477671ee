"""The value of an expression over a batch of scene states, in JAX."""

import functools
from typing import Any

from jax import numpy as jnp

from sdd.predicates import atoms, reading
from sdd.predicates import expression as expression_lib
from sdd.scenes import vocabulary as vocabulary_lib
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
    vocabulary: vocabulary_lib.Vocabulary,
    initial: scene_state.SceneState,
    final: scene_state.SceneState,
  ):
    self.faults: list[Any] = []
    self._readers: dict[str, reading.Reader] = {
      'init_state': reading.Reader(vocabulary, initial, self.faults),
      'final_state': reading.Reader(vocabulary, final, self.faults),
    }

  def value(self, expression: expression_lib.Expression, reached: Any) -> Any:
    """The value, broadcastable to the batch."""
    match expression:
      case expression_lib.Truth(constant):
        return jnp.asarray(constant)
      case expression_lib.Number(constant):
        return jnp.asarray(constant, jnp.float32)
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
        return jnp.where(chosen, first, second)
      case expression_lib.Builtin(name, operands):
        numbers = [self.value(operand, reached) for operand in operands]
        if name == 'abs':
          return jnp.abs(numbers[0])
        return functools.reduce(_MINMAX[name], numbers)
      case expression_lib.Comparison(operator, left, right):
        sides = self.value(left, reached), self.value(right, reached)
        return _BINARY[operator](*sides)
      case expression_lib.Arithmetic(operator, left, right):
        sides = self.value(left, reached), self.value(right, reached)
        result = _BINARY[operator](*sides)
        self.faults.append(reached & ~jnp.isfinite(result))
        return result

  def _junction(self, junction: expression_lib.Junction, reached: Any) -> Any:
    """Left to right, reaching an operand only while it can matter."""
    conjunction = junction.operator == 'and'
    result = jnp.asarray(conjunction)
    for operand in junction.operands:
      open_still = result if conjunction else ~result
      truth = self.value(operand, reached & open_still)
      result = result & truth if conjunction else result | truth
    return result


_MINMAX = {'min': jnp.minimum, 'max': jnp.maximum}
_BINARY = {
  '+': jnp.add, '-': jnp.subtract, '*': jnp.multiply, '/': jnp.divide,
  '<': jnp.less, '<=': jnp.less_equal, '>': jnp.greater,
  '>=': jnp.greater_equal, '==': jnp.equal, '!=': jnp.not_equal,
}  # fmt: skip
