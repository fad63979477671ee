"""What pushes a robot off its way, now and then.

An arm that always goes exactly where it is sent is shown nowhere but on the
way, and whoever learns from it does not know the way back. In a world with a
push, commands are off by a few centimetres for a moment, while what is noted
as done is what was commanded: the way back. *DART* (Laskey et al., CoRL 2017)
collects demonstrations like that; here nobody who acts is told, so that a
policy can be tried out the same way.
"""

import numpy as np
from jaxtyping import Bool, Float

from sdd.scenes import world_state

OFTEN = 0.1  # pushes begin in that share of the periods without one
LONGEST = 5  # control periods
_PERIODS = 1024  # after so many it begins again


class Pushes:
  """Those of the worlds of a simulator."""

  def __init__(self, size: int, rate_hz: float):
    self._rate = rate_hz
    self._away: list[np.ndarray | None] = [None] * size
    self._period = np.zeros(size, int)

  def reset(self, index: int, world: world_state.WorldState) -> None:
    """Takes note of a world's push, and how long ago its episode began."""
    away = offsets(world.push, world.push_seed) if world.push else None
    self._away[index] = away
    self._period[index] = round(world.time * self._rate)

  def felt(
    self, actions: Float[np.ndarray, 'B 10'], active: Bool[np.ndarray, ' B']
  ) -> Float[np.ndarray, 'B 10']:
    """The actions as the active worlds' robots are led; a period passes."""
    if any(away is not None for away in self._away):
      actions = np.array(actions)
      for index in np.flatnonzero(active):
        away = self._away[index]
        if away is not None:
          step = self._period[index] % len(away)
          actions[index, :3] += away[step]
    self._period += np.asarray(active, bool)
    return actions


def offsets(push: float, seed: int) -> Float[np.ndarray, 'T 3']:
  """By how much the tool is off in every control period, metres, base frame.

  A push keeps its offset for one to `LONGEST` periods. It goes anywhere but
  down, where there may be a table; most are much smaller than the largest.

  Args:
    push: length of the largest.
    seed: of the world.
  """
  rng = np.random.default_rng(seed)
  begins = rng.uniform(size=_PERIODS) < OFTEN
  lasts = rng.integers(1, LONGEST + 1, _PERIODS)
  towards = rng.normal(size=(_PERIODS, 3))
  towards[:, 2] = np.abs(towards[:, 2])
  towards /= np.linalg.norm(towards, axis=1, keepdims=True)
  size = push * rng.uniform(size=_PERIODS) ** 2
  found, step = np.zeros((_PERIODS, 3)), 0
  while step < _PERIODS:
    if begins[step]:
      found[step : step + lasts[step]] = size[step] * towards[step]
      step += lasts[step]
    step += 1
  return found
