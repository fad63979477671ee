"""How sure a success rate is."""

import math
import statistics

from sdd import errors


def wilson_interval(
  successes: float, trials: float, confidence: float = 0.95
) -> tuple[float, float]:
  """The Wilson score interval of a success probability.

  Unlike the textbook `p +- z sqrt(p (1 - p) / n)` it stays within [0, 1] and
  has a width after 0 or all successes (Wilson 1927, Probable Inference, the
  Law of Succession, and Statistical Inference).

  Args:
    successes: how often it worked; fractions are taken as they are.
    trials: how often it was tried. After no trial at all the interval is
      (0, 1).
    confidence: how often such intervals contain the true probability.

  Returns:
    (low, high), with low <= successes / trials <= high.

  Raises:
    errors.SddError: successes are not within 0 and trials, or confidence is
      not strictly between 0 and 1.
  """
  if not 0 <= successes <= trials:
    raise errors.SddError(
      f'Got {successes} successes in {trials} trials; expected '
      '0 <= successes <= trials.'
    )
  if not 0 < confidence < 1:
    raise errors.SddError(
      f'Got confidence {confidence}; expected a number between 0 and 1.'
    )
  if trials == 0:
    return 0.0, 1.0
  z = statistics.NormalDist().inv_cdf((1 + confidence) / 2)
  rate = successes / trials
  shrink = 1 + z**2 / trials
  centre = (rate + z**2 / (2 * trials)) / shrink
  half = math.sqrt(rate * (1 - rate) / trials + (z / (2 * trials)) ** 2)
  half *= z / shrink
  # Rounding may leave the ends a hair on the wrong side of the estimate.
  return max(0.0, min(centre - half, rate)), min(1.0, max(centre + half, rate))
