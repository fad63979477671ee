"""Watching a run from beside its steps: speed, metrics, trace, evaluation."""

import contextlib
import dataclasses
import pathlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from sdd import errors
from sdd.training import config as config_lib
from sdd.training import evaluations, metrics, profiling, step


@dataclasses.dataclass(frozen=True)
class Report:
  """How it goes, at the end of a stretch of `log_every` steps.

  Attributes:
    step: steps taken.
    loss: mean over the stretch.
    windows_per_second: training windows seen per second of wall clock.
  """

  step: int
  loss: float
  windows_per_second: float


@dataclasses.dataclass(frozen=True)
class Wishes:
  """Who wants to know of a run, and what else is to be done beside it.

  Attributes:
    report: called every `log_every` steps.
    notify: takes sentences for the user.
    evaluation: what runs every `evaluate_every` steps.
    sinks: open further places for the metrics; called once the directory is
      known to be this run's.
    profile: trace so many steps into `workdir/profile`.
  """

  report: Callable[[Report], None] = lambda report: None
  notify: Callable[[str], None] = lambda sentence: None
  evaluation: evaluations.Evaluation | None = None
  sinks: Sequence[Callable[[], metrics.Sink]] = ()
  profile: int = 0


@contextlib.contextmanager
def opened(
  workdir: pathlib.Path,
  config: config_lib.TrainingConfig,
  wishes: Wishes,
  *,
  start: int,
) -> Iterator['Observer']:
  """An `Observer` that does what is wished for, closed come what may.

  Args:
    workdir: of the run.
    config: of the run.
    wishes: what is wished for.
    start: the step that the run goes on from.
  """
  with contextlib.ExitStack() as stack:
    sinks = [stack.enter_context(_closing(each())) for each in wishes.sinks]
    record = metrics.Metrics(workdir, step=start, sinks=sinks)
    stack.callback(record.close)
    trace = profiling.Profile(workdir, start=start, steps=wishes.profile)
    stack.callback(trace.close)
    beside = None
    if config.evaluate_every and wishes.evaluation is not None:
      beside = evaluations.Evaluations(
        workdir,
        wishes.evaluation,
        step=start,
        show=record.show,
        notify=wishes.notify,
      )
      stack.callback(beside.close)
    yield Observer(config, wishes.report, record, trace, beside)


@contextlib.contextmanager
def _closing(sink: metrics.Sink) -> Iterator[metrics.Sink]:
  try:
    yield sink
  finally:
    sink.close()


class Observer:
  """What the loop tells of its steps; without parts it only watches the loss.

  Attributes:
    loss: mean of the last stretch; NaN before its end.
  """

  def __init__(
    self,
    config: config_lib.TrainingConfig,
    report: Callable[[Report], None] = lambda report: None,
    record: metrics.Metrics | None = None,
    trace: profiling.Profile | None = None,
    beside: evaluations.Evaluations | None = None,
  ):
    self._config, self._report = config, report
    self._record, self._trace, self._beside = record, trace, beside
    self._clock = _Clock(config.batch_size)
    self._stretch: list[Mapping[str, Any]] = []
    self.loss = float('nan')

  def before(self, number: int) -> None:
    """The next step is about to begin, after `number` of them."""
    if self._trace is not None:
      self._trace.at(number, self._stretch)

  def after(self, number: int, seen: Mapping[str, Any]) -> None:
    """A step was started, the `number`-th; `seen` are its metrics.

    Raises:
      SddError: if the loss is no number any more.
    """
    self._stretch.append(seen)
    if not self._clock.running:
      jax.block_until_ready(seen)  # the first step waits for the compiler
      self._clock.start(number)
    if number % self._config.log_every == 0 or number == self._config.steps:
      self._look(number)

  def evaluate(self, number: int, ema: Any) -> None:
    """These averaged parameters, on the host, may be evaluated."""
    if self._beside is not None:
      self._beside.begin(number, ema)

  def finish(self, *, complete: bool) -> None:
    """There are no more steps; waits for what belongs to a complete run."""
    if self._stretch:
      self.loss = _summary(self._stretch)['loss']
    if self._beside is not None and complete:
      self._beside.wait()

  def _look(self, number: int) -> None:
    values, self._stretch = _summary(self._stretch), []
    speed = self._clock.windows_per_second(number)
    self._clock.start(number)
    self.loss = values['loss']
    if self._record is not None:
      self._record.write(number, {**values, 'windows_per_second': speed})
    if self._beside is not None:
      self._beside.poll()
    self._report(Report(number, self.loss, speed))
    if not np.isfinite(self.loss):
      raise errors.SddError(
        f'The loss is {self.loss} at step {number}, so nothing can be learnt '
        'any more. Train into a new --workdir with a lower learning_rate.'
      )


class _Clock:
  """Windows per second since the last `start`."""

  def __init__(self, batch_size: int):
    self._batch_size = batch_size
    self.running = False

  def start(self, number: int) -> None:
    self._number, self._since = number, time.monotonic()
    self.running = True

  def windows_per_second(self, number: int) -> float:
    seconds = max(time.monotonic() - self._since, 1e-9)
    return (number - self._number) * self._batch_size / seconds


def _summary(stretch: Sequence[Mapping[str, Any]]) -> dict[str, float]:
  """Means over the stretch, except of what only its end is of interest."""
  host = [step.unreplicate(seen) for seen in stretch]
  names = ('loss', 'gradient_norm')
  means = {name: float(np.mean([h[name] for h in host])) for name in names}
  return {**means, 'learning_rate': float(host[-1]['learning_rate'])}
