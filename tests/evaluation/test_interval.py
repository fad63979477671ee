"""Laws of the Wilson interval."""

import hypothesis
import pytest
from hypothesis import strategies

from sdd import errors
from sdd.evaluation import interval


@strategies.composite
def outcomes(draw: strategies.DrawFn):
  """How often it worked, and how often it was tried."""
  trials = draw(strategies.integers(1, 10_000))
  return draw(strategies.integers(0, trials)), trials


@pytest.mark.parametrize(
  ('successes', 'trials', 'low', 'high'),
  [
    # As scipy.stats.binomtest(...).proportion_ci(method='wilson') has them.
    (5, 10, 0.2366, 0.7634),
    (0, 10, 0.0, 0.2775),
    (10, 10, 0.7225, 1.0),
    (152, 200, 0.6963, 0.8139),
  ],
)
def test_known_values(successes, trials, low, high):
  expected = pytest.approx((low, high), abs=1e-4)
  assert interval.wilson_interval(successes, trials) == expected


@hypothesis.given(outcomes())
def test_contains_the_estimate_and_stays_within_0_and_1(outcome):
  successes, trials = outcome
  low, high = interval.wilson_interval(successes, trials)
  assert 0 <= low <= successes / trials <= high <= 1
  assert low < high


@hypothesis.given(outcomes())
def test_failures_mirror_successes(outcome):
  successes, trials = outcome
  low, high = interval.wilson_interval(successes, trials)
  mirrored = interval.wilson_interval(trials - successes, trials)
  assert mirrored == pytest.approx((1 - high, 1 - low))


@hypothesis.given(outcomes(), strategies.integers(2, 10))
def test_more_trials_narrow_it(outcome, factor):
  successes, trials = outcome
  low, high = interval.wilson_interval(successes, trials)
  less, more = interval.wilson_interval(factor * successes, factor * trials)
  assert more - less < high - low


@hypothesis.given(outcomes())
def test_more_confidence_widens_it(outcome):
  low, high = interval.wilson_interval(*outcome, confidence=0.8)
  less, more = interval.wilson_interval(*outcome, confidence=0.99)
  assert less <= low
  assert high <= more


def test_nothing_tried_is_nothing_known():
  assert interval.wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize('bad', [(3, 2), (-1, 2), (0, -1)])
def test_impossible_counts(bad):
  with pytest.raises(errors.SddError, match='0 <= successes <= trials'):
    interval.wilson_interval(*bad)


@pytest.mark.parametrize('confidence', [0, 1, 1.5, -0.1])
def test_impossible_confidence(confidence):
  with pytest.raises(errors.SddError, match='between 0 and 1'):
    interval.wilson_interval(1, 2, confidence)
