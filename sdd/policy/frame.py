"""How an action looks from inside the learner, and back.

Outside, positions are absolute in the robot base frame. Inside they may be
relative to the end effector's position at the time of the decision: most of
what a chunk says is then small and centred, and a motion learnt at one place
of the table serves at another. Rotation and opening stay as they are.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from sdd.dataset import statistics, windows
from sdd.simulation import action as actions

POSITION = slice(0, 3)  # of an action, and of the proprioception
CHUNK = 4096  # windows held in memory at once


def inward(
  action: Float[np.ndarray, '*b Ta 10'],
  end_effector: Float[np.ndarray, '*b 3'],
  *,
  relative: bool,
) -> Float[np.ndarray, '*b Ta 10']:
  """Makes the positions of absolute actions relative, if `relative`."""
  action = np.array(action, np.float32)
  if relative:
    action[..., POSITION] -= end_effector[..., None, :]
  return action


def outward(
  action: Float[np.ndarray, '*b Ta 10'],
  end_effector: Float[np.ndarray, '*b 3'],
  *,
  relative: bool,
) -> Float[np.ndarray, '*b Ta 10']:
  """The inverse of `inward`."""
  return inward(action, -end_effector, relative=relative)


def end_effector(
  observation: Float[np.ndarray, '*b To F'],
) -> Float[np.ndarray, '*b 3']:
  """Position of the end effector in the newest observation."""
  return observation[..., -1, POSITION]


def fit(
  data: windows.Windows, *, relative: bool, reach: float = 0.0
) -> statistics.Statistics:
  """Statistics of the dataset's actions as the learner sees them.

  Relative positions have statistics of their own for each step of the chunk,
  arrays of (Ta, 10): the first step is a tenth as long as the way of the whole
  chunk, and a centimetre must not get lost in it. Their limits leave `reach`
  metres more, for windows that are seen from off their place.
  """
  if not relative:
    return data.action_statistics
  parts: list[Any] = []
  for start in range(0, len(data), CHUNK):
    batch = data.gather(np.arange(start, min(start + CHUNK, len(data))))
    seen = inward(
      batch['action'], end_effector(batch['observation']), relative=True
    ).astype(np.float64)
    low, high = seen.min(axis=0), seen.max(axis=0)
    parts.append((low, high, seen.sum(axis=0), (seen**2).sum(axis=0)))
  low, high, total, squares = (
    np.stack(part) for part in zip(*parts, strict=True)
  )
  mean = _shared(total.sum(axis=0) / len(data), np.mean)
  square = _shared(squares.sum(axis=0) / len(data), np.mean)
  margin = np.where(np.arange(actions.DIMENSION) < POSITION.stop, reach, 0.0)
  low, high = low - margin, high + margin
  return statistics.Statistics(
    minimum=_shared(low.min(axis=0), np.min).astype(np.float32),
    maximum=_shared(high.max(axis=0), np.max).astype(np.float32),
    mean=mean.astype(np.float32),
    std=np.sqrt(np.maximum(square - mean**2, 0)).astype(np.float32),
  )


def _shared(
  moment: Float[np.ndarray, 'Ta 10'], over: Callable[..., np.ndarray]
) -> Float[np.ndarray, 'Ta 10']:
  """Rotation and opening have one moment for all steps."""
  moment = moment.copy()
  rest = slice(POSITION.stop, None)
  moment[:, rest] = over(moment[:, rest], axis=0)
  return moment
