"""Tiles, alignment and the number of chunks change no result."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdd.deployment import export
from sdd.deployment.numpy_network import products, unet
from sdd.policy import unet as flax_unet

_SIZES = st.integers(1, 70)


@settings(max_examples=50, deadline=None)
@given(rows=_SIZES, inputs=_SIZES, features=_SIZES, seed=st.integers(0, 9))
def test_a_product_is_what_it_says(rows, inputs, features, seed):
  rng = np.random.default_rng(seed)
  kernel = rng.normal(size=(inputs, features)).astype(np.float32)
  bias = rng.normal(size=features).astype(np.float32)
  product = products.Product(kernel, bias)
  columns, out = product.columns(rows), np.empty((rows, features), np.float32)
  multiply = product.bind(columns, out)
  for _ in range(2):
    x = rng.normal(size=(rows, inputs)).astype(np.float32)
    columns[:, :inputs] = x
    multiply()
    np.testing.assert_allclose(out, x @ kernel + bias, atol=1e-4)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=3))
def test_zeros_begin_where_a_cache_line_does(shape):
  found = products.zeros(tuple(shape))
  assert found.shape == tuple(shape)
  assert not found.any()
  assert found.ctypes.data % 64 == 0


@pytest.mark.parametrize(
  ('channels', 'groups', 'taps', 'length'),
  [((16, 32), 8, 5, 16), ((6, 10, 14), 2, 3, 8), ((12,), 3, 1, 5)],
)
def test_chunks_denoised_together_are_those_denoised_alone(
  channels, groups, taps, length
):
  rng = np.random.default_rng(0)
  net = flax_unet.UNet(
    channels, kernel_size=taps, groups=groups, step_dimension=8
  )
  arrays = _arrays(net, length, rng)
  config = {'channels': channels, 'groups': groups, 'step_dimension': 8}
  denoiser = unet.UNet(arrays, config, length=length)
  condition = rng.normal(size=5).astype(np.float32)
  ddim = np.tile(np.array([0.9, -0.3, 0.5, 0.5], np.float32), (3, 1))
  noise = rng.normal(size=(35, length, 10)).astype(np.float32)
  alone = np.concatenate(
    [denoiser.sample(condition, one[None], ddim) for one in noise]
  )
  for count in (2, 16, 17, 35, 1):
    together = denoiser.sample(condition, noise[:count], ddim)
    np.testing.assert_allclose(together, alone[:count], atol=1e-5)


def _arrays(net, length, rng):
  shapes = jax.eval_shape(
    net.init,
    jax.random.key(0),
    np.zeros((1, length, 10), np.float32),
    np.zeros(1, np.int32),
    np.zeros((1, 5), np.float32),
  )
  params = jax.tree.map(
    lambda leaf: (0.3 * rng.normal(size=leaf.shape)).astype(np.float32),
    shapes['params'],
  )
  return {**export.flat({'unet': params}), 'times': np.array([40, 20, 0])}
