"""Rotations: between rows of a matrix and quaternions (wxyz), and in between.

An action has the first two rows of a rotation matrix. A network's answer is
nearly orthonormal; Gram-Schmidt makes it a rotation, as the simulators do.
"""

import numpy as np

Array = np.ndarray
_LEAST = 1e-3  # length of a row, and of what is left of the second


def from_rows(rows: Array) -> Array:
  """Unit quaternion (4,) of the rows (6,).

  Raises:
    ValueError: they are too short, or parallel: no rotation.
  """
  first, second = np.asarray(rows, float).reshape(2, 3)
  length = np.linalg.norm(first)
  if length > _LEAST:
    first = first / length
    second = second - (first @ second) * first
    length = np.linalg.norm(second)
  if not length > _LEAST:
    raise ValueError(f'The rows {rows} are those of no rotation matrix.')
  second = second / length
  return _quaternion(np.stack([first, second, _cross(first, second)]))


def rows(quaternion: Array) -> Array:
  """First two rows (6,) of the rotation matrix of a unit quaternion."""
  w, x, y, z = quaternion
  return np.array(
    [
      1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
      2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
    ]
  )  # fmt: skip


def angle(first: Array, second: Array) -> float:
  """Radians, 0 to pi, from one rotation to another."""
  # Twice the angle between two vectors in four dimensions. Of all formulae
  # this one is exact for small angles, too.
  near = second if first @ second >= 0 else -second
  apart, along = np.linalg.norm(first - near), np.linalg.norm(first + near)
  return float(4 * np.arctan2(apart, along))


def slerp(first: Array, second: Array, part: float) -> Array:
  """The rotation at a part, 0 to 1, of the shortest way to another."""
  near = second if first @ second >= 0 else -second
  half = angle(first, near) / 2
  if half < 1e-9:
    between = first + part * (near - first)
  else:
    between = np.sin((1 - part) * half) * first + np.sin(part * half) * near
  return between / np.linalg.norm(between)


def _cross(first: Array, second: Array) -> Array:
  """As `numpy.cross`, ten times as fast for two vectors."""
  (a, b, c), (d, e, f) = first, second
  return np.array([b * f - c * e, c * d - a * f, a * e - b * d])


def _quaternion(matrix: Array) -> Array:
  """By the largest of its four components, which divides the others."""
  (a, b, c), (d, e, f), (g, h, i) = matrix
  # Four times the products of any two components.
  products = np.array(
    [
      [1 + a + e + i, h - f, c - g, d - b],
      [h - f, 1 + a - e - i, b + d, c + g],
      [c - g, b + d, 1 - a + e - i, f + h],
      [d - b, c + g, f + h, 1 - a - e + i],
    ]
  )
  found = products[np.argmax(np.diag(products))]
  return found / np.linalg.norm(found)
