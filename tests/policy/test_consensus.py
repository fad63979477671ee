"""Of several chunks, the one most others resemble."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sdd.policy import consensus


def chunks(seed, count):
  return np.random.default_rng(seed).normal(size=(count, 16, 10))


@given(st.integers(0, 999), st.integers(1, 9))
def test_the_order_of_the_chunks_does_not_matter(seed, count):
  drawn = chunks(seed, count)
  order = np.random.default_rng(seed + 1).permutation(count)
  there, here = consensus.central(drawn[order]), consensus.central(drawn)
  if count > 2:  # two are as far from each other
    np.testing.assert_array_equal(drawn[order][there], drawn[here])


@given(st.integers(0, 999), st.integers(3, 9))
@settings(max_examples=30)
def test_where_and_how_the_robot_stands_does_not_matter(seed, count):
  drawn = chunks(seed, count)
  moved = drawn + np.random.default_rng(seed).normal(size=10)
  assert consensus.central(moved) == consensus.central(drawn)


def test_it_is_on_the_side_that_most_take():
  left, right = np.zeros((16, 10)), np.zeros((16, 10))
  left[:, 1], right[:, 1] = 0.2, -0.2
  noise = 0.01 * chunks(0, 8)
  drawn = np.stack([left, right, left, left, right, left, right, left]) + noise
  assert consensus.central(drawn) in (0, 2, 3, 5, 7)


def test_it_is_never_the_one_at_the_edge():
  drawn = 0.001 * chunks(1, 8)
  for far in range(8):
    one = drawn.copy()
    one[far, 3:, 9] += 0.05
    assert consensus.central(one) != far


def test_one_is_the_only_choice():
  assert consensus.central(chunks(0, 1)) == 0
