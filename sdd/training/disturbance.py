"""As if the tool had strayed: observations off the demonstrated way.

A planner's demonstrations never stray, so a policy that learns from them
alone has never seen how to come back. Here the tool is observed a little off
its place, while the actions stay where they were: absolute targets, so the
same window now shows the way back. Close to what DART (Laskey et al., CoRL
2017) gets by disturbing the demonstrator, without collecting anew.

Two more things that demonstrations alone teach wrongly: some windows are seen
standing still, or a policy that once stopped would never start again; and in
some the fingers are anywhere, as after they closed on nothing.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from sdd.simulation import action

TURN = 4.0  # radians for a metre
OPENING = 0.2  # metres for a metre
UNSTEADY = 0.3  # share by which observations of one window differ
LIMIT = 2.5  # standard deviations
STILL, ANYWHERE = 0.2, 0.1  # shares of windows
STREAM = 12  # of random numbers; others draw from the same seed and step
WIDEST = 0.11  # metres between the fingers


class Disturbance(NamedTuple):
  """What is done to each window of a batch.

  Attributes:
    stray: of each observation; displacement (3, metres), turn (3, radians),
      opening (1, metres).
    still: whether all observations are like the newest.
    opening: of the fingers, metres; NaN for the true one.
  """

  stray: Float[np.ndarray, 'B To 7']
  still: Bool[np.ndarray, ' B']
  opening: Float[np.ndarray, ' B']


def reach(scale: float) -> float:
  """The largest displacement along an axis, metres."""
  return LIMIT * scale * (1 + UNSTEADY)


def draw(
  generator: np.random.Generator, count: int, horizon: int, *, scale: float
) -> Disturbance:
  """Disturbances of `count` windows with `horizon` observations.

  How far a tool strays is drawn for every window, so most are hardly
  disturbed and some very much; all observations of a window stray nearly
  alike, as a tool does.

  Args:
    generator: of the noise.
    count: windows.
    horizon: observations per window.
    scale: the largest standard deviation along each axis, metres.
  """
  common = generator.standard_normal((count, 1, 7))
  own = generator.standard_normal((count, horizon, 7))
  noise = np.clip(common, -LIMIT, LIMIT)
  noise = noise + UNSTEADY * np.clip(own, -LIMIT, LIMIT)
  units = np.array([1, 1, 1, TURN, TURN, TURN, OPENING])
  size = scale * generator.random((count, 1, 1)) ** 3
  chance = generator.random((count, 2))
  opening = generator.random(count) * WIDEST
  return Disturbance(
    stray=size * noise * units,
    still=chance[:, 0] < STILL,
    opening=np.where(chance[:, 1] < ANYWHERE, opening, np.nan),
  )


def disturbed(
  observation: Float[np.ndarray, 'B To F'], by: Disturbance
) -> Float[np.ndarray, 'B To F']:
  """Observations so disturbed; proprioception (10) comes first in them."""
  result = np.array(observation, np.float32)
  stray = by.stray
  result[..., 0:3] += stray[..., 0:3]
  result[..., 3:9] = _turned(result[..., 3:9], stray[..., 3:6])
  fingers = np.maximum(result[..., action.DIMENSION - 1] + stray[..., 6], 0)
  given = by.opening[:, None]
  result[..., action.DIMENSION - 1] = np.where(np.isnan(given), fingers, given)
  return np.where(by.still[:, None, None], result[:, -1:], result)


def _turned(
  rows: Float[np.ndarray, '*b 6'], vector: Float[np.ndarray, '*b 3']
) -> Float[np.ndarray, '*b 6']:
  """Rotation rows after a turn by the small vector, about the base's axes."""
  angle = np.linalg.norm(vector, axis=-1, keepdims=True)
  axis = vector / np.maximum(angle, 1e-9)
  first, second = rows[..., :3], rows[..., 3:]
  matrix = np.stack([first, second, np.cross(first, second)], axis=-2)
  # Rodrigues' formula on every column.
  columns = np.swapaxes(matrix, -1, -2)
  along = np.sum(columns * axis[..., None, :], axis=-1, keepdims=True)
  turned = (
    columns * np.cos(angle)[..., None]
    + np.cross(axis[..., None, :], columns) * np.sin(angle)[..., None]
    + axis[..., None, :] * along * (1 - np.cos(angle))[..., None]
  )
  after = np.swapaxes(turned, -1, -2)
  return after[..., :2, :].reshape(rows.shape).astype(np.float32)
