"""The training loop: go on from the last checkpoint until the steps are done.

Rerunning the same command resumes, bit for bit: the state is restored whole,
and which windows and noise a step sees only depends on seed and step.
"""

import contextlib
import dataclasses
import pathlib
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from sdd import errors
from sdd.dataset import windows
from sdd.policy import frame, spec
from sdd.simulation import action
from sdd.training import batches, checkpoint, metrics, state, step
from sdd.training import config as config_lib


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
class Outcome:
  """How a call of `train` ended.

  Attributes:
    step: steps taken, all saved.
    loss: mean of the last stretch; NaN if no step was taken.
    stopped_by: the signal that ended it early, or None.
  """

  step: int
  loss: float
  stopped_by: signal.Signals | None


def specify(
  config: config_lib.TrainingConfig, data: windows.Windows
) -> spec.PolicySpec:
  """What a policy trained on these windows will speak."""
  relative = config.policy.relative_position
  names = tuple(data.spec.state_names) if config.policy.use_state else ()
  told = action.DIMENSION + len(names)
  return spec.PolicySpec(
    config=config.policy,
    action_spec=data.spec.action_spec,
    state_names=names,
    scene=data.spec.scene,
    instructions=tuple(data.instructions),
    observation_statistics=data.observation_statistics.first(told),
    action_statistics=frame.fit(data, relative=relative),
    pictures=data.picture_spec,
  )


def resumes_at(workdir: pathlib.Path | str) -> int:
  """The step that `train` would go on from; 0 for a new run."""
  if not (pathlib.Path(workdir) / checkpoint.FOLDER).is_dir():
    return 0
  with checkpoint.opened(pathlib.Path(workdir)) as checkpoints:
    return checkpoints.latest() or 0


def train(
  config: config_lib.TrainingConfig,
  data: windows.Windows,
  workdir: pathlib.Path | str,
  *,
  report: Callable[[Report], None] = lambda report: None,
) -> Outcome:
  """Trains, or goes on training, in `workdir`.

  SIGTERM and SIGINT save and end it; a second one ends it at once.

  Args:
    config: the run; `config.steps` steps in all.
    data: windows with the configuration's horizons.
    workdir: new, empty, or of an earlier call with the same arguments.
    report: called every `log_every` steps.

  Raises:
    SddError: for an impossible configuration, other data than the
      configuration asks for, or a directory of another run.
  """
  workdir = pathlib.Path(workdir)
  config.validate()
  _check_horizons(config, data)
  _check_pictures(config, data)
  specification = specify(config, data)
  if jax.process_index() == 0:
    checkpoint.claim(workdir, config, specification)
  with (
    checkpoint.opened(
      workdir, keep=config.checkpoints_kept, writer=True
    ) as checkpoints,
    _stop_signals() as stopped,
  ):
    host = state.init(config, specification.features)
    if checkpoints.latest() is not None:
      host = checkpoints.restore(host)
    run = _Run(config, data, specification, checkpoints)
    with _recorder(workdir, int(host.step)) as record:
      loss, host = run.go(host, stopped, report=report, record=record)
  done = int(host.step)
  early = stopped[0] if stopped and done < config.steps else None
  return Outcome(done, loss, early)


class _Run:
  """The compiled step and its data, going through the steps."""

  def __init__(
    self,
    config: config_lib.TrainingConfig,
    data: windows.Windows,
    specification: spec.PolicySpec,
    checkpoints: checkpoint.Checkpoints,
  ):
    self._config, self._checkpoints = config, checkpoints
    self._batches = batches.Batches(
      data,
      specification,
      batch_size=config.batch_size,
      seed=config.seed,
      balanced=config.balanced,
    )
    self._step = step.make(config)

  def go(
    self,
    host: state.TrainState,
    stopped: list[signal.Signals],
    *,
    report: Callable[[Report], None],
    record: Callable[[int, dict[str, float]], None],
  ) -> tuple[float, state.TrainState]:
    """Steps until done or stopped; the last loss and the saved state."""
    config, loss = self._config, float('nan')
    device, number = step.replicate(host), int(host.step)
    stretch, clock = [], _Clock(config.batch_size)
    while number < config.steps and not stopped:
      device, seen = self._step(device, self._batches(number))
      stretch.append(seen)
      number += 1
      if not clock.running:
        jax.block_until_ready(seen)  # the first step waits for the compiler
        clock.start(number)
      if number % config.log_every == 0 or number == config.steps:
        values = _summary(stretch)
        speed = clock.windows_per_second(number)
        loss, stretch = values['loss'], []
        clock.start(number)
        record(number, {**values, 'windows_per_second': speed})
        report(Report(number, loss, speed))
        _require_finite(number, loss)
      if number % config.checkpoint_every == 0:
        self._checkpoints.save(step.unreplicate(device))
    host = step.unreplicate(device)
    if stretch:
      loss = _summary(stretch)['loss']
    self._checkpoints.save(host)
    return loss, host


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


def _summary(stretch: list[Any]) -> dict[str, float]:
  """Means over the stretch, except of what only its end is of interest."""
  host = [step.unreplicate(seen) for seen in stretch]
  names = ('loss', 'gradient_norm')
  means = {name: float(np.mean([h[name] for h in host])) for name in names}
  return {**means, 'learning_rate': float(host[-1]['learning_rate'])}


def _require_finite(number: int, loss: float) -> None:
  if not np.isfinite(loss):
    raise errors.SddError(
      f'The loss is {loss} at step {number}, so nothing can be learnt any '
      'more. Train into a new --workdir with a lower learning_rate.'
    )


def _check_horizons(
  config: config_lib.TrainingConfig, data: windows.Windows
) -> None:
  for name in ('observation_horizon', 'action_horizon'):
    asked, given = getattr(config.policy, name), getattr(data, name)
    if asked != given:
      raise errors.SddError(
        f'The windows were loaded with {name} {given}; the configuration has '
        f'{asked}.'
      )


def _check_pictures(
  config: config_lib.TrainingConfig, data: windows.Windows
) -> None:
  asked, given = config.policy.vision.cameras, data.picture_spec.cameras
  if tuple(asked) != tuple(given):
    raise errors.SddError(
      f'The windows were loaded with pictures of the cameras {given}; the '
      f'configuration has {asked}.'
    )


@contextlib.contextmanager
def _recorder(
  workdir: pathlib.Path, number: int
) -> Iterator[Callable[[int, dict[str, float]], None]]:
  if jax.process_index() != 0:  # one process of a pod keeps the record
    yield lambda step, values: None
    return
  recorder = metrics.Metrics(workdir, step=number)
  try:
    yield recorder.write
  finally:
    recorder.close()


@contextlib.contextmanager
def _stop_signals() -> Iterator[list[signal.Signals]]:
  """Collects SIGTERM and SIGINT; a second one has its usual effect."""
  stopped: list[signal.Signals] = []
  usual = {
    number: signal.getsignal(number)
    for number in (signal.SIGTERM, signal.SIGINT)
  }

  def note(number: int, _: Any) -> None:
    stopped.append(signal.Signals(number))
    signal.signal(number, usual[signal.Signals(number)])

  try:
    for number in usual:
      signal.signal(number, note)
    yield stopped
  finally:
    for number, handler in usual.items():
      signal.signal(number, handler)
