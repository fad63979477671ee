"""A simulated robot behind the control loop's `Robot`, with a robot's faults.

The world goes on with the clock, whether anybody commands it or not; it is
brought up to the present whenever it is observed or commanded. Observations
arrive late, noisy, or not at all, and commands take effect late. What happens
depends on the seed and on when commands come, so in virtual time every run is
the same again.
"""

import collections
import dataclasses
import functools
from collections.abc import Callable
from concurrent import futures
from typing import Any

import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.collection import events
from sdd.dataset import pictures
from sdd.deployment import sensor_noise
from sdd.deployment.control import robot as robot_lib
from sdd.evaluation import eyes as eyes_lib
from sdd.evaluation import rollout
from sdd.scenes import physics_variation, world_state
from sdd.scenes import scene as scene_lib
from sdd.simulation import action, simulator

_FAULTS = 5  # stream of random numbers of an episode
_EPSILON = 1e-6  # seconds


@dataclasses.dataclass(frozen=True)
class Faults:
  """How far the robot is from a perfect one.

  Attributes:
    observation_latency: seconds until an observation arrives.
    actuation_latency: seconds until a command takes effect; rounded to whole
      servo periods.
    noise: of what is measured.
    dropped: share of observations that never arrive.
  """

  observation_latency: float = 0.0
  actuation_latency: float = 0.0
  noise: sensor_noise.Noise = sensor_noise.NONE
  dropped: float = 0.0

  def __post_init__(self):
    late = min(self.observation_latency, self.actuation_latency)
    if not (late >= 0 and 0 <= self.dropped <= 1):
      raise errors.SddError(
        f'Got the latencies {self.observation_latency} and '
        f'{self.actuation_latency} s and the share {self.dropped} of dropped '
        'frames; expected 0 or more, and a share from 0 to 1.'
      )


@dataclasses.dataclass(frozen=True)
class _Frame:
  """An observation, and the world it is of where pictures are wanted."""

  seen: robot_lib.Seen
  world: world_state.WorldState | None


class SimulatedRobot:
  """One episode of a task in a scene; a context manager.

  Attributes:
    ended: as `Outcome.ended`: `success` by ground truth, `floor`, `foul`,
      `undone`, `time`; empty while it goes on.
    sim: the simulator, one world.
  """

  def __init__(
    self,
    scene: scene_lib.Scene,
    task: str,
    *,
    clock: robot_lib.Clock,
    seed: int,
    index: int,
    servo_hz: float = 20.0,
    faults: Faults | None = None,
    wanted: pictures.PictureSpec = pictures.NONE,
    watch: Callable[[simulator.Simulator], None] | None = None,
  ):
    """Begins the episode as soon as the world is there.

    Args:
      scene: the scene.
      task: the sentence that is judged.
      clock: of the control loop.
      seed: of all episodes; with the index it fixes the world, the same that
        `rollout` begins with, and all faults.
      index: of the episode.
      servo_hz: of commands and observations, a multiple of the policy's rate.
      faults: None for a perfect robot.
      wanted: pictures that the policy looks at.
      watch: called at the policy's rate, before the world is judged.

    Raises:
      errors.SddError: nobody wrote a rule for the task.
      errors.UnknownNameError: the scene lacks a camera.
    """
    self._scene, self.task, self.index = scene, task, index
    self._rule = _rule(scene, task)
    self._clock = clock
    self._faults = faults or Faults()
    self._rng = np.random.default_rng((seed, index, _FAULTS))
    rate = action.ActionSpec().rate_hz
    self._period, self._ratio = 1 / servo_hz, round(servo_hz / rate)
    spec = dataclasses.replace(action.ActionSpec(), rate_hz=servo_hz)
    self.sim = simulator.make('mujoco', scene, spec=spec)
    self.sim.reset(0, physics_variation.initial(scene, seed=seed, index=index))
    self._sensors = [
      sensor_noise.Sensor(names, self._faults.noise)
      for names in (spec.layout, scene.state_names)
    ]
    self._watch = watch or (lambda _: None)
    self._eyes = eyes_lib.Eyes(scene, wanted)
    self._artist = futures.ThreadPoolExecutor(1, 'pictures')
    self._steps, self._settling, self.ended = 0, -1, ''
    self._closed = False
    self._frames: collections.deque[_Frame] = collections.deque()
    self._commands: collections.deque[tuple[int, Any]] = collections.deque()
    self._action = self.sim.proprioception(0)  # stays where it is
    self._stopped, self._still = np.inf, False
    # Last, so that in real time the world's servo periods begin where those
    # of a loop do that is started next, and its commands come amid none.
    self._began = clock.now()
    self._record()

  def observe(self) -> robot_lib.Seen | None:
    self._advance()
    frames = self._frames
    arrived = self._clock.now() - self._faults.observation_latency + _EPSILON
    while len(frames) > 1 and frames[1].seen.time <= arrived:
      frames.popleft()
    if not frames or frames[0].seen.time > arrived:
      return None
    return frames[0].seen

  def command(self, action: Float[np.ndarray, ' 10'], *, until: float) -> None:
    del until  # the end of the servo period: what the simulator leads to
    self._advance()
    if self._stopped < np.inf or self._settling >= 0:
      return
    late = self._clock.now() + self._faults.actuation_latency - self._began
    # To the nearest period, so that a real clock's jitter makes no whole one.
    step = max(self._steps, round(late / self._period))
    self._commands.append((step, np.array(action, float)))

  def stop(self) -> None:
    """Holds the tool where it is; what the fingers hold, they hold on."""
    self._stopped = min(self._stopped, self._clock.now() - self._began)

  def outcome(self, error: str = '') -> rollout.Outcome:
    """How the episode went; still going on counts as out of time."""
    self._advance()
    return rollout.Outcome(
      task=self.task,
      index=self.index,
      success=self.ended == 'success',
      seconds=self._steps * self._period,
      ended='error' if error else self.ended or 'time',
      error=error,
    )

  def close(self) -> None:
    """Gives back what the cameras hold; may be repeated."""
    if not self._closed:
      self._closed = True
      self._artist.submit(self._eyes.close).result()
      self._artist.shutdown()

  def __enter__(self) -> 'SimulatedRobot':
    return self

  def __exit__(self, *_: object) -> None:
    self.close()

  def _advance(self) -> None:
    """Brings the world up to the present."""
    passed = self._clock.now() - self._began
    while not self.ended and (self._steps + 1) * self._period <= (
      passed + _EPSILON
    ):
      self._step()

  def _step(self) -> None:
    begun = self._steps * self._period + _EPSILON
    if begun >= self._stopped and not self._still:
      self._still, self._commands = True, collections.deque()
      self._action = np.append(self.sim.proprioception(0)[:9], self._action[9])
    while self._commands and self._commands[0][0] <= self._steps:
      _, self._action = self._commands.popleft()
    self.sim.step(self._action[None], np.ones(1, bool))
    self._steps += 1
    self._record()
    if self._steps % self._ratio == 0:
      self._judge()

  def _record(self) -> None:
    """Takes a frame. Random numbers are drawn for those dropped, too."""
    sim, scene = self.sim, self._scene
    felt = sim.proprioception(0).astype(np.float32)
    state = scene.state_vector(sim.scene_state(0)).astype(np.float32)
    values = {
      name: sensor.measure(true, self._rng)
      for name, sensor, true in zip(
        ('proprioception', 'state'), self._sensors, (felt, state), strict=True
      )
    }
    if self._rng.uniform() < self._faults.dropped:
      return
    world = sim.world(0) if self._eyes.wanted.cameras else None
    draw = functools.partial(self._draw, world) if world else dict
    time = self._began + self._steps * self._period
    self._frames.append(_Frame(robot_lib.Seen(time, values, draw), world))

  def _draw(self, world: world_state.WorldState) -> dict[str, Any]:
    """Pictures; in one thread, which is what graphics libraries insist on."""
    return self._artist.submit(self._eyes.look, world).result()

  def _judge(self) -> None:
    """As `rollout` does, as often as it does."""
    scene, state = self._scene, self.sim.scene_state(0)
    self._watch(self.sim)
    rate = action.ActionSpec().rate_hz
    if lost := events.lost(scene, state):
      self.ended = lost
    elif self._rule(state):
      self.ended = 'success'
    elif self._settling >= 0:
      self._settling -= 1
      if self._settling <= 0:
        self.ended = 'undone'
    elif scene.rules.final(state):  # the robot has no further say
      self._settling = round(scene.rules.settle * rate)
      self._commands.clear()
    elif self._steps * self._period >= scene.time_limit - _EPSILON:
      self.ended = 'time'


def _rule(scene: scene_lib.Scene, task: str) -> scene_lib.GroundTruth:
  rule = scene.rule(task)
  if rule is None:
    raise errors.SddError(
      f'Nobody wrote a rule that judges {task!r} in {scene.name!r}. Choices: '
      + ', '.join(repr(each.sentence) for each in scene.tasks if each.judged)
      + '.'
    )
  return rule
