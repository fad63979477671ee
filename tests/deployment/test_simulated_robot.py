"""The simulated robot: late, noisy, forgetful, and the same again."""

import numpy as np
import pytest

from sdd import errors
from sdd.dataset import pictures
from sdd.deployment import sensor_noise, simulated_robot
from sdd.deployment.control import limits, loop, robot, thinking
from sdd.evaluation import rollout
from sdd.scenes import registry
from sdd.simulation import action

TASK = 'move the toy into the left bin'
FAST = limits.Rates(99, 99, 99)
WIDE = limits.Limits(low=(-9, -9, -9), high=(9, 9, 9), speed=FAST, step=FAST)
NOISE = sensor_noise.Noise(0.01, 0.1, 0.01, 0.01)


@pytest.fixture(scope='module')
def scene():
  return registry.load('transport')


class Reaching:
  """Sends the tool down to the first object, as it sees it."""

  execution_horizon = 3

  def reset(self, seed=0):
    self.seen = []

  def observe(self, observation):
    self.seen.append(observation)

  def infer(self, observation):
    self.observe(observation)
    now, goal = observation['proprioception'], observation['state'][:3]
    chunk = np.tile(now, (8, 1)).astype(float)
    part = np.linspace(0.1, 0.8, 8)[:, None]
    chunk[:, :3] += part * (goal + np.array([0, 0, 0.1]) - now[:3])
    chunk[:, 9] = np.linspace(0.1, 0.04, 8)
    return chunk


def drive(scene, *, seconds=4.0, servo_hz=20.0, inference=0.0, **faults):
  clock = robot.VirtualClock()
  policy = Reaching()
  with simulated_robot.SimulatedRobot(
    scene, TASK, clock=clock, seed=3, index=5, servo_hz=servo_hz,
    faults=simulated_robot.Faults(**faults),
  ) as mine:  # fmt: skip
    told = loop.ControlLoop(
      policy, mine, limits=WIDE, clock=clock,
      timing=loop.Timing(servo_hz=servo_hz),
      thinker=lambda: thinking.Modelled(clock, inference),
    ).run(TASK, seconds=seconds, done=lambda: mine.ended != '')  # fmt: skip
    mine.observe()
    return policy, told, mine


def test_a_perfect_robot_is_a_rollout(scene):
  worlds, policy = [], Reaching()
  rollout.rollout(
    policy, scene, TASK, seed=3, index=5,
    watch=lambda sim: worlds.append(sim.world(0)),
  )  # fmt: skip
  driven, told, mine = drive(scene, servo_hz=4.0)
  np.testing.assert_allclose(mine.sim.world(0).qpos, worlds[16].qpos, atol=1e-4)
  for ours, theirs in zip(driven.seen, policy.seen, strict=False):
    for name in ('proprioception', 'state'):
      np.testing.assert_allclose(ours[name], theirs[name], atol=1e-4)
  assert len(driven.seen) == 16
  assert not told.holds
  assert mine.outcome().seconds == 4


def test_a_world_begins_when_its_robot_is_ready(scene, monkeypatch):
  clock = robot.VirtualClock()
  make = simulated_robot.simulator.make

  def slow(*given, **more):
    clock.sleep_until(clock.now() + 0.13)
    return make(*given, **more)

  monkeypatch.setattr(simulated_robot.simulator, 'make', slow)
  with simulated_robot.SimulatedRobot(
    scene, TASK, clock=clock, seed=0, index=0
  ) as mine:
    first = mine.observe()
    assert first is not None
    assert first.time == clock.now() == 0.13


def test_the_same_seed_gives_the_same_run(scene):
  faults = {
    'observation_latency': 0.08, 'actuation_latency': 0.05, 'dropped': 0.3,
    'noise': NOISE, 'inference': 0.06, 'seconds': 2.0,
  }  # fmt: skip
  (one, told, first), (two, again, second) = (
    drive(scene, **faults) for _ in range(2)
  )
  np.testing.assert_array_equal(
    first.sim.world(0).qpos, second.sim.world(0).qpos
  )
  assert told.to_json() == again.to_json()
  for ours, theirs in zip(one.seen, two.seen, strict=True):
    np.testing.assert_array_equal(ours['state'], theirs['state'])


def test_observations_come_late_and_some_never(scene):
  clock = robot.VirtualClock(50)
  with simulated_robot.SimulatedRobot(
    scene, TASK, clock=clock, seed=0, index=0,
    faults=simulated_robot.Faults(observation_latency=0.12, dropped=0.5),
  ) as mine:  # fmt: skip
    times = []
    for tick in range(80):
      clock.sleep_until(50 + tick / 20)
      if seen := mine.observe():
        assert seen.time <= clock.now() - 0.12 + 1e-6
        times.append(seen.time)
    assert times == sorted(times)
    assert 25 < len(set(times)) < 55  # about half of them
    assert times[0] >= 50


def test_commands_take_effect_late(scene):
  moved = {}
  for latency in (0.0, 0.1):
    clock = robot.VirtualClock()
    with simulated_robot.SimulatedRobot(
      scene, TASK, clock=clock, seed=0, index=0,
      faults=simulated_robot.Faults(actuation_latency=latency),
    ) as mine:  # fmt: skip
      start = mine.sim.proprioception(0)
      heights = []
      for tick in range(1, 9):
        goal = start.copy()
        goal[2] -= 0.02 * tick
        mine.command(goal, until=tick / 20)
        clock.sleep_until(tick / 20)
        mine.observe()
        heights.append(mine.sim.proprioception(0)[2] - start[2])
      moved[latency] = heights
  assert abs(moved[0.1][1]) < 1e-3
  np.testing.assert_allclose(moved[0.1][2:], moved[0.0][:-2], atol=2e-3)


def test_a_stopped_robot_stays_and_holds_on(scene):
  clock = robot.VirtualClock()
  with simulated_robot.SimulatedRobot(
    scene, TASK, clock=clock, seed=0, index=0
  ) as mine:
    goal = mine.sim.proprioception(0)
    goal[:3] += [0.05, 0, -0.1]
    goal[9] = 0.01
    for tick in range(1, 20):
      if tick == 4:
        mine.stop()
      mine.command(goal, until=tick / 20)
      clock.sleep_until(tick / 20)
      mine.observe()
      if tick == 8:
        stood = mine.sim.proprioception(0)
    now = mine.sim.proprioception(0)
    np.testing.assert_allclose(now[:9], stood[:9], atol=2e-3)
    assert now[9] < 0.03  # the fingers still close


@pytest.mark.parametrize(
  'names', [action.ActionSpec().layout, ('box/x', 'lid/position')]
)
def test_noise_has_the_size_that_was_asked_for(names):
  rng = np.random.default_rng(0)
  sensor = sensor_noise.Sensor(names, NOISE)
  true = np.array([0.3, 0.1, 0.2, 1, 0, 0, 0, -1, 0, 0.05])[: len(names)]
  many = np.stack([sensor.measure(true, rng) for _ in range(1500)])
  spread = (many - true).std(axis=0)
  np.testing.assert_allclose(spread[[0, -1]], 0.01, rtol=0.1)
  np.testing.assert_allclose(many.mean(axis=0)[0], true[0], atol=1e-3)
  if len(names) == 10:
    rows = many[:, 3:9].reshape(-1, 2, 3)
    gram = np.einsum('nij,nkj->nik', rows, rows)
    np.testing.assert_allclose(
      gram, np.tile(np.eye(2), (1500, 1, 1)), atol=1e-6
    )
    np.testing.assert_allclose(spread[[4, 5, 8]], 0.1, rtol=0.1)
  still = sensor_noise.Sensor(names, NOISE.scaled(0)).measure(true, rng)
  np.testing.assert_allclose(still, true, atol=1e-12)


def test_pictures_are_of_the_time_of_the_observation(scene):
  wanted = pictures.PictureSpec(('front',), ((24, 32),), False, 'raycast')
  clock = robot.VirtualClock()
  with simulated_robot.SimulatedRobot(
    scene, TASK, clock=clock, seed=0, index=0, wanted=wanted,
    faults=simulated_robot.Faults(observation_latency=0.5),
  ) as mine:  # fmt: skip
    goal = mine.sim.proprioception(0)
    goal[2] -= 0.2
    clock.sleep_until(0.5)
    first = mine.observe()
    assert first is not None
    assert first.time == 0
    before = first.pictures()['front_image']
    mine.command(goal, until=1)
    clock.sleep_until(2)
    later = mine.observe()
    assert later is not None
    after = later.pictures()['front_image']
    assert before.shape == (24, 32, 3)
    assert np.any(before != after)
    np.testing.assert_array_equal(first.pictures()['front_image'], before)


def test_bad_faults_and_tasks_are_refused(scene):
  with pytest.raises(errors.SddError, match='expected'):
    simulated_robot.Faults(dropped=2)
  with pytest.raises(errors.SddError, match='expected'):
    simulated_robot.Faults(observation_latency=-1)
  with pytest.raises(errors.SddError, match='expected'):
    sensor_noise.Noise(position=-1)
  with pytest.raises(errors.SddError, match='Choices'):
    simulated_robot.SimulatedRobot(
      scene, 'dance', clock=robot.VirtualClock(), seed=0, index=0
    )
