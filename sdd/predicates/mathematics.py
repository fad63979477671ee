"""Functions of numbers: what each is in Python, and over a whole batch."""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any

MAX_NUMBER = 1e30  # Well inside the range of float32.
MAX_POWER = 8  # largest exponent of a number that is not a constant


@dataclasses.dataclass(frozen=True)
class Function:
  """One function of one or more numbers.

  Attributes:
    plain: it over Python's own numbers, for constants.
    batched: `xp` and arrays to an array.
    least: how many numbers it takes,
    most: to how many; None is any number.
  """

  plain: Callable[..., Any]
  batched: Callable[..., Any]
  least: int = 1
  most: int | None = 1


def _ufunc(name: str) -> Callable[..., Any]:
  return lambda xp, *arrays: getattr(xp, name)(*arrays)


def _reduced(name: str) -> Callable[..., Any]:
  return lambda xp, *arrays: functools.reduce(getattr(xp, name), arrays)


def _hypot(xp: Any, *arrays: Any) -> Any:
  squares = [array * array for array in arrays]
  return xp.sqrt(functools.reduce(xp.add, squares))


# By canonical name, which is what the canonical text says.
FUNCTIONS: dict[str, Function] = {
  'abs': Function(abs, _ufunc('abs')),
  'min': Function(min, _reduced('minimum'), 2, None),
  'max': Function(max, _reduced('maximum'), 2, None),
  'sum': Function(lambda *each: sum(each), _reduced('add'), 2, None),
  'round': Function(round, _ufunc('round')),
  'int': Function(int, _ufunc('trunc')),
  'math.floor': Function(math.floor, _ufunc('floor')),
  'math.ceil': Function(math.ceil, _ufunc('ceil')),
  'math.sqrt': Function(math.sqrt, _ufunc('sqrt')),
  'math.hypot': Function(math.hypot, _hypot, 1, None),
  'math.sin': Function(math.sin, _ufunc('sin')),
  'math.cos': Function(math.cos, _ufunc('cos')),
  'math.tan': Function(math.tan, _ufunc('tan')),
  'math.asin': Function(math.asin, _ufunc('arcsin')),
  'math.acos': Function(math.acos, _ufunc('arccos')),
  'math.atan': Function(math.atan, _ufunc('arctan')),
  'math.atan2': Function(math.atan2, _ufunc('arctan2'), 2, 2),
  'math.exp': Function(math.exp, _ufunc('exp')),
  'math.log': Function(math.log, _ufunc('log')),
}

# What models write for the same.
ALIASES: dict[str, str] = {
  'math.fabs': 'abs',
  'math.trunc': 'int',
  **{f'np.{name}': name for name in ('abs', 'round')},
  **{
    f'np.{name}': f'math.{name}'
    for name in ('floor', 'ceil', 'sqrt', 'sin', 'cos', 'tan', 'exp', 'log')
  },
  'np.absolute': 'abs',
  'np.fabs': 'abs',
  'np.trunc': 'int',
  'np.rint': 'round',
  'np.hypot': 'math.hypot',
  'np.arcsin': 'math.asin',
  'np.arccos': 'math.acos',
  'np.arctan': 'math.atan',
  'np.arctan2': 'math.atan2',
  'np.minimum': 'min',
  'np.maximum': 'max',
}
CONSTANTS: dict[str, float] = {
  'math.pi': math.pi, 'np.pi': math.pi, 'math.tau': math.tau,
  'math.e': math.e, 'np.e': math.e,
}  # fmt: skip


def power(base: Any, exponent: float) -> Any:
  """`base ** exponent` for whole exponents, by multiplication alone.

  Arrays of NumPy and JAX then agree to the last bit.
  """
  result = functools.reduce(
    lambda product, _: product * base, range(int(abs(exponent)) - 1), base
  )
  return 1 / result if exponent < 0 else result
