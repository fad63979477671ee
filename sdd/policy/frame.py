"""How an action looks from inside the learner, and back.

Outside, positions are absolute in the robot base frame. Inside they may be
relative to the end effector's position at the time of the decision: most of
what a chunk says is then small and centred, and a motion learnt at one place
of the table serves at another. Rotation and opening stay as they are.
"""

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


def fit(data: windows.Windows, *, relative: bool) -> statistics.Statistics:
  """Statistics of the dataset's actions as the learner sees them."""
  if not relative:
    return data.action_statistics
  parts: list[Any] = []
  for start in range(0, len(data), CHUNK):
    batch = data.gather(np.arange(start, min(start + CHUNK, len(data))))
    seen = inward(
      batch['action'], end_effector(batch['observation']), relative=True
    )
    flat = seen.reshape(-1, seen.shape[-1]).astype(np.float64)
    low, high = flat.min(axis=0), flat.max(axis=0)
    parts.append((low, high, flat.sum(axis=0), (flat**2).sum(axis=0)))
  low, high, total, squares = (
    np.stack(part) for part in zip(*parts, strict=True)
  )
  count = len(data) * data.gather(np.arange(1))['action'].shape[1]
  mean = total.sum(axis=0) / count
  variance = np.maximum(squares.sum(axis=0) / count - mean**2, 0)
  return statistics.Statistics(
    minimum=low.min(axis=0).astype(np.float32),
    maximum=high.max(axis=0).astype(np.float32),
    mean=mean.astype(np.float32),
    std=np.sqrt(variance).astype(np.float32),
  )
