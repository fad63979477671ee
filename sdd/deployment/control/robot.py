"""What a robot is to the control loop, and what the time is."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

Array = np.ndarray


@dataclasses.dataclass(frozen=True)
class Seen:
  """What a robot observed.

  Attributes:
    time: when it was so, on the loop's clock, seconds.
    values: `proprioception` (10,) and, where the policy wants it, `state`,
      as in `sdd.policy.protocol.Observation`, without the instruction.
    pictures: makes `<camera>_image` of each camera; called by the thread that
      infers, and only when it does.
  """

  time: float
  values: Mapping[str, Any]
  pictures: Callable[[], Mapping[str, Any]] = dict


class Robot(Protocol):
  """A robot, real or simulated. No call waits."""

  def observe(self) -> Seen | None:
    """The newest observation there is; the same again if none is newer."""
    ...

  def command(self, action: Array, *, until: float) -> None:
    """Sends the servos somewhere.

    Args:
      action: (10,) absolute tool position, two rows of its rotation matrix,
        and opening; within the loop's limits.
      until: when to be there, on the loop's clock.
    """
    ...

  def stop(self) -> None:
    """Stops where it is and stays; may be repeated, from any thread."""
    ...


class Clock(Protocol):
  """The time, in seconds since whenever."""

  def now(self) -> float: ...

  def sleep_until(self, moment: float) -> None:
    """Returns at `moment`, or at once if that has passed."""
    ...


class SystemClock:
  """Real time."""

  def now(self) -> float:
    return time.monotonic()

  def sleep_until(self, moment: float) -> None:
    if (left := moment - time.monotonic()) > 0:
      time.sleep(left)


class VirtualClock:
  """Time that passes only where somebody sleeps: tests, and quick checks."""

  def __init__(self, start: float = 0.0):
    self._now = start

  def now(self) -> float:
    return self._now

  def sleep_until(self, moment: float) -> None:
    self._now = max(self._now, moment)
