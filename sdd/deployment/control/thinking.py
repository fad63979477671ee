"""Inference beside the loop, so that no servo command waits for it."""

import dataclasses
import queue
import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from sdd.deployment.control import robot

Array = np.ndarray
Job = Callable[[], Array]


@dataclasses.dataclass(frozen=True)
class Thought:
  """What came of a job.

  Attributes:
    chunk: (Ta, 10), if all went well.
    error: the complaint, if not.
    seconds: that it took.
  """

  chunk: Array | None
  error: str
  seconds: float


class Thinker(Protocol):
  """Does one job at a time."""

  @property
  def busy(self) -> bool:
    """Whether a job was given whose thought has not been taken."""
    ...

  def ask(self, job: Job) -> None:
    """Begins a job; not while busy."""
    ...

  def take(self) -> Thought | None:
    """What came of it, once; None if it is not done."""
    ...

  def close(self) -> bool:
    """Gives up; False if the policy is still at work and must be left alone."""
    ...


class InThread:
  """Real time: a thread that works while the loop goes on."""

  def __init__(self, patience: float = 2.0):
    """`patience`: seconds that `close` waits for a job to end."""
    self._patience, self.busy = patience, False
    self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
    self._thoughts: queue.SimpleQueue[Thought] = queue.SimpleQueue()
    self._thread = threading.Thread(target=self._work, daemon=True)
    self._thread.start()

  def ask(self, job: Job) -> None:
    self.busy = True
    self._jobs.put(job)

  def take(self) -> Thought | None:
    try:
      found = self._thoughts.get_nowait()
    except queue.Empty:
      return None
    self.busy = False
    return found

  def close(self) -> bool:
    self._jobs.put(None)
    self._thread.join(self._patience)
    return not self._thread.is_alive()

  def _work(self) -> None:
    while (job := self._jobs.get()) is not None:
      self._thoughts.put(_done(job))


class Modelled:
  """Virtual time: done at once, and known so many seconds later."""

  def __init__(self, clock: robot.Clock, seconds: float):
    self._clock, self._seconds, self.busy = clock, seconds, False
    self._thought: Thought | None = None
    self._ready = 0.0

  def ask(self, job: Job) -> None:
    self.busy, self._ready = True, self._clock.now() + self._seconds
    self._thought = dataclasses.replace(_done(job), seconds=self._seconds)

  def take(self) -> Thought | None:
    if not self.busy or self._clock.now() < self._ready - 1e-6:
      return None
    self.busy = False
    return self._thought

  def close(self) -> bool:
    return True


def _done(job: Job) -> Thought:
  began = time.perf_counter()
  try:
    chunk, error = job(), ''
  # Whatever a policy raises, the robot is held still and the loop goes on.
  except Exception as problem:  # noqa: BLE001
    chunk, error = None, f'{type(problem).__name__}: {problem}'
  return Thought(chunk, error, time.perf_counter() - began)
