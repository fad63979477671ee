"""The training loop: go on from the last checkpoint until the steps are done.

Rerunning the same command resumes, bit for bit: the state is restored whole,
and which windows and noise a step sees only depends on seed and step.
"""

import contextlib
import dataclasses
import pathlib
import signal
from collections.abc import Iterator

from sdd import errors
from sdd.dataset import windows
from sdd.policy import frame, spec
from sdd.training import (
  allocator,
  batches,
  checkpoint,
  disturbance,
  examples,
  hosts,
  observer,
  sentences,
  state,
  stopping,
)
from sdd.training import config as config_lib
from sdd.training import step as step_lib


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
  scenes = {
    name: names if config.policy.names_objects else ()
    for name, names in data.scenes.items()
  }
  specification = spec.PolicySpec(
    config=config.policy,
    action_spec=data.spec.action_spec,
    scenes=scenes,
    instructions=sentences.known(data),
    observation_statistics=data.observation_statistics,
    action_statistics=frame.fit(
      data,
      relative=relative,
      scale=config.policy.position_scale,
      reach=disturbance.reach(config.disturbance),
    ),
    pictures=data.picture_spec,
  )
  told = data.observation_statistics.first(specification.features)
  return dataclasses.replace(specification, observation_statistics=told)


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
  wishes: observer.Wishes | None = None,
) -> Outcome:
  """Trains, or goes on training, in `workdir`.

  SIGTERM and SIGINT save and end it; a second one ends it at once. Of several
  processes (see `hosts`) all take part, with the same arguments, and any one
  that gets a signal ends all of them after the same step. Only the first of
  them needs the directory and fulfils the wishes.

  Args:
    config: the run; `config.steps` steps in all.
    data: windows with the configuration's horizons.
    workdir: new, empty, or of an earlier call with the same arguments.
    wishes: who wants to know how it goes, and what else is to be done.

  Raises:
    SddError: for an impossible configuration, other data than the
      configuration asks for, or a directory of another run.
  """
  workdir = pathlib.Path(workdir)
  config.validate()
  allocator.keep_freed_memory()
  config = dataclasses.replace(config, policy=config.policy.settled())
  _check_horizons(config, data)
  _check_pictures(config, data)
  specification = specify(config, data)
  hosts.require_same(
    f'{config} {specification.to_json()} {len(data)}',
    'The configuration and the data',
  )
  hosts.on_first(lambda: checkpoint.claim(workdir, config, specification))
  hosts.on_first(lambda: examples.keep(workdir, data, specification))
  with _saver(workdir, config) as checkpoints, stopping.signals() as stopped:
    host = state.init(config, specification.objects)
    if checkpoints is not None and checkpoints.latest() is not None:
      host = checkpoints.restore(host)
    host = hosts.broadcast(host)
    run = _Run(config, data, specification, checkpoints)
    with _observer(
      workdir, config, wishes or observer.Wishes(), start=int(host.step)
    ) as watching:
      outcome = run.go(host, stopped, watching)
  hosts.wait('everything is saved')
  return outcome


class _Run:
  """The compiled step and its data, going through the steps."""

  def __init__(
    self,
    config: config_lib.TrainingConfig,
    data: windows.Windows,
    specification: spec.PolicySpec,
    checkpoints: checkpoint.Checkpoints | None,
  ):
    self._config, self._checkpoints = config, checkpoints
    self._batches = batches.Batches(
      data,
      specification,
      batch_size=config.batch_size,
      seed=config.seed,
      balanced=config.balanced,
      conditioning=config.conditioning,
      disturbance=config.disturbance,
    )
    self._step = step_lib.make(config)

  def go(
    self,
    host: state.TrainState,
    stopped: list[signal.Signals],
    watching: observer.Observer,
  ) -> Outcome:
    """Steps until done or stopped; everything is saved then."""
    agreement = stopping.Agreement(stopped)
    device, number = host, int(host.step)
    while number < self._config.steps and agreement.reached is None:
      watching.before(number)
      told = step_lib.tell(agreement.said())
      device, seen = self._step(device, self._batches(number), told)
      number += 1
      agreement.hear(seen['heard'])
      watching.after(number, seen)
      self._keep(number, device, watching)
    if self._checkpoints is not None:
      self._checkpoints.save(step_lib.to_host(device))
    early = agreement.reached if number < self._config.steps else None
    watching.finish(complete=early is None)
    return Outcome(number, watching.loss, early)

  def _keep(
    self, number: int, device: state.TrainState, watching: observer.Observer
  ) -> None:
    """Saves and evaluates where it is time to."""
    config = self._config
    saves = number % config.checkpoint_every == 0
    evaluates = config.evaluate_every and number % config.evaluate_every == 0
    if self._checkpoints is None or not (saves or evaluates):
      return
    kept = step_lib.to_host(device)
    if saves:
      self._checkpoints.save(kept)
    if evaluates:
      watching.evaluate(number, kept.ema)


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
def _saver(
  workdir: pathlib.Path, config: config_lib.TrainingConfig
) -> Iterator[checkpoint.Checkpoints | None]:
  """The checkpoints, in the process that saves."""
  if not hosts.is_first():
    yield None
    return
  with checkpoint.opened(
    workdir, keep=config.checkpoints_kept, writer=True
  ) as checkpoints:
    yield checkpoints


@contextlib.contextmanager
def _observer(
  workdir: pathlib.Path,
  config: config_lib.TrainingConfig,
  wishes: observer.Wishes,
  *,
  start: int,
) -> Iterator[observer.Observer]:
  """Fulfils the wishes in the first process, and none in the others."""
  if not hosts.is_first():
    yield observer.Observer(config)
    return
  with observer.opened(workdir, config, wishes, start=start) as watching:
    yield watching
