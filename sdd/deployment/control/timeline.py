"""Which pose belongs to which time: a chunk, placed on the clock."""

import bisect

import numpy as np

from sdd.deployment.control import rotation

Array = np.ndarray
_EPSILON = 1e-6  # seconds


class Timeline:
  """The actions of a chunk that are still to come, from where the robot is.

  Action i of a chunk that was inferred from an observation at time t is to be
  reached by t + (i + 1) periods, as in training, however long the inference
  took. Actions whose time has passed are left out. In between, positions and
  openings go straight and rotations turn evenly.

  Attributes:
    skipped: how many actions came too late.
    end: time of the last action.
  """

  def __init__(
    self,
    actions: Array,
    *,
    start: float,
    period: float,
    now: float,
    pose: Array,
  ):
    """Places a chunk.

    Args:
      actions: (Ta, 10), each checked.
      start: time of the observation, seconds.
      period: between two actions, seconds.
      now: time at which the robot is at, or on its way to, `pose`.
      pose: (10,).
    """
    times = start + period * np.arange(1, len(actions) + 1)
    self.skipped = int(np.sum(times <= now + _EPSILON))
    self._times = [now, *times[self.skipped :].tolist()]
    self._poses = [pose, *actions[self.skipped :]]
    self.end = self._times[-1]

  def at(self, time: float) -> Array | None:
    """The pose (10,) for a time; None after the last action."""
    if time > self.end + _EPSILON:
      return None
    after = bisect.bisect_left(self._times, time - _EPSILON)
    if after == 0 or abs(self._times[after] - time) <= _EPSILON:
      return np.array(self._poses[after], float)
    begin, end = self._times[after - 1], self._times[after]
    part = (time - begin) / (end - begin)
    return between(self._poses[after - 1], self._poses[after], part)


def between(first: Array, second: Array, part: float) -> Array:
  """The action at a part, 0 to 1, of the way from one to another."""
  mixed = (1 - part) * np.asarray(first) + part * np.asarray(second)
  begin, end = (rotation.from_rows(each[3:9]) for each in (first, second))
  mixed[3:9] = rotation.rows(rotation.slerp(begin, end, part))
  return mixed
