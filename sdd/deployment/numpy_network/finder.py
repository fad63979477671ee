"""From what the cameras see to where the named objects are."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sdd.deployment.numpy_network import encoder, layers

_UNITS = np.array([0.1] * 6 + [1] * 9 + [0.1], np.float32)


class Finder:
  """Tells of every object what others are told; names are folded at load."""

  def __init__(
    self,
    arrays: Mapping[str, np.ndarray],
    config: Mapping[str, Any],
    names: np.ndarray,
  ):
    named, self._seen, self._hidden, self._output = (
      layers.Dense(arrays, f'finder/{part}')
      for part in ('named', 'seen', 'hidden', 'output')
    )
    self._feels: bool = config['use_proprioception']
    scale, self._bias = np.split(named(names.shape[1] ** 0.5 * names), 2, 1)
    self._scale = 1 + scale

  def __call__(self, history: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Observations (To, F) whose objects stand where they are seen."""
    pose = history[-1, :10] if self._feels else layers.BLANK
    x = self._seen(np.concatenate([seen, pose]))
    x = layers.mish(x * self._scale + self._bias)
    answer = self._output(layers.mish(self._hidden(x)))
    base, tool, share, rest = np.split(answer * _UNITS, (3, 6, 9), axis=1)
    from_tool = pose[:3] + tool @ encoder.rotation(pose[3:9]).T
    share = 1 / (1 + np.exp(-share))
    place = share * base + (1 - share) * from_tool
    rows = np.concatenate([place, rest], axis=1).ravel()
    repeated = np.broadcast_to(rows, (len(history), rows.size))
    return np.concatenate([history[:, :10], repeated], axis=1)
