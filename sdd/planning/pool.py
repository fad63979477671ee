"""CPU subprocesses that plan; a killed or hung one costs nothing but time."""

import collections
import concurrent.futures
import contextlib
import dataclasses
import functools
import multiprocessing
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import process
from multiprocessing import resource_tracker
from typing import Protocol

import pebble

from sdd import errors
from sdd.planning import motion, skills, worker

# A plan takes a fraction of a second. This is for a worker that hangs, so
# that a run ends; it never decides what a healthy worker answers.
_HUNG = 120.0  # seconds
_RESTARTS = 5  # times a request is asked again after its worker died
_LOST = (pebble.ProcessExpired, process.BrokenProcessPool, TimeoutError)


class PlannerError(errors.SddError):
  """Planner processes keep dying."""


class Planner(Protocol):
  """Answers planning requests, now or later."""

  def submit(
    self, request: motion.Request
  ) -> 'concurrent.futures.Future[motion.Answer]':
    """Asks for a motion. The answer depends on the request alone."""
    ...

  def close(self) -> None:
    """Ends it; answers not fetched by then are lost."""
    ...


def make(workers: int, scene: str) -> Planner:
  """A planner of `workers` subprocesses, or within this one for 0."""
  return PlannerPool(workers, scene) if workers else InlinePlanner()


class InlinePlanner:
  """Plans at once, in this process."""

  def submit(
    self, request: motion.Request
  ) -> 'concurrent.futures.Future[motion.Answer]':
    future: concurrent.futures.Future[motion.Answer]
    future = concurrent.futures.Future()
    future.set_result(skills.answer(request))
    return future

  def close(self) -> None:
    pass


@dataclasses.dataclass
class _Asked:
  """A request, who waits for its answer, and how often it may be lost."""

  request: motion.Request
  future: 'concurrent.futures.Future[motion.Answer]'
  restarts: int


class PlannerPool:
  """Plans in spawned subprocesses.

  A request whose worker dies is asked again, of another one, with the same
  seed: the answer is the same, so a kill changes no episode.

  Each worker is a pool of one. A process that dies may leave the channel it
  shares with others locked, and one that dies idle ends its whole pool; so
  nothing is shared, and what died is replaced with all it had.
  """

  def __init__(self, workers: int, scene: str):
    """Makes the pool; a worker starts when it is first needed."""
    self._scene = scene
    self._lock = threading.RLock()
    self._waiting: collections.deque[_Asked] = collections.deque()
    self._idle = [self._new() for _ in range(workers)]
    self._open = list(self._idle)
    self._dead: list[pebble.ProcessPool] = []

  def submit(
    self, request: motion.Request
  ) -> 'concurrent.futures.Future[motion.Answer]':
    asked = _Asked(request, concurrent.futures.Future(), _RESTARTS)
    with self._lock:
      self._waiting.append(asked)
      self._assign()
      dead, self._dead = self._dead, []
    _end(dead)
    return asked.future

  def close(self) -> None:
    with self._lock:
      self._waiting.clear()
      self._idle = []
      ending, self._open, self._dead = self._open + self._dead, [], []
    _end(ending)

  def _new(self) -> pebble.ProcessPool:
    return pebble.ProcessPool(
      max_workers=1,
      context=multiprocessing.get_context('spawn'),
      initializer=worker.prepare,
      initargs=(self._scene,),
    )

  def _assign(self) -> None:
    """Hands waiting requests to idle workers; call it with the lock held."""
    while self._waiting and self._idle:
      asked, plans = self._waiting.popleft(), self._idle.pop()
      try:
        with _unseen_by_ctrl_c():
          task = plans.schedule(
            worker.answer, args=[asked.request], timeout=_HUNG
          )
      except RuntimeError as died_idle:
        self._replace(plans)
        self._again(asked, died_idle)
      else:
        task.add_done_callback(functools.partial(self._done, asked, plans))

  def _done(
    self,
    asked: _Asked,
    plans: pebble.ProcessPool,
    task: 'concurrent.futures.Future[motion.Answer]',
  ) -> None:
    """Passes an answer on; runs in a thread of the worker's pool."""
    failure = task.exception()
    lost = isinstance(failure, _LOST)
    with self._lock:
      if plans not in self._open:
        return  # closed meanwhile
      if lost:
        self._replace(plans)
        self._again(asked, failure)
      else:
        self._idle.append(plans)
      self._assign()
    if failure is None:
      asked.future.set_result(task.result())
    elif not lost:
      asked.future.set_exception(failure)

  def _replace(self, plans: pebble.ProcessPool) -> None:
    plans.stop()
    self._dead.append(plans)  # joined later: this may be its own thread
    self._open.remove(plans)
    self._open.append(self._new())
    self._idle.append(self._open[-1])

  def _again(self, asked: _Asked, failure: BaseException | None) -> None:
    if asked.restarts:
      asked.restarts -= 1
      self._waiting.appendleft(asked)
      return
    asked.future.set_exception(
      PlannerError(
        f'A planner process died {_RESTARTS + 1} times on one request '
        f'({failure}). Is memory short? Try fewer --workers.'
      )
    )


def _end(pools: list[pebble.ProcessPool]) -> None:
  for plans in pools:
    plans.stop()
  for plans in pools:
    plans.join()


@contextlib.contextmanager
def _unseen_by_ctrl_c() -> Iterator[None]:
  """A process that starts in here ignores Ctrl-C, which the parent answers."""
  # Started with the first process otherwise, it would unblock signals again.
  resource_tracker.ensure_running()
  before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
  try:
    yield
  finally:
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
