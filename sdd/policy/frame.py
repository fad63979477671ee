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

POSITION = slice(0, 3)  # of an action, and of the proprioception
CHUNK = 4096  # windows held in memory at once


def inward(
  action: Float[np.ndarray, '*b Ta 10'],
  end_effector: Float[np.ndarray, '*b 3'],
  *,
  relative: bool,
  scale: float = 0.0,
) -> Float[np.ndarray, '*b Ta 10']:
  """Makes the positions of absolute actions relative, if `relative`.

  Args:
    action: absolute actions.
    end_effector: position at the time of the decision.
    relative: whether to do anything at all.
    scale: metres; what is much farther is squeezed, see `squeezed`. 0 for not.
  """
  action = np.array(action, np.float32)
  if relative:
    action[..., POSITION] -= end_effector[..., None, :]
    action[..., POSITION] = squeezed(action[..., POSITION], scale)
  return action


def outward(
  action: Float[np.ndarray, '*b Ta 10'],
  end_effector: Float[np.ndarray, '*b 3'],
  *,
  relative: bool,
  scale: float = 0.0,
) -> Float[np.ndarray, '*b Ta 10']:
  """The inverse of `inward`."""
  action = np.array(action, np.float32)
  if relative:
    if scale:
      action[..., POSITION] = scale * np.sinh(action[..., POSITION] / scale)
    action[..., POSITION] += end_effector[..., None, :]
  return action


def squeezed(
  distance: Float[np.ndarray, '*b'], scale: float
) -> Float[np.ndarray, '*b']:
  """Distances as they are up to about `scale`, their logarithm beyond.

  A policy has to be precise where it is near and may be rough where the way
  is long: an error counts relative to the distance.
  """
  return scale * np.arcsinh(distance / scale) if scale else distance


def end_effector(
  observation: Float[np.ndarray, '*b To F'],
) -> Float[np.ndarray, '*b 3']:
  """Position of the end effector in the newest observation."""
  return observation[..., -1, POSITION]


def fit(
  data: windows.Windows,
  *,
  relative: bool,
  scale: float = 0.0,
  reach: float = 0.0,
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
    seen[..., POSITION] = squeezed(seen[..., POSITION], scale)
    parts.append((low, high, seen.sum(axis=0), (seen**2).sum(axis=0)))
  low, high, total, squares = (
    np.stack(part) for part in zip(*parts, strict=True)
  )
  low, high = low.min(axis=0), high.max(axis=0)
  low[:, POSITION] = squeezed(low[:, POSITION] - reach, scale)
  high[:, POSITION] = squeezed(high[:, POSITION] + reach, scale)
  mean = _shared(total.sum(axis=0) / len(data), np.mean)
  square = _shared(squares.sum(axis=0) / len(data), np.mean)
  return statistics.Statistics(
    minimum=_shared(low, np.min).astype(np.float32),
    maximum=_shared(high, np.max).astype(np.float32),
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
