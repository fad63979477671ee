"""Noise on what a simulated robot measures of itself and of objects."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.simulation import action

_ROWS = ('r00', 'r01', 'r02', 'r10', 'r11', 'r12')


@dataclasses.dataclass(frozen=True)
class Noise:
  """Standard deviations, Gaussian, drawn anew for every frame.

  The default is about what a calibrated camera with a pose estimator gives.

  Attributes:
    position: of each coordinate of the tool and of objects, metres.
    rotation: about each axis, radians.
    opening: of the fingers, metres.
    joint: of drawers and lids, metres or radians.
  """

  position: float = 0.002
  rotation: float = 0.01
  opening: float = 0.001
  joint: float = 0.002

  def __post_init__(self):
    for name, value in dataclasses.asdict(self).items():
      if not 0 <= value < np.inf:
        raise errors.SddError(
          f'The noise of the {name} is {value}; expected 0 or more.'
        )

  def scaled(self, strength: float) -> 'Noise':
    """That many times as much; SddError if that is negative or not finite."""
    return Noise(
      **{k: v * strength for k, v in dataclasses.asdict(self).items()}
    )


NONE = Noise(0, 0, 0, 0)


class Sensor:
  """Adds noise to a vector whose entries have names."""

  def __init__(self, names: Sequence[str], noise: Noise):
    """Names as `ActionSpec.layout` or `Scene.state_names` have them."""
    scale = np.zeros(len(names))
    turned: dict[str, list[int]] = {}
    for place, name in enumerate(names):
      owner, _, entry = name.rpartition('/')
      if entry in _ROWS:
        turned.setdefault(owner, []).append(place)
      elif entry in ('x', 'y', 'z'):
        scale[place] = noise.position
      else:
        scale[place] = noise.opening if entry == 'opening' else noise.joint
    self._scale, self._turn = scale, noise.rotation
    self._rows = np.array(list(turned.values()), int).reshape(-1, len(_ROWS))

  def measure(
    self, values: Float[np.ndarray, ' S'], rng: np.random.Generator
  ) -> Float[np.ndarray, ' S']:
    """A noisy copy; rotations stay rotations."""
    seen = values + self._scale * rng.standard_normal(len(values))
    turns = self._turn * rng.standard_normal((len(self._rows), 3))
    if len(self._rows):
      rows = values[self._rows].reshape(-1, 2, 3)
      # Rows of R turn with R -> R exp(w), to first order r -> r + r x w; the
      # decoder makes them orthonormal.
      moved = rows + np.cross(rows, turns[:, None])
      padded = np.zeros((len(rows), action.DIMENSION))
      padded[:, 3:9] = moved.reshape(-1, 6)
      _, rotation, _ = action.decode(np, padded)
      seen[self._rows] = rotation[:, :2].reshape(-1, 6)
    return seen.astype(values.dtype)
