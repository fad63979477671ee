"""As if the tool had strayed: observations off the demonstrated way.

A planner's demonstrations never stray, so a policy that learns from them
alone has never seen how to come back. Here the tool is observed a little off
its place, while the actions stay where they were: absolute targets, so the
same window now shows the way back. Close to what DART (Laskey et al., CoRL
2017) gets by disturbing the demonstrator, without collecting anew.
"""

import numpy as np
from jaxtyping import Float

from sdd.simulation import action

TURN = 4.0  # radians for a metre
OPENING = 0.2  # metres for a metre
UNSTEADY = 0.3  # share by which observations of one window differ
LIMIT = 2.5  # standard deviations


def reach(scale: float) -> float:
  """The largest displacement along an axis, metres."""
  return LIMIT * scale * (1 + UNSTEADY)


def draw(
  generator: np.random.Generator, count: int, horizon: int, *, scale: float
) -> Float[np.ndarray, 'B To 7']:
  """Displacement (3, metres), turn (3, radians), opening (1, metres).

  How far is drawn for every window, so many are hardly disturbed; all
  observations of a window stray nearly alike, as a tool does.

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
  return scale * generator.random((count, 1, 1)) ** 3 * noise * units


def disturbed(
  observation: Float[np.ndarray, 'B To F'],
  noise: Float[np.ndarray, 'B To 7'],
) -> Float[np.ndarray, 'B To F']:
  """Observations whose tool strays by so much; proprioception (10) first."""
  result = np.array(observation, np.float32)
  result[..., 0:3] += noise[..., 0:3]
  result[..., 3:9] = _turned(result[..., 3:9], noise[..., 3:6])
  opening = result[..., action.DIMENSION - 1]
  result[..., action.DIMENSION - 1] = np.maximum(opening + noise[..., 6], 0)
  return result


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
