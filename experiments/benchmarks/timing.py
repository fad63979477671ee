"""How long a call takes: medians, by the wall clock and by the processor."""

import dataclasses
import math
import statistics
import time
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Cost:
  """Of one call.

  Attributes:
    wall: seconds.
    cpu: CPU seconds of all threads of this process.
  """

  wall: float
  cpu: float


def cost(
  call: Callable[[], object], *, repeats: int = 9, at_least: float = 0.05
) -> Cost:
  """The medians of `repeats` measurements, each of `at_least` seconds.

  The first call, which may compile something, is not measured.
  """
  call()
  count = max(1, math.ceil(at_least / max(_timed(call, 1).wall, 1e-7)))
  found = [_timed(call, count) for _ in range(repeats)]
  return Cost(
    statistics.median(each.wall for each in found),
    statistics.median(each.cpu for each in found),
  )


def once(call: Callable[[], object]) -> Cost:
  """One call."""
  return _timed(call, 1)


def _timed(call: Callable[[], object], count: int) -> Cost:
  wall, cpu = time.perf_counter(), time.process_time()
  for _ in range(count):
    call()
  cpu = time.process_time() - cpu
  return Cost((time.perf_counter() - wall) / count, cpu / count)
