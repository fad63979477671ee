"""The control loop in virtual time: what is sent when, and when nothing is."""

import dataclasses
import json
import os
import signal
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdd.deployment.control import (
  limits,
  loop,
  robot,
  statistics,
  stopping,
  thinking,
  timeline,
)

ROWS = [1.0, 0, 0, 0, -1, 0]
PACE = 0.1  # metres a second by which poses tell the time
LIMITS = limits.Limits(low=(-1e5, -9, -9), high=(1e5, 9, 9))


def pose(time):
  return np.array([PACE * time, 0, 0.3, *ROWS, 0.05])


class Robot:
  """Its tool moves on by itself, so that its pose tells the time."""

  def __init__(self, clock, latency=0.0):
    self.clock, self.latency = clock, latency
    self.sent, self.stops, self.frozen = [], 0, (np.inf, np.inf)

  def observe(self):
    time = self.clock.now() - self.latency
    begin, end = self.frozen
    time = begin if begin < time < end else time
    return robot.Seen(time, {'proprioception': pose(time), 'time': time})

  def command(self, action, *, until):
    self.sent.append((self.clock.now(), until, action))

  def stop(self):
    self.stops += 1


class Telling:
  """Each action tells the time at which it is to be reached."""

  execution_horizon = 4

  def __init__(self, length=16):
    self.length, self.calls, self.noted = length, 0, []

  def reset(self, seed=0):
    self.calls, self.noted = 0, []

  def observe(self, observation):
    self.noted.append(observation['time'])

  def infer(self, observation):
    self.calls += 1
    self.noted.append(observation['time'])
    assert observation['instruction'] == 'tell the time'
    times = observation['time'] + 0.25 * np.arange(1, self.length + 1)
    return np.stack([pose(time) for time in times])


def run(policy, *, latency=0.0, inference=0.0, seconds=6.0, **more):
  clock = robot.VirtualClock(100.0)
  mine = more.pop('robot', Robot)(clock, latency)
  mine.frozen = more.pop('frozen', mine.frozen)
  done = more.pop('done', lambda: False)
  told = loop.ControlLoop(
    policy, mine, limits=LIMITS, clock=clock,
    thinker=lambda: thinking.Modelled(clock, inference), **more,
  ).run('tell the time', seconds=seconds, done=done)  # fmt: skip
  return mine, told


@settings(max_examples=40, deadline=None)
@given(
  st.floats(0, 0.45),
  st.floats(0, 0.9),
  st.sampled_from([4.0, 8.0, 20.0, 100.0]),
  st.sampled_from([0.0, 0.1]),
)
def test_late_chunks_are_made_up_for(latency, inference, servo_hz, lead):
  timing = loop.Timing(servo_hz=servo_hz, lead=lead)
  mine, told = run(
    Telling(), latency=latency, inference=inference, timing=timing
  )
  begun = mine.sent[0][0]
  assert begun - 100 <= inference + 1 / servo_hz + 1e-6
  late = [
    (until, action)
    for _, until, action in mine.sent
    if until > begun + 0.25 + lead + 2 / servo_hz
  ]
  assert len(late) > 4 * servo_hz
  for until, action in late:
    np.testing.assert_allclose(action, pose(until + lead), atol=1e-6)
  assert not told.holds['starved']
  assert told.ended == 'time'


@given(
  st.lists(st.integers(0, 2**31), min_size=1, max_size=6),
  st.floats(0, 1),
  st.floats(-1, 1),
)
def test_a_timeline_goes_through_its_actions(seeds, start, now):
  actions = np.stack([some_action(seed) for seed in seeds])
  line = timeline.Timeline(
    actions, start=start, period=0.25, now=now, pose=some_action(7)
  )
  for number, each in enumerate(actions):
    time = start + 0.25 * (number + 1)
    if time > now + 1e-5:
      np.testing.assert_allclose(at(line, time), each, atol=1e-6)
  assert line.skipped == np.sum(
    start + 0.25 * np.arange(1, len(actions) + 1) <= now + 1e-6
  )
  assert line.at(line.end + 0.01) is None
  times = np.linspace(now, line.end, 20)
  steps = np.diff([at(line, time) for time in times], axis=0)
  assert np.isfinite(steps).all()


def at(line, time):
  found = line.at(time)
  assert found is not None
  return found


def some_action(seed):
  rng = np.random.default_rng(seed)
  rows, _ = np.linalg.qr(rng.normal(size=(3, 3)))
  return np.concatenate([rng.normal(size=3), rows[:2].ravel(), [0.05]])


def test_the_policy_notes_every_period_and_decides_when_due():
  policy = Telling()
  _, told = run(policy, seconds=3.0)
  np.testing.assert_allclose(policy.noted, 100 + np.arange(9) * 0.25)
  assert policy.calls == told.inferences == 3
  assert told.commands == 60
  assert not told.holds
  assert (told.misses, told.skipped, told.overruns) == (0, 0, 0)


def test_a_slow_policy_misses_deadlines_and_actions_are_skipped():
  _, told = run(Telling(), latency=0.1, inference=0.3)
  assert told.misses == len(told.latency) == told.inferences
  assert told.skipped == told.inferences  # the first of every chunk
  assert told.to_json()['latency_ms']['median'] == pytest.approx(400)


def test_a_chunk_too_short_ends_in_a_hold():
  mine, told = run(Telling(length=3), inference=0.1)
  assert told.holds['starved'] > 0
  held = [a for (_, until, a) in mine.sent if 0.9 < until - 100 < 1.01]
  for each in held:
    np.testing.assert_array_equal(each, held[0])


def test_stale_observations_hold_the_robot_until_there_are_newer():
  mine, told = run(Telling(), frozen=(101.0, 103.0))
  still = [a for now, _, a in mine.sent if 101.51 < now < 102.99]
  assert len(still) == told.holds['stale'] == pytest.approx(30, abs=1)
  for each in still:
    np.testing.assert_array_equal(each, still[0])
  moving = [(u, a) for _, u, a in mine.sent if u > 103.5]
  np.testing.assert_allclose(moving[-1][1], pose(moving[-1][0]), atol=1e-6)
  assert told.repeated > 0


def test_without_any_observation_nothing_is_sent():
  class Blind(Robot):
    def observe(self):
      return None

  mine, told = run(Telling(), robot=Blind)
  assert not mine.sent
  assert (mine.stops, told.inferences) == (1, 0)
  assert told.holds == {'waiting': 120}


class Failing(Telling):
  """Fails in some of its calls."""

  def __init__(self, fails, answer=None):
    super().__init__()
    self.fails, self.answer = fails, answer

  def infer(self, observation):
    chunk = super().infer(observation)
    if not self.fails(self.calls):
      return chunk
    if self.answer is None:
      raise RuntimeError('out of order')
    return self.answer(chunk)


BROKEN = {
  'raises': None,
  'not a number': lambda chunk: chunk * np.where(np.arange(10) == 4, np.nan, 1),
  'infinite': lambda chunk: chunk + np.inf,
  'no rotation': lambda chunk: chunk * 0,
  'wrong size': lambda chunk: chunk[:, :7],
  'one action': lambda chunk: chunk[0],
  'empty': lambda chunk: chunk[:0],
  'text': lambda chunk: np.array([['x'] * 10]),
}


@pytest.mark.parametrize('name', BROKEN)
def test_a_policy_that_always_fails_ends_the_run_without_a_move(name):
  policy = Failing(lambda call: True, BROKEN[name])
  mine, told = run(policy)
  assert (told.ended, told.errors, policy.calls) == ('policy', 5, 5)
  assert told.reason
  assert not mine.sent
  assert mine.stops == 1


@pytest.mark.parametrize('name', BROKEN)
def test_a_failure_now_and_then_is_a_hold(name):
  policy = Failing(lambda call: call in (2, 3), BROKEN[name])
  mine, told = run(policy)
  assert (told.ended, told.errors) == ('time', 2)
  assert told.holds['waiting'] == 10  # two periods, until it is asked again
  assert told.commands == len(mine.sent) == 120
  _, until, last = mine.sent[-1]
  np.testing.assert_allclose(last, pose(until), atol=1e-6)


def test_a_robot_outside_the_workspace_is_not_moved():
  clock = robot.VirtualClock()
  mine = Robot(clock)
  told = loop.ControlLoop(
    Telling(), mine, limits=limits.Limits(low=(1, 1, 1), high=(2, 2, 2)),
    clock=clock, thinker=lambda: thinking.Modelled(clock, 0),
  ).run('tell the time', seconds=5)  # fmt: skip
  assert told.ended == 'robot'
  assert 'outside the workspace' in told.reason
  assert not mine.sent


def test_a_robot_that_breaks_is_told_to_stop():
  class Broken(Robot):
    def command(self, action, *, until):
      raise OSError('cable')

  clock = robot.VirtualClock()
  mine = Broken(clock)
  control = loop.ControlLoop(
    Telling(), mine, limits=LIMITS, clock=clock,
    thinker=lambda: thinking.Modelled(clock, 0),
  )  # fmt: skip
  with pytest.raises(OSError, match='cable'):
    control.run('tell the time', seconds=5)
  assert mine.stops == 1


def test_done_ends_the_run():
  mine, told = run(Telling(), done=iter([False] * 30 + [True]).__next__)
  assert (told.ended, told.commands) == ('done', 30)
  assert mine.stops == 1
  assert 'ended' in told.to_json()
  assert {field.name for field in dataclasses.fields(told)} >= {'hung'}


@pytest.mark.parametrize('when', [0, 1, 7, 40])
def test_nothing_is_sent_after_an_emergency_stop(when):
  stop, count = stopping.EmergencyStop(), []

  def done():
    count.append(len(count))
    if len(count) == when + 1:
      stop.press('a hand in the way')
    return False

  mine, told = run(Telling(), stop=stop, done=done)
  assert (told.ended, told.reason) == ('stopped', 'a hand in the way')
  assert len(mine.sent) == told.commands == when
  assert mine.stops == 1
  again, told = run(Telling(), stop=stop)  # it stays pressed
  assert (told.ended, again.sent) == ('stopped', [])


def test_the_emergency_stop_works_from_another_thread():
  clock, stop = robot.SystemClock(), stopping.EmergencyStop()
  mine, after, begun = Robot(clock), [], threading.Event()

  def press():
    assert begun.wait(60)
    stop.press()
    after.append(len(mine.sent))
    assert mine.stops == 1

  presser = threading.Thread(target=press)
  presser.start()
  told = loop.ControlLoop(
    Telling(), mine, limits=LIMITS, clock=clock, stop=stop,
    timing=loop.Timing(servo_hz=400),
  ).run(
    'tell the time', seconds=30,
    done=lambda: bool(len(mine.sent) > 5 and begun.set()),
  )  # fmt: skip
  presser.join()
  assert told.ended == 'stopped'
  assert [len(mine.sent)] == after


def test_a_signal_presses_the_emergency_stop():
  clock, stop = robot.SystemClock(), stopping.EmergencyStop()
  mine = Robot(clock)

  def done():
    if len(mine.sent) == 3:
      os.kill(os.getpid(), signal.SIGUSR1)
    return False

  before = signal.getsignal(signal.SIGUSR1)
  with stop.on_signals(signal.SIGUSR1):
    told = loop.ControlLoop(
      Telling(), mine, limits=LIMITS, clock=clock, stop=stop
    ).run('tell the time', seconds=30, done=done)
  assert (told.ended, told.reason) == ('stopped', 'signal SIGUSR1')
  assert signal.getsignal(signal.SIGUSR1) is before


def test_commands_do_not_wait_for_the_policy():
  clock, mine = robot.SystemClock(), None
  freed = threading.Event()

  class Slow(Telling):
    def infer(self, observation):
      chunk = super().infer(observation)
      if self.calls == 2:
        assert freed.wait(60)
      return chunk

  policy = Slow()
  mine = Robot(clock)

  def done():
    if (
      policy.calls == 2
      and len(mine.sent) > marks.setdefault('asked', len(mine.sent)) + 20
    ):
      freed.set()
    return policy.calls == 3

  marks: dict[str, int] = {}
  told = loop.ControlLoop(
    policy, mine, limits=LIMITS, clock=clock,
    timing=loop.Timing(policy_hz=20, servo_hz=100, stale=30, deadline=0.05),
  ).run('tell the time', seconds=60, done=done)  # fmt: skip
  assert told.ended == 'done'
  assert told.misses >= 1
  assert not told.hung


def test_a_policy_that_hangs_is_given_up():
  clock, freed = robot.SystemClock(), threading.Event()

  class Hung(Telling):
    def infer(self, observation):
      freed.wait(60)
      return super().infer(observation)

  mine = Robot(clock)
  told = loop.ControlLoop(
    Hung(), mine, limits=LIMITS, clock=clock,
    thinker=lambda: thinking.InThread(patience=0.01),
  ).run('tell the time', seconds=0.3)  # fmt: skip
  freed.set()
  assert (told.ended, told.hung, mine.sent) == ('time', True, [])


def test_statistics_are_kept_to_the_last_time():
  _, told = run(Telling(), inference=0.3, latency=0.07, seconds=4.0)
  told.clipped['rotation'] += 2
  kept = json.loads(json.dumps(told.kept()))
  assert statistics.Statistics.of(kept) == told
