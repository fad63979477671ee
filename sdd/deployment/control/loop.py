"""The receding-horizon loop: a policy drives a robot.

    loop = ControlLoop(policy, robot, limits=Limits(low=..., high=...))
    statistics = loop.run('open the drawer', seconds=60)

Twenty times a second the robot is sent where it should be a twentieth later;
four times a second an observation is noted; and whenever as many actions have
had their time as the policy wants, it is asked for new ones, beside the loop.
Until they come, the actions that are left of the chunk before go on, and when
they come, those whose time has passed are skipped (`timeline`).
"""

import collections
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from sdd.deployment.control import limits as limits_lib
from sdd.deployment.control import robot as robot_lib
from sdd.deployment.control import statistics, stopping, thinking, timeline

_REMEMBERED = 64  # observations between two inferences


class Policy(Protocol):
  """As `sdd.policy.protocol.Policy`, which a robot has no copy of."""

  execution_horizon: int

  def infer(self, observation: Mapping[str, Any]) -> np.ndarray: ...

  def observe(self, observation: Mapping[str, Any]) -> None: ...

  def reset(self, seed: int = 0) -> None: ...


@dataclasses.dataclass(frozen=True)
class Timing:
  """How often what happens.

  Attributes:
    policy_hz: the rate of the policy's actions and observations.
    servo_hz: of commands; a multiple of it.
    stale: age in seconds beyond which an observation is none: the robot is
      held until there is a newer one, and then asks the policy anew.
    deadline: seconds from an observation to its chunk; later is a miss. With
      one policy period, the default, no whole action is skipped.
    lead: seconds by which commands run ahead, for a robot known to follow
      that much later.
    errors: of the policy in a row that end the run.
  """

  policy_hz: float = 4.0
  servo_hz: float = 20.0
  stale: float = 0.5
  deadline: float = 0.25
  lead: float = 0.0
  errors: int = 5

  def __post_init__(self):
    ratio = self.servo_hz / self.policy_hz if self.policy_hz > 0 else 0
    if ratio < 1 or abs(ratio - round(ratio)) > 1e-9:
      raise ValueError(
        f'Commands at {self.servo_hz} Hz and actions at {self.policy_hz} Hz; '
        'expected the former to be a multiple of the latter.'
      )
    if min(self.stale, self.deadline) <= 0 or self.lead < 0 or self.errors < 1:
      raise ValueError(
        f'Got {self}; expected positive times, a lead of at least 0, and an '
        'error or more.'
      )

  @property
  def ratio(self) -> int:
    """Commands in a policy period."""
    return round(self.servo_hz / self.policy_hz)


class ControlLoop:
  """Runs a policy on a robot, as often as wanted."""

  def __init__(
    self,
    policy: Policy,
    robot: robot_lib.Robot,
    *,
    limits: limits_lib.Limits,
    timing: Timing | None = None,
    clock: robot_lib.Clock | None = None,
    stop: stopping.EmergencyStop | None = None,
    thinker: Callable[[], thinking.Thinker] = thinking.InThread,
  ):
    """Prepares; nothing is sent.

    Args:
      policy: what decides.
      robot: what moves.
      limits: enforced on every action that is sent.
      timing: rates and deadlines.
      clock: real time by default; the one that the robot's observations are
        stamped with.
      stop: checked before every command.
      thinker: makes what a policy infers in, for one run.
    """
    self.policy, self.robot, self.limits = policy, robot, limits
    self.timing = timing or Timing()
    self.clock = clock or robot_lib.SystemClock()
    self.stop, self.thinker = stop or stopping.EmergencyStop(), thinker

  def run(
    self,
    instruction: str,
    *,
    seconds: float,
    seed: int = 0,
    done: Callable[[], bool] = lambda: False,
  ) -> statistics.Statistics:
    """Follows an instruction, then stops the robot.

    Args:
      instruction: the sentence.
      seconds: when to end.
      seed: of the policy's noise.
      done: asked before every command; ends the run when true.

    Raises:
      Exception: whatever the robot raises, after it was told to stop; the
        policy's errors are counted instead.
    """
    self.policy.reset(seed)
    with self.stop.attached(self.robot.stop):
      return self._run(instruction, seconds, done)

  def _run(
    self, instruction: str, seconds: float, done: Callable[[], bool]
  ) -> statistics.Statistics:
    thinker = self.thinker()
    run = _Run(self, instruction, thinker)
    period, clock = 1 / self.timing.servo_hz, self.clock
    began, tick = clock.now(), 0
    try:
      while not run.told.ended:
        due = began + tick * period
        run.told.lateness.append(max(0.0, clock.now() - due))
        if done():
          run.told.ended = 'done'
        elif due - began >= seconds - 1e-6:
          run.told.ended = 'time'
        else:
          run.step(tick, due)
          late = int((clock.now() - due) / period + 1e-6)
          run.told.overruns += max(0, late - 1)
          tick += max(1, late)
          clock.sleep_until(began + tick * period)
    finally:
      run.told.hung = not thinker.close()
      if not self.stop.pressed:  # otherwise it was told already
        self.robot.stop()
      run.told.seconds = clock.now() - began
    return run.told


class _Run:
  """What the loop knows in one run."""

  def __init__(
    self, loop: ControlLoop, instruction: str, thinker: thinking.Thinker
  ):
    self.told = statistics.Statistics()
    self._loop, self._thinker = loop, thinker
    self._said = {'instruction': instruction}
    self._seen: robot_lib.Seen | None = None
    self._noted = self._asked = float('-inf')  # times of observations
    self._memory: collections.deque[dict[str, Any]] = collections.deque(
      maxlen=_REMEMBERED
    )
    self._guard: limits_lib.Guard | None = None
    self._plan: timeline.Timeline | None = None
    self._aim = 0.0  # the time that the last command was for
    self._since = 0  # policy periods since the policy was asked
    self._failures, self._period = 0, -1

  def step(self, tick: int, now: float) -> None:
    """One servo period that begins at `now`."""
    timing = self._loop.timing
    self._look()
    stale = self._seen is None or now - self._seen.time > timing.stale
    if stale:
      self._plan = None
    self._listen(now, stale)
    period = tick // timing.ratio
    fresh = period != self._period  # also where its first tick was missed
    self._since += period - self._period
    self._period = period
    # The first question waits for no period, only for an observation.
    if not stale and (fresh or not self.told.inferences):
      self._think()
      self._listen(now, stale)  # it may have been quick
    if not self.told.ended:
      self._act(now, stale)

  def _look(self) -> None:
    seen = self._loop.robot.observe()
    if seen and (self._seen is None or seen.time > self._seen.time):
      self._seen = seen

  def _listen(self, now: float, stale: bool) -> None:
    """Takes the chunk that has come, if one has."""
    thought = self._thinker.take()
    if thought is None:
      return
    told, timing = self.told, self._loop.timing
    told.inference.append(thought.seconds)
    latency = now - self._asked
    told.latency.append(latency)
    told.misses += latency > timing.deadline + 1e-6
    try:
      if thought.chunk is None:
        raise ValueError(thought.error)
      actions = _checked(thought.chunk)
    except ValueError as problem:
      self._fail(str(problem))
      return
    self._failures = 0
    if not stale and self._begin(now):
      assert self._guard is not None
      self._plan = timeline.Timeline(
        actions,
        start=self._asked,
        period=1 / timing.policy_hz,
        now=max(self._aim, now + timing.lead),
        pose=self._guard.last,
      )
      told.skipped += self._plan.skipped

  def _fail(self, problem: str) -> None:
    """The policy failed: its plan is dropped, and soon it is asked again."""
    self.told.errors += 1
    self.told.last_error = problem
    self._failures += 1
    self._plan, self._since = None, self._loop.policy.execution_horizon
    if self._failures >= self._loop.timing.errors:
      self.told.ended, self.told.reason = 'policy', problem

  def _begin(self, now: float) -> bool:
    """Has a guard that knows where the robot is; False if it may not move."""
    assert self._seen is not None
    if self._guard is None:
      try:
        pose = np.asarray(self._seen.values['proprioception'])
        self._guard = limits_lib.Guard(self._loop.limits, pose)
      except (ValueError, KeyError) as problem:
        self.told.ended, self.told.reason = 'robot', str(problem)
        return False
    return True

  def _think(self) -> None:
    """Asks the policy, or notes what it will be told with the next question."""
    seen, policy = self._seen, self._loop.policy
    assert seen is not None
    self.told.repeated += seen.time <= self._noted
    due = self._plan is None or self._since >= policy.execution_horizon
    if due and not self._thinker.busy:
      passed = list(self._memory)
      self._memory.clear()
      self._asked, self._since = seen.time, 0
      self.told.inferences += 1
      said = self._said

      def job() -> np.ndarray:
        for each in passed:
          policy.observe(each)
        return policy.infer({**seen.values, **seen.pictures(), **said})

      self._thinker.ask(job)
    elif seen.time > self._noted:
      self._memory.append({**seen.values, **self._said})
    self._noted = seen.time

  def _act(self, now: float, stale: bool) -> None:
    """Sends the action for the end of this period, or holds."""
    timing = self._loop.timing
    period = 1 / timing.servo_hz
    self._aim = now + period + timing.lead
    wanted = None if self._plan is None else self._plan.at(self._aim)
    if wanted is None:
      self.told.holds[self._why(stale)] += 1
      if self._guard is None:
        self._gate(lambda: None)  # it has not moved yet
        return
      sent = self._guard.last
    else:
      assert self._guard is not None
      sent, hit = self._guard.admit(wanted, period)
      self.told.clipped.update(hit)
    robot, until = self._loop.robot, now + period
    if self._gate(lambda: robot.command(sent.copy(), until=until)):
      self.told.commands += 1

  def _why(self, stale: bool) -> str:
    if stale and self._seen is not None:
      return 'stale'
    return 'waiting' if self._plan is None else 'starved'

  def _gate(self, command: Callable[[], None]) -> bool:
    if self._loop.stop.send(command):
      return True
    self.told.ended, self.told.reason = 'stopped', self._loop.stop.reason
    return False


def _checked(chunk: np.ndarray) -> np.ndarray:
  actions = np.asarray(chunk, float)
  if actions.ndim != 2 or not len(actions):
    raise ValueError(
      f'A chunk must be (Ta, {limits_lib.SIZE}); got the shape {actions.shape}.'
    )
  return np.stack([limits_lib.check(action) for action in actions])
