"""What the inference benchmark compares is the same."""

import numpy as np
import pytest

from experiments.benchmarks import inference_calls


@pytest.mark.parametrize(('part', 'count'), [('small', 1), ('candidates', 8)])
def test_everybody_computes_the_same_chunks(part, count):
  calls = inference_calls.make(part)
  chunks = [call() for call in calls.values()]
  assert {'numpy', 'jax'} <= set(calls)
  for chunk in chunks:
    assert chunk.shape == (count, 16, 10)
    np.testing.assert_allclose(chunk, chunks[0], atol=1e-4)


@pytest.mark.long
def test_the_whole_policy_of_the_papers_size_computes_the_same_chunk():
  numpy_chunk, jax_chunk = (c() for c in inference_calls.make('whole').values())
  np.testing.assert_allclose(numpy_chunk, jax_chunk, atol=1e-4)


def test_the_table_has_a_ratio_for_everybody():
  rows = [
    {'part': 'U-Net', 'who': who, 'value': value, 'best': value}
    for who, value in (('numpy', 20.0), ('jax', 10.0), ('torch', 60.0))
  ]
  assert '| 2.00 | 3.0 |' in inference_calls.table(rows)
  assert '| 2.00 |  |' in inference_calls.table(rows[:2])
