"""The network: two convolutions that agree, shapes, impossible sizes."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_policy

from sdd import errors
from sdd.policy import activation, config, conv, network, unet


@pytest.mark.parametrize(
  ('size', 'stride', 'padding'), [(5, 1, 2), (3, 2, 1), (2, 1, 1), (1, 1, 0)]
)
def test_both_convolutions_agree_forwards_and_backwards(size, stride, padding):
  rng = np.random.default_rng(0)
  x = rng.standard_normal((2, 8, 3)).astype(np.float32)
  kernel = rng.standard_normal((size, 3, 4)).astype(np.float32)

  def both(convolve):
    def loss(x, kernel):
      y = convolve(x, kernel, stride=stride, padding=padding)
      return jnp.sum(jnp.sin(y)), y

    return jax.grad(loss, argnums=(0, 1), has_aux=True)(x, kernel)

  ours, theirs = both(conv.matmul), both(conv.lax)
  for one, other in zip(*map(jax.tree.leaves, (ours, theirs)), strict=True):
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_network_is_the_same_with_either_convolution():
  rng = np.random.default_rng(1)
  params = network.init(small_policy.CONFIG, 2, seed=0)
  inputs = (
    rng.standard_normal((3, 8, 10)).astype(np.float32),
    np.array([0, 7, 49]),
    rng.standard_normal((3, 2, 30)).astype(np.float32),
    rng.standard_normal((3, 3, 8)).astype(np.float32),
  )
  outputs = []
  for implementation in config.CONV_IMPLEMENTATIONS:
    sizes = dataclasses.replace(small_policy.CONFIG, conv_impl=implementation)
    apply = jax.jit(network.Network(sizes).apply)
    outputs.append(np.asarray(apply({'params': params}, *inputs)))
  assert outputs[0].shape == (3, 8, 10)
  np.testing.assert_allclose(*outputs, atol=2e-5)


def test_doubling_is_a_transposed_convolution():
  rng = np.random.default_rng(2)
  x = rng.standard_normal((2, 4, 3)).astype(np.float32)
  layer = unet.Double('matmul')
  variables = layer.init(jax.random.PRNGKey(0), x)
  kernel = np.asarray(variables['params']['conv']['kernel'])  # (2, 3, 2 * 3)
  # Output 2t - 1 + s + 2 (1 - tap) sees input t through (tap, s).
  expected = np.zeros((2, 10, 3), np.float32)
  for tap in range(2):
    for side in range(2):
      part = x @ kernel[tap, :, 3 * side : 3 * side + 3]
      start = 2 * (1 - tap) + side
      expected[:, start : start + 8 : 2] += part
  doubled = np.asarray(layer.apply(variables, x))
  np.testing.assert_allclose(doubled, expected[:, 1:-1], atol=1e-5)


def test_mish_is_mish():
  x = jnp.array([-1e4, -30.0, -1.0, 0.0, 1e-3, 1.0, 19.9, 20.1, 1e4])
  np.testing.assert_allclose(activation.mish(x), jax.nn.mish(x), atol=1e-5)
  slope = jax.vmap(jax.grad(activation.mish))
  expected = jax.vmap(jax.grad(jax.nn.mish))(x)
  np.testing.assert_allclose(slope(x), expected, atol=1e-5)


def test_the_same_seed_gives_the_same_parameters():
  one, two = (
    network.init(small_policy.CONFIG, 2, seed=3),
    network.init(small_policy.CONFIG, 2, seed=3),
  )
  jax.tree.map(np.testing.assert_array_equal, one, two)


@pytest.mark.parametrize(
  ('field', 'value'),
  [
    ('prediction', 'epsilom'),
    ('conv_impl', 'fft'),
    ('head', 'classification'),
    ('text_encoder', 'bert'),
    ('text_dimension', 0),
    ('action_horizon', 9),
    ('execution_horizon', 0),
    ('execution_horizon', 9),
    ('channels', ()),
    ('channels', (8, 18)),
    ('denoiser', 'transformer'),
    ('heads', 0),
    ('kernel_size', 4),
    ('inference_steps', 51),
    ('step_dimension', 2),
  ],
)
def test_an_impossible_size_is_refused_by_name(field, value):
  with pytest.raises(errors.SddError, match=field):
    dataclasses.replace(small_policy.CONFIG, **{field: value}).validate()
