"""What one camera saw of an episode."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float


@dataclasses.dataclass(frozen=True)
class View:
  """One camera's pictures, a picture a step.

  Attributes:
    images: encoded, PNG or JPEG.
    intrinsics: OpenCV's matrix K of each step, in pixels.
    extrinsics: world to camera in OpenCV's axes (x right, y down, z
      forward) at each step, metres.
  """

  images: Sequence[bytes]
  intrinsics: Float[np.ndarray, 'T 3 3']
  extrinsics: Float[np.ndarray, 'T 4 4']
