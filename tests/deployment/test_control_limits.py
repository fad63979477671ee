"""Whatever a policy says, what is sent is within the limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sdd.deployment.control import limits, loop, robot, rotation, thinking
from sdd.planning import trajectory
from sdd.scenes import grippers
from sdd.simulation import action

HOME = np.array([0.4, 0, 0.3, 1, 0, 0, 0, -1, 0, 0.05])
LIMITS = limits.Limits(
  low=(0.2, -0.3, 0.0), high=(0.7, 0.3, 0.5), stroke=0.1,
  speed=limits.Rates(0.5, 2.0, 0.3), step=limits.Rates(0.02, 0.09, 0.01),
)  # fmt: skip
NUMBERS = st.one_of(
  st.floats(-2, 2),
  st.floats(-1e300, 1e300),
  st.sampled_from([0.0, np.nan, np.inf]),
)
ACTIONS = arrays.arrays(float, 10, elements=NUMBERS)
GOOD = arrays.arrays(float, 10, elements=st.floats(-3, 3))
CHUNKS = arrays.arrays(float, (6, 10), elements=st.floats(-3, 3))


def angle(first, second):
  """Between two actions, another way than the library's."""
  one, two = (action.decode(np, each)[1] for each in (first, second))
  return 2 * np.arcsin(min(1, np.linalg.norm(one - two) / np.sqrt(8)))


def check_step(last, sent, seconds, given=LIMITS):
  low, high = np.array(given.low), np.array(given.high)
  assert np.all((sent[:3] >= low) & (sent[:3] <= high))
  assert 0 <= sent[9] <= given.stroke
  rows = sent[3:9].reshape(2, 3)
  np.testing.assert_allclose(rows @ rows.T, np.eye(2), atol=1e-9)
  moved = {
    'translation': np.linalg.norm(sent[:3] - last[:3]),
    'rotation': angle(last, sent),
    'opening': abs(sent[9] - last[9]),
  }
  for name, way in moved.items():
    most = min(seconds * getattr(given.speed, name), getattr(given.step, name))
    assert way <= most + 1e-8, (name, way, most)


@given(st.lists(ACTIONS, max_size=8), st.floats(-0.1, 0.3))
def test_all_that_a_guard_admits_is_within_the_limits(wanted, seconds):
  guard = limits.Guard(LIMITS, HOME)
  for each in wanted:
    last = guard.last
    try:
      sent, _ = guard.admit(each, seconds)
    except ValueError:
      np.testing.assert_array_equal(guard.last, last)
    else:
      assert np.isfinite(each).all()
      check_step(last, sent, max(0, seconds))


@given(GOOD)
def test_what_is_within_the_limits_passes_as_it_is(wanted):
  wide = limits.Limits(
    low=(-9, -9, -9), high=(9, 9, 9), stroke=9,
    speed=limits.Rates(99, 99, 99), step=limits.Rates(99, 99, 99),
  )  # fmt: skip
  wanted[9] = abs(wanted[9])
  guard = limits.Guard(wide, HOME)
  try:
    sent, hit = guard.admit(wanted, 1)
  except ValueError:
    return
  assert not hit
  np.testing.assert_array_equal(sent[[0, 1, 2, 9]], wanted[[0, 1, 2, 9]])
  np.testing.assert_allclose(
    action.decode(np, sent)[1], action.decode(np, wanted)[1], atol=1e-4
  )


@pytest.mark.parametrize(
  'gripper', grippers.GRIPPERS.values(), ids=grippers.GRIPPERS
)
def test_the_usual_limits_let_pass_what_demonstrations_do(gripper):
  fastest = trajectory.TOOL_SPEED * 4 / 3  # of a profile with that mean
  stroke = min(gripper.stroke, limits.Limits().stroke)
  rate = action.ActionSpec().rate_hz
  guard = limits.Guard(limits.Limits(), HOME * [*[1] * 9, 0])
  for tick in range(1, 6):
    wanted = HOME.copy()
    wanted[0] += fastest * tick / 20
    wanted[9] = stroke * min(1, rate * tick / 20)
    sent, hit = guard.admit(wanted, 0.05)
    assert not hit
  assert sent[9] == pytest.approx(stroke)


@given(GOOD)
def test_a_far_goal_is_reached_after_enough_steps(wanted):
  guard = limits.Guard(LIMITS, HOME)
  try:
    for _ in range(60):
      sent, hit = guard.admit(wanted, 0.05)
  except ValueError:
    return
  assert not {'translation', 'rotation', 'opening'} & set(hit)
  low, high = np.array(LIMITS.low), np.array(LIMITS.high)
  np.testing.assert_allclose(sent[:3], np.clip(wanted[:3], low, high))


@settings(max_examples=30, deadline=None)
@given(st.lists(CHUNKS, min_size=1, max_size=4), st.floats(0, 0.4))
def test_the_loop_sends_nothing_beyond_them(chunks, inference):
  clock, sent = robot.VirtualClock(), []

  class Still:
    def observe(self):
      return robot.Seen(clock.now(), {'proprioception': HOME})

    def command(self, action, *, until):
      assert until == pytest.approx(clock.now() + 0.05)
      sent.append(action)

    def stop(self):
      pass

  class Wild:
    execution_horizon = 2

    def reset(self, seed=0):
      self.left = list(chunks)

    def observe(self, observation):
      pass

    def infer(self, observation):
      return self.left.pop() if len(self.left) > 1 else self.left[0]

  loop.ControlLoop(
    Wild(), Still(), limits=LIMITS, clock=clock,
    thinker=lambda: thinking.Modelled(clock, inference),
  ).run('run wild', seconds=3)  # fmt: skip
  for last, now in zip([HOME, *sent], sent, strict=False):
    check_step(last, now, 0.05)


@given(
  arrays.arrays(float, 6, elements=st.floats(-3, 3)),
  arrays.arrays(float, 6, elements=st.floats(-3, 3)),
  st.floats(0, 1),
)
def test_between_two_rotations_is_an_even_turn(first, second, part):
  try:
    one, two = rotation.from_rows(first), rotation.from_rows(second)
  except ValueError:
    return
  mixed = rotation.slerp(one, two, part)
  whole = rotation.angle(one, two)
  assert 0 <= whole <= np.pi + 1e-9
  assert rotation.angle(one, mixed) == pytest.approx(part * whole, abs=1e-6)
  assert rotation.angle(mixed, two) == pytest.approx(
    (1 - part) * whole, abs=1e-6
  )
  again = rotation.from_rows(rotation.rows(mixed))
  assert rotation.angle(again, mixed) < 1e-6


@pytest.mark.parametrize(
  'bad',
  [
    lambda: limits.Limits(low=(1, 0, 0), high=(0, 1, 1)),
    lambda: limits.Limits(low=(0, 0), high=(1, 1)),  # type: ignore[arg-type]
    lambda: limits.Limits(stroke=0),
    lambda: limits.Rates(1, -1, 1),
    lambda: limits.Rates(np.nan, 1, 1),
    lambda: limits.Guard(LIMITS, np.zeros(10)),
    lambda: limits.Guard(LIMITS, HOME + np.eye(10)[0]),
    lambda: limits.check(np.zeros(9)),
    lambda: loop.Timing(servo_hz=7),
    lambda: loop.Timing(policy_hz=0),
    lambda: loop.Timing(stale=0),
  ],
)
def test_limits_that_are_none_are_refused(bad):
  with pytest.raises(ValueError, match=r'expected|must be|rotation|outside'):
    bad()
