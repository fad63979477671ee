"""Episodes as elements of an Apache Beam pipeline."""

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from typing import Any

with contextlib.ExitStack() as _stack:
  # Beam tells everyone of extras that are not installed.
  logging.disable(logging.WARNING)
  _stack.callback(logging.disable, logging.NOTSET)
  import apache_beam as beam
  from apache_beam.options import pipeline_options
  from apache_beam.runners.portability.fn_api_runner import fn_runner

from launch import episode_work, pieces
from sdd import errors
from sdd.collection import collector

# Beam's own DirectRunner may fetch and start another program; this is what
# it was before, within this process.
LOCAL = 'DirectRunner'
_LOCAL_NAMES = (None, 'direct', 'directrunner', 'fnapirunner')


class Attempt(beam.DoFn):
  """Attempts the episodes that nobody has finished yet.

  An element says all about its episode, and the file it becomes has its
  name: a bundle that is run twice leaves what it leaves when run once.
  """

  def __init__(self, work: episode_work.Work, store: pieces.Pieces):
    self._work, self._store = work, store

  def process(self, element: tuple[int, str]) -> Iterator[int]:
    """Yields the number of the episode, if it is here afterwards."""
    job = collector.Job(*element)
    if not self._store.has(job.index):
      made = episode_work.make(self._work, job)
      if made is None:
        return
      self._store.put(job.index, made)
    yield job.index


class Running:
  """A pipeline that runs while one does other things.

  Attributes:
    local: whether the workers are of this machine.
    problem: what ended it, if anything did.
  """

  def __init__(
    self,
    jobs: Sequence[collector.Job],
    work: episode_work.Work,
    store: pieces.Pieces,
    options: pipeline_options.PipelineOptions,
  ):
    self.local = is_local(options)
    self.problem: BaseException | None = None
    self._result: Any = None
    runner = fn_runner.FnApiRunner() if self.local else None
    self._pipeline = beam.Pipeline(runner=runner, options=options)
    _ = (
      self._pipeline
      | 'Jobs' >> beam.Create([(job.index, job.task) for job in jobs])
      | 'Spread' >> beam.Reshuffle()
      | 'Attempt' >> beam.ParDo(Attempt(work, store))
    )
    # A daemon: after Ctrl-C nobody waits for workers that do not answer.
    self._thread = threading.Thread(target=self._run, daemon=True)
    self._thread.start()

  def ended(self, wait: float) -> bool:
    """Whether it has ended; waits for that so many seconds at most."""
    self._thread.join(wait)
    return not self._thread.is_alive()

  def stop(self) -> None:
    """Has it end early: here after the episodes that are being made."""
    episode_work.stopping.set()
    try:
      if self.local:
        self.ended(wait=60)
      elif self._result is not None:
        self._result.cancel()
    finally:
      episode_work.stopping.clear()

  def _run(self) -> None:
    try:
      self._result = self._pipeline.run()
      self._result.wait_until_finish()
    except BaseException as problem:  # noqa: BLE001 the main thread raises it
      self.problem = problem


def options(arguments: Sequence[str]) -> pipeline_options.PipelineOptions:
  """Beam's options.

  Raises:
    errors.SddError: Beam does not know one.
  """
  found = pipeline_options.PipelineOptions(list(arguments))
  everything = found.get_all_options(retain_unknown_options=True)
  logging.disable(logging.WARNING)
  try:
    known = found.get_all_options()
  finally:
    logging.disable(logging.NOTSET)
  unknown = sorted(set(everything) - set(known))
  stray = [word for word in arguments if not word.startswith('--')]
  if unknown or (stray and stray == list(arguments)):
    raise errors.SddError(
      f'Beam knows no option {(unknown or stray)[0]!r}. What follows -- is '
      'for Beam, such as --runner=FlinkRunner or --direct_num_workers=4.'
    )
  return found


def runner(given: pipeline_options.PipelineOptions) -> str:
  """The name of the runner, as one writes it."""
  named = given.view_as(pipeline_options.StandardOptions).runner
  return LOCAL if _is_local_name(named) else str(named)


def is_local(given: pipeline_options.PipelineOptions) -> bool:
  """Whether the workers are of this machine, started by this program."""
  return runner(given) == LOCAL


def _is_local_name(name: str | None) -> bool:
  return (name.lower() if name else None) in _LOCAL_NAMES
