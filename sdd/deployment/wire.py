"""Messages between a policy server and its clients: msgpack with arrays.

As openpi's clients write them: an array is the map {b'__ndarray__': True,
b'data': bytes, b'dtype': e.g. '<f4', b'shape': [...]}, a NumPy scalar
{b'__npgeneric__': True, b'data': value, b'dtype': ...}. Nothing is ever
unpickled, and only numbers and booleans have arrays. What comes from others
may be anything, so `unpack` bounds what it costs.

Needs NumPy and msgpack, from the extra `serve`.
"""

import math
import re
from typing import Any

import msgpack
import numpy as np

ARRAY, SCALAR = b'__ndarray__', b'__npgeneric__'
MOST_ITEMS = 100_000  # elements of lists and maps in one message, together
MOST_AXES = 8
_KINDS = 'biuf'
_DTYPE = re.compile(r'[<>|=]?[?biuf][0-9]{0,2}')


class WireError(ValueError):
  """A message that is none; the text says what is wrong with it."""


def pack(message: Any) -> bytes:
  """A message of plain values, NumPy arrays and scalars as bytes.

  Raises:
    WireError: it holds something else.
  """
  try:
    packed: Any = msgpack.packb(message, default=_plain)
    return packed
  except (TypeError, ValueError, OverflowError) as problem:
    raise WireError(f'The message cannot be sent: {problem}') from problem


def unpack(data: bytes) -> Any:
  """The inverse of `pack`; arrays are read-only.

  Raises:
    WireError: these bytes are no message, or one with too much in it.
  """
  reader = _Reader()
  try:
    return msgpack.unpackb(
      data,
      object_hook=reader.mapping,
      list_hook=reader.items,
      ext_hook=_refuse,
      max_array_len=MOST_ITEMS,
      max_map_len=MOST_ITEMS,
    )
  except WireError:
    raise
  except (ValueError, TypeError, msgpack.UnpackException) as problem:
    raise WireError(
      f'Expected one msgpack message; got {len(data)} bytes that are none: '
      f'{type(problem).__name__}: {problem}'
    ) from problem


class _Reader:
  """Turns maps into arrays, and counts what one message holds."""

  def __init__(self):
    self._left = MOST_ITEMS

  def items(self, found: list[Any]) -> list[Any]:
    self._spend(len(found))
    return found

  def mapping(self, found: dict[Any, Any]) -> Any:
    self._spend(len(found))
    if ARRAY in found:
      return _array(found)
    if SCALAR in found:
      return _scalar(found)
    return found

  def _spend(self, count: int) -> None:
    self._left -= count + 1
    if self._left < 0:
      raise WireError(
        f'A message holds more than {MOST_ITEMS} values in lists and maps; '
        'send numbers as arrays.'
      )


def _plain(value: Any) -> dict[bytes, Any]:
  if isinstance(value, np.ndarray | np.generic):
    if value.dtype.kind not in _KINDS:
      raise TypeError(f'an array of {value.dtype}; expected numbers')
    if isinstance(value, np.generic):
      return {SCALAR: True, b'data': value.item(), b'dtype': value.dtype.str}
    return {
      ARRAY: True,
      b'data': value.tobytes(),
      b'dtype': value.dtype.str,
      b'shape': value.shape,
    }
  raise TypeError(f'{type(value).__name__} is neither plain nor an array')


def _array(found: dict[Any, Any]) -> np.ndarray:
  dtype, shape = _dtype(found), _shape(found.get(b'shape'))
  data = found.get(b'data')
  size = math.prod(shape) * dtype.itemsize
  if not isinstance(data, bytes) or len(data) != size:
    there = len(data) if isinstance(data, bytes) else _short(data)
    raise WireError(
      f'An array of shape {shape} and {dtype} takes {size} bytes; got {there}.'
    )
  try:
    return np.ndarray(shape, dtype, data)
  except ValueError as problem:  # no elements, but axes beyond all bounds
    raise WireError(f'An array of shape {shape}: {problem}') from problem


def _shape(found: Any) -> tuple[int, ...]:
  good = isinstance(found, list) and len(found) <= MOST_AXES
  if not good or not all(type(n) is int and 0 <= n < 2**31 for n in found):
    raise WireError(
      f'An array has the shape {_short(found)}; expected a list of at most '
      f'{MOST_AXES} sizes.'
    )
  return tuple(found)


def _scalar(found: dict[Any, Any]) -> np.generic:
  dtype, value = _dtype(found), found.get(b'data')
  if not isinstance(value, bool | int | float):
    raise WireError(f'A scalar is {_short(value)}; expected a number.')
  try:
    return dtype.type(value)
  except (OverflowError, ValueError) as problem:
    raise WireError(f'A scalar of {dtype}: {problem}') from problem


def _dtype(found: dict[Any, Any]) -> np.dtype:
  name = found.get(b'dtype')
  if isinstance(name, str) and _DTYPE.fullmatch(name):
    try:
      return np.dtype(name)
    except TypeError:
      pass
  raise WireError(
    f"An array's dtype is {_short(name)}; expected that of numbers, such as "
    "'<f4' or '|u1'."
  )


def _refuse(code: int, data: bytes) -> Any:
  raise WireError(f'A message holds the msgpack extension {code}; none known.')


def _short(value: Any) -> str:
  """A value as text of bounded length."""
  if isinstance(value, str | bytes | list | dict) and len(value) > 40:
    return f'a {type(value).__name__} of length {len(value)}'
  return repr(value)[:80]
