"""What happened while a policy ran on a robot."""

import collections
import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

_KEPT = 100_000  # latest times that are kept


def _times() -> collections.deque[float]:
  return collections.deque(maxlen=_KEPT)


@dataclasses.dataclass
class Statistics:
  """Counted by the loop; `to_json` sums it up.

  Attributes:
    ended: `done`, `time`, `stopped` (emergency stop), `policy` (too many
      errors in a row) or `robot` (it could not begin); empty while it runs.
    reason: more on that, where there is more.
    seconds: from begin to end.
    commands: sent to the robot, holds among them.
    holds: servo periods in which it was held still, by why: `waiting` for the
      first chunk or the next after an error, `stale` observations, or
      `starved`: no action left for the present.
    clipped: commands that a limit changed, by limit.
    inferences: chunks asked for.
    misses: chunks that came later than their deadline.
    skipped: actions whose time had passed when their chunk came.
    errors: of the policy; a chunk with a number not finite is one.
    last_error: the latest of them.
    repeated: policy periods without a newer observation.
    overruns: servo periods that were left out, because the loop was late.
    inference: seconds that each inference took.
    latency: seconds from each observation to the first use of its chunk.
    lateness: seconds by which each servo period began late.
    hung: whether the policy was still at work at the end; it must not be
      asked again.
  """

  ended: str = ''
  reason: str = ''
  seconds: float = 0.0
  commands: int = 0
  holds: collections.Counter[str] = dataclasses.field(
    default_factory=collections.Counter
  )
  clipped: collections.Counter[str] = dataclasses.field(
    default_factory=collections.Counter
  )
  inferences: int = 0
  misses: int = 0
  skipped: int = 0
  errors: int = 0
  last_error: str = ''
  repeated: int = 0
  overruns: int = 0
  inference: collections.deque[float] = dataclasses.field(
    default_factory=_times
  )
  latency: collections.deque[float] = dataclasses.field(default_factory=_times)
  lateness: collections.deque[float] = dataclasses.field(default_factory=_times)
  hung: bool = False

  def to_json(self) -> dict[str, Any]:
    """Everything as JSON values; of times, median, 95 % and the longest."""
    facts: dict[str, Any] = {}
    for field in dataclasses.fields(self):
      value = getattr(self, field.name)
      if isinstance(value, collections.deque):
        facts[f'{field.name}_ms'] = spread(value)
      elif isinstance(value, collections.Counter):
        facts[field.name] = dict(value)
      else:
        facts[field.name] = value
    return facts

  def kept(self) -> dict[str, Any]:
    """Everything as JSON values, and every single time; see `of`."""
    return {
      field.name: list(value) if isinstance(value, collections.deque) else value
      for field in dataclasses.fields(self)
      for value in [getattr(self, field.name)]
    }

  @classmethod
  def of(cls, kept: Mapping[str, Any]) -> 'Statistics':
    """What `kept` made JSON values of."""
    told = cls()
    for field in dataclasses.fields(cls):
      value, empty = kept[field.name], getattr(told, field.name)
      if isinstance(empty, collections.deque):
        empty.extend(value)
      elif isinstance(empty, collections.Counter):
        empty.update(value)
      else:
        setattr(told, field.name, value)
    return told


def spread(seconds: collections.deque[float]) -> dict[str, float]:
  """Median, 95th percentile and maximum in milliseconds; empty for none."""
  if not seconds:
    return {}
  values = 1e3 * np.percentile(np.array(seconds), [50, 95, 100])
  return dict(
    zip(('median', 'p95', 'most'), values.round(3).tolist(), strict=True)
  )
