"""CPU subprocesses that plan; a killed or hung one costs nothing but time."""

import concurrent.futures
import multiprocessing
import os
import signal
from typing import Protocol

import pebble

from sdd import errors
from sdd.planning import motion, skills
from sdd.scenes import registry

# A plan takes a fraction of a second. This is for a worker that hangs, so
# that a run ends; it never decides what a healthy worker answers.
_HUNG = 120.0  # seconds
_RESTARTS = 5  # times a request is asked again after its worker died


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


class PlannerPool:
  """Plans in spawned subprocesses.

  A request whose worker dies is asked again, of another one, with the same
  seed: the answer is the same, so a kill changes no episode.
  """

  def __init__(self, workers: int, scene: str):
    self._pool = pebble.ProcessPool(
      max_workers=workers,
      context=multiprocessing.get_context('spawn'),
      initializer=_prepare,
      initargs=(scene,),
    )

  def submit(
    self, request: motion.Request
  ) -> 'concurrent.futures.Future[motion.Answer]':
    future: concurrent.futures.Future[motion.Answer]
    future = concurrent.futures.Future()
    self._ask(request, future, _RESTARTS)
    return future

  def close(self) -> None:
    self._pool.stop()
    self._pool.join()

  def _ask(
    self,
    request: motion.Request,
    future: 'concurrent.futures.Future[motion.Answer]',
    restarts: int,
  ) -> None:
    task = self._pool.schedule(skills.answer, args=[request], timeout=_HUNG)

    def done(asked: concurrent.futures.Future) -> None:
      if asked.cancelled():
        future.cancel()
        return
      failure = asked.exception()
      if failure is None:
        future.set_result(asked.result())
      elif not isinstance(failure, _LOST):
        future.set_exception(failure)
      elif restarts:
        self._ask(request, future, restarts - 1)
      else:
        future.set_exception(
          PlannerError(
            f'A planner process died {_RESTARTS + 1} times on one request '
            f'({failure}). Is memory short? Try fewer --workers.'
          )
        )

    task.add_done_callback(done)


_LOST = (pebble.ProcessExpired, concurrent.futures.TimeoutError, TimeoutError)


def _prepare(scene: str) -> None:
  """Runs first in each worker: the parent alone answers Ctrl-C."""
  signal.signal(signal.SIGINT, signal.SIG_IGN)
  os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')
  registry.load(scene)
