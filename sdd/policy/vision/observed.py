"""The pictures of an observation, as the network's encoder takes them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import UInt8

from sdd import errors
from sdd.dataset import pictures


def stacked(
  observation: Mapping[str, Any],
  expected: pictures.PictureSpec,
  size: tuple[int, int],
) -> UInt8[np.ndarray, 'cameras height width 3']:
  """Every camera's picture, checked and resized as for training.

  Args:
    observation: holds `<camera>_image` for each camera.
    expected: what the cameras deliver.
    size: height and width of the result.

  Raises:
    SddError: a picture is missing, or has another shape or type.
  """
  names = [f'{camera}_image' for camera in expected.cameras]
  missing = [name for name in names if name not in observation]
  if missing:
    raise errors.SddError(
      f'The observation lacks {missing}; it has {sorted(observation)}. A '
      'policy that sees needs the pictures whenever it infers.'
    )
  rows = []
  for name, (height, width) in zip(names, expected.sizes, strict=True):
    picture = np.asarray(observation[name])
    if picture.shape != (height, width, 3) or picture.dtype != np.uint8:
      raise errors.SddError(
        f'The observation {name!r} has shape {picture.shape} and type '
        f'{picture.dtype}; this policy was trained with '
        f'({height}, {width}, 3) and uint8.'
      )
    rows.append(pictures.resized(picture, size))
  return np.stack(rows)
