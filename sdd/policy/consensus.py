"""Which of several sampled chunks to execute: the one most others resemble.

A sampled chunk can lie at the edge of what was learnt, and one such chunk is
enough to miss a handle or to lose an object. Of several, the one nearest to
all others is none of these; and because it is one of them and not their mean,
it stays on one side of an obstacle. *KDPE* (Rosasco et al., CoRL 2025) does
the same with a kernel density.
"""

import numpy as np
from jaxtyping import Float

# Differences that weigh the same: 3 cm of way, 0.3 of a rotation's entry,
# 3 cm of opening.
SCALE = np.array([0.03] * 3 + [0.3] * 6 + [0.03])
DECAY = 0.8  # of an action's weight against the one before


def central(chunks: Float[np.ndarray, 'K Ta 10']) -> int:
  """Number of the chunk whose distances to all others have the least sum.

  Args:
    chunks: absolute actions in raw units.
  """
  apart = (chunks[:, None] - chunks[None]) / SCALE
  weight = DECAY ** np.arange(chunks.shape[1])
  distance = np.sqrt((apart * apart).sum(axis=3) @ weight)
  return int(np.argmin(distance.sum(axis=1)))
