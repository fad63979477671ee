"""Reductions over axes of a few entries: coordinates, parts of a thing.

NumPy is quickest with one call for each. XLA makes an inner loop of a
reduction; written out, a whole predicate is one loop over the batch without
branches, in half the time.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np


def every(xp: Any, truths: Any, axes: int) -> Any:
  """Whether all of the last `axes` axes are true."""
  return _reduced(xp, 'all', operator.and_, truths, axes)


def product(xp: Any, numbers: Any) -> Any:
  """Of the last axis."""
  return _reduced(xp, 'prod', operator.mul, numbers, 1)


def total(xp: Any, numbers: Any) -> Any:
  """Of the last axis."""
  return _reduced(xp, 'sum', operator.add, numbers, 1)


def _reduced(
  xp: Any,
  name: str,
  combine: Callable[[Any, Any], Any],
  array: Any,
  axes: int,
) -> Any:
  if axes == 0:
    return array
  if xp is np:
    return getattr(array, name)(axis=tuple(range(-axes, 0)))
  entries = np.ndindex(*array.shape[-axes:])
  return functools.reduce(combine, (array[(..., *each)] for each in entries))
