"""Pictures at another size, to the bit as Pillow's bilinear filter has them.

The learner's pictures were resized by Pillow. A network may read much into
what rounding leaves, so the robot's are resized by the same rule: triangles
as wide as the coarser grid's pixels, first across, then down, with weights of
22 bits and bytes in between.
"""

import functools

import numpy as np

_BITS = 22  # of the weights' fraction


def resized(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Bytes (h, w, 3) as bytes (height, width, 3)."""
  height, width = size
  rows, columns, colours = picture.shape
  if columns != width:
    wide = np.moveaxis(picture, 1, 0).reshape(columns, -1)
    wide = _rounded(_weights(columns, width) @ wide)
    picture = np.moveaxis(wide.reshape(width, rows, colours), 0, 1)
  if rows != height:
    tall = _weights(rows, height) @ picture.reshape(rows, -1)
    picture = _rounded(tall).reshape(height, width, colours)
  return picture


def _rounded(total: np.ndarray) -> np.ndarray:
  """Fixed-point sums to bytes; they are whole, so doubles hold them."""
  return np.clip(np.floor(total / 2**_BITS + 0.5), 0, 255).astype(np.uint8)


@functools.lru_cache(maxsize=16)
def _weights(before: int, after: int) -> np.ndarray:
  """(after, before): what each pixel takes of those before, whole numbers."""
  scale = before / after
  reach = max(scale, 1.0)
  matrix = np.zeros((after, before))
  for place in range(after):
    centre = (place + 0.5) * scale
    first = max(int(centre - reach + 0.5), 0)
    last = min(int(centre + reach + 0.5), before)
    away = (np.arange(first, last) - centre + 0.5) / reach
    weight = np.maximum(1 - np.abs(away), 0)
    matrix[place, first:last] = np.floor(weight / weight.sum() * 2**_BITS + 0.5)
  return matrix
