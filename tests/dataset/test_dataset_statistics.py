"""Scaling to [-1, 1] and back."""

import json

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sdd.dataset import spec, statistics

FINITE = st.floats(-1e4, 1e4, width=32)
VECTORS = arrays.arrays(
  np.float32,
  st.tuples(st.integers(1, 20), st.integers(1, 5)),
  elements=FINITE,
)


@settings(deadline=None, max_examples=60)
@given(VECTORS)
def test_there_and_back(values):
  found = statistics.Statistics.of(values)
  scaled = found.normalise(values)
  assert scaled.dtype == np.float32
  assert (np.abs(scaled) <= 1 + 1e-4).all()
  back = found.denormalise(scaled)
  tolerance = 3e-6 * np.maximum(1, np.abs(values).max(0))
  assert (np.abs(back - values) <= tolerance).all()


@settings(deadline=None, max_examples=30)
@given(FINITE, FINITE)
def test_constants_become_zero_and_survive_anything(constant, output):
  values = np.full((3, 1), constant, np.float32)
  found = statistics.Statistics.of(values)
  np.testing.assert_array_equal(found.normalise(values), 0)
  back = found.denormalise(np.full((3, 1), output, np.float32))
  np.testing.assert_array_equal(back, values)


def test_the_range_is_used_up():
  values = np.array([[0, -3], [10, 5], [4, 1]], np.float32)
  scaled = statistics.Statistics.of(values).normalise(values)
  np.testing.assert_array_equal(scaled.min(0), -1)
  np.testing.assert_array_equal(scaled.max(0), 1)


@settings(deadline=None, max_examples=20)
@given(VECTORS)
def test_json_keeps_every_bit(values):
  found = statistics.Statistics.of(values)
  text = json.dumps(found.to_json())
  back = statistics.Statistics.from_json(json.loads(text))
  for name in ('minimum', 'maximum', 'mean', 'std'):
    one, other = getattr(found, name), getattr(back, name)
    np.testing.assert_array_equal(one, other)
    assert other.dtype == np.float32


def test_jax_arrays_stay_jax_and_batch_axes_pass():
  values = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
  found = statistics.Statistics.of(values)
  batch = values[:48].reshape(2, 3, 8, 4)
  scaled = found.normalise(jnp.asarray(batch))
  assert isinstance(scaled, jnp.ndarray)
  np.testing.assert_allclose(scaled, found.normalise(batch), atol=1e-6)
  np.testing.assert_allclose(found.denormalise(scaled), batch, atol=1e-5)


@pytest.mark.parametrize('values', [np.zeros((0, 3)), np.array([[np.nan]])])
def test_nothing_and_nonsense_have_no_statistics(values):
  with pytest.raises(spec.DatasetError, match='at least one vector'):
    statistics.Statistics.of(values)
