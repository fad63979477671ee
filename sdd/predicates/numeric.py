"""What success code may call of `np` and `math`."""

import ast
import math
from collections.abc import Callable
from typing import TypeAlias

from sdd.predicates import (
  builtin,
  folding,
  mathematics,
  operators,
  scoping,
  values,
)
from sdd.predicates import expression as expression_lib

Call: TypeAlias = Callable[
  [ast.Call, dict[str, values.Value], scoping.Scope], values.Value
]


def _array(
  node: ast.Call, given: dict[str, values.Value], scope: scoping.Scope
) -> values.Value:
  items = values.items(given['object'], node)
  scope.budget.spend(node, len(items))
  return operators.array(items, node)


def _vector(value: values.Value, node: ast.AST) -> values.Vector:
  return operators.array(values.items(value, node), node)


def _norm(
  node: ast.Call, given: dict[str, values.Value], scope: scoping.Scope
) -> values.Value:
  elements: list[values.Value] = list(_vector(given['x'], node).items)
  return builtin.mathematical('math.hypot', node, elements, scope)


def _distance(
  node: ast.Call, given: dict[str, values.Value], scope: scoping.Scope
) -> values.Value:
  left, right = _vector(given['p'], node), _vector(given['q'], node)
  between = operators.combine('-', left, right, node, scope)
  return _norm(node, {'x': between}, scope)


def _dot(
  node: ast.Call, given: dict[str, values.Value], scope: scoping.Scope
) -> values.Value:
  left, right = _vector(given['a'], node), _vector(given['b'], node)
  product = operators.combine('*', left, right, node, scope)
  return builtin.total(node, product, scope)


def _mean(
  node: ast.Call, given: dict[str, values.Value], scope: scoping.Scope
) -> values.Value:
  summed = builtin.total(node, given['a'], scope)
  count = expression_lib.Number(len(values.items(given['a'], node)))
  return operators.combine('/', summed, count, node, scope)


def _clip(
  node: ast.Call, given: dict[str, values.Value], scope: scoping.Scope
) -> values.Value:
  raised = builtin.mathematical(
    'max', node, [given['a'], given['a_min']], scope
  )
  return builtin.mathematical('min', node, [raised, given['a_max']], scope)


def _close(
  node: ast.Call, given: dict[str, values.Value], scope: scoping.Scope
) -> values.Value:
  """NumPy's: |a - b| <= atol + rtol * |b|."""
  between = operators.combine('-', given['a'], given['b'], node, scope)
  size = builtin.mathematical('abs', node, [given['b']], scope)
  share = operators.combine('*', given['rtol'], size, node, scope)
  allowed = operators.combine('+', given['atol'], share, node, scope)
  distance = builtin.mathematical('abs', node, [between], scope)
  return operators.compare('<=', distance, allowed, node, scope)


def _all_close(
  node: ast.Call, given: dict[str, values.Value], scope: scoping.Scope
) -> values.Value:
  arrays: dict[str, values.Value] = {
    name: _vector(value, node) if isinstance(value, values.Sequence) else value
    for name, value in given.items()
  }
  close = _close(node, arrays, scope)
  if not isinstance(close, values.Vector):
    return close
  return builtin.quantified('all', node, close)


def _math_close(
  node: ast.Call, given: dict[str, values.Value], scope: scoping.Scope
) -> values.Value:
  """Python's: |a - b| <= max(rel_tol * max(|a|, |b|), abs_tol)."""
  between = operators.combine('-', given['a'], given['b'], node, scope)
  sizes = [
    builtin.mathematical('abs', node, [given[name]], scope) for name in 'ab'
  ]
  larger = builtin.mathematical('max', node, sizes, scope)
  share = operators.combine('*', given['rel_tol'], larger, node, scope)
  allowed = builtin.mathematical('max', node, [share, given['abs_tol']], scope)
  distance = builtin.mathematical('abs', node, [between], scope)
  return operators.compare('<=', distance, allowed, node, scope)


def _scaled(factor: float) -> Call:
  def call(
    node: ast.Call, given: dict[str, values.Value], scope: scoping.Scope
  ) -> values.Value:
    return operators.combine(
      '*', given['x'], expression_lib.Number(factor), node, scope
    )

  return call


def _power(
  node: ast.Call, given: dict[str, values.Value], scope: scoping.Scope
) -> values.Value:
  return operators.combine('**', given['x'], given['y'], node, scope)


def _quantified(name: str) -> Call:
  return lambda node, given, scope: builtin.quantified(name, node, given['a'])


def _extreme(name: str) -> Call:
  return lambda node, given, scope: builtin.extreme(
    name, node, [given['a']], scope
  )


def _total(
  node: ast.Call, given: dict[str, values.Value], scope: scoping.Scope
) -> values.Value:
  return builtin.total(node, given['a'], scope)


# Path to the names of the arguments, with the defaults of the last ones.
FUNCTIONS: dict[str, tuple[dict[str, float | None], Call]] = {
  'np.array': ({'object': None}, _array),
  'np.asarray': ({'object': None}, _array),
  'np.linalg.norm': ({'x': None}, _norm),
  'np.dot': ({'a': None, 'b': None}, _dot),
  'np.allclose': (
    {'a': None, 'b': None, 'rtol': 1e-5, 'atol': 1e-8},
    _all_close,
  ),
  'np.isclose': ({'a': None, 'b': None, 'rtol': 1e-5, 'atol': 1e-8}, _close),
  'np.clip': ({'a': None, 'a_min': None, 'a_max': None}, _clip),
  'np.all': ({'a': None}, _quantified('all')),
  'np.any': ({'a': None}, _quantified('any')),
  'np.sum': ({'a': None}, _total),
  'np.mean': ({'a': None}, _mean),
  'np.min': ({'a': None}, _extreme('min')),
  'np.max': ({'a': None}, _extreme('max')),
  'np.deg2rad': ({'x': None}, _scaled(math.pi / 180)),
  'np.radians': ({'x': None}, _scaled(math.pi / 180)),
  'np.rad2deg': ({'x': None}, _scaled(180 / math.pi)),
  'np.degrees': ({'x': None}, _scaled(180 / math.pi)),
  'math.radians': ({'x': None}, _scaled(math.pi / 180)),
  'math.degrees': ({'x': None}, _scaled(180 / math.pi)),
  'math.dist': ({'p': None, 'q': None}, _distance),
  'math.pow': ({'x': None, 'y': None}, _power),
  'math.isclose': (
    {'a': None, 'b': None, 'rel_tol': 1e-9, 'abs_tol': 0.0},
    _math_close,
  ),
}
MATHEMATICAL = tuple(
  path
  for path in (*mathematics.FUNCTIONS, *mathematics.ALIASES)
  if path.startswith(('math.', 'np.'))
)


def default(value: float) -> expression_lib.Expression:
  """The constant that an argument has unless it is given."""
  return folding.literal(value)
