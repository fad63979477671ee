"""Picture encoders: normalisation by hand, places of things, shapes."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sdd import errors
from sdd.policy.vision import (
  augmentation,
  config,
  image_encoder,
  light,
  normalisation,
  patches,
  resnet,
  spatial_softmax,
)

SMALL = config.VisionConfig(
  cameras=('front', 'wrist'),
  size=(24, 32),
  width=4,
  groups=2,
  keypoints=3,
  camera_features=5,
  features=6,
)


def drawn(model, *inputs):
  """Random parameters, without compiling a generator for each."""
  rng = np.random.default_rng(0)
  return jax.tree.map(
    lambda leaf: rng.normal(size=leaf.shape, scale=0.2).astype(np.float32),
    jax.eval_shape(model.init, jax.random.PRNGKey(0), *inputs),
  )


def bytes_of(config_, examples=2, seed=0):
  shape = (examples, len(config_.cameras), *config_.size, 3)
  return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_group_normalisation_by_hand():
  x = np.random.default_rng(0).normal(3, 2, (2, 4, 5, 6)).astype(np.float32)
  model = normalisation.group_norm(3, 'norm')
  params = {'scale': np.full(6, 2.0), 'bias': np.full(6, 1.0)}
  ours = np.asarray(model.apply({'params': params}, x))
  grouped = x.reshape(2, 20, 2, 3).astype(np.float64)
  mean = grouped.mean((1, 3), keepdims=True)
  variance = grouped.var((1, 3), keepdims=True)
  scaled = (grouped - mean) / np.sqrt(variance + normalisation.EPSILON)
  np.testing.assert_allclose(ours, 2 * scaled.reshape(x.shape) + 1, atol=1e-4)


@pytest.mark.parametrize(('row', 'column'), [(0, 0), (2, 4), (1, 3), (2, 0)])
def test_the_place_of_a_single_hot_pixel(row, column):
  maps = jnp.zeros((1, 3, 5, 2)).at[0, row, column, 0].set(1000)
  places = spatial_softmax.expected_place(maps)
  np.testing.assert_allclose(places[0, 0], [column / 2 - 1, row - 1], atol=1e-6)
  np.testing.assert_allclose(places[0, 1], [0, 0], atol=1e-6)  # everywhere


def test_a_map_of_one_pixel_has_its_place_in_the_middle():
  places = spatial_softmax.expected_place(jnp.ones((2, 1, 1, 3)))
  np.testing.assert_array_equal(places, np.zeros((2, 3, 2)))


def test_patches_keep_every_pixel_of_whole_patches():
  x = jnp.arange(2 * 8 * 9 * 3).reshape(2, 8, 9, 3)
  coarse = patches.space_to_depth(x, 4)
  assert coarse.shape == (2, 2, 2, 48)
  np.testing.assert_array_equal(
    np.asarray(coarse)[1, 1, 0].reshape(4, 4, 3), x[1, 4:8, 0:4]
  )


@pytest.mark.parametrize(
  ('model', 'shape'),
  [(resnet.ResNet18(4, 2), (2, 1, 32)), (light.LightEncoder(4, 2), (5, 4, 8))],
)
def test_how_coarse_the_maps_are(model, shape):
  x = jnp.zeros((3, 40, 32, 3))
  maps, params = jax.eval_shape(
    lambda: model.init_with_output(jax.random.PRNGKey(0), x)
  )
  assert maps.shape == (3, *shape)
  kernels = {
    leaf.shape[0]
    for path, leaf in jax.tree_util.tree_leaves_with_path(params)
    if path[-1].key == 'kernel' and leaf.ndim == 4
  }
  assert kernels <= {1, 3, 7}


def test_the_papers_network_is_as_large_as_resnet_18():
  shapes = jax.eval_shape(
    resnet.ResNet18().init, jax.random.PRNGKey(0), jnp.zeros((1, 64, 64, 3))
  )
  # 11 689 512 with its classifier of 1000 times 513.
  count = sum(leaf.size for leaf in jax.tree.leaves(shapes))
  assert count == 11_689_512 - 1000 * 513


RESNET = {'encoder': 'resnet18', 'size': (40, 40), 'cameras': ('wrist',)}


@pytest.mark.parametrize(
  'fields',
  # A ResNet takes XLA 8 s for each camera.
  [*({'pooling': pooling} for pooling in config.POOLINGS), RESNET],
)
def test_every_camera_is_used_and_gradients_are_finite(fields):
  setting = dataclasses.replace(SMALL, **fields)
  model = image_encoder.ImageEncoder(setting.validate())
  seen = augmentation.centre(bytes_of(setting), setting)
  variables = drawn(model, seen)
  assert {f'camera_{name}' for name in setting.cameras} < set(
    variables['params']
  )

  def total(variables, pictures):
    out = jnp.asarray(model.apply(variables, seen._replace(pictures=pictures)))
    assert out.shape == (2, setting.features)
    return jnp.sum(jnp.square(out))

  by_weight, by_pixel = jax.jit(jax.grad(total, argnums=(0, 1)))(
    variables, seen.pictures
  )
  for leaf in jax.tree.leaves(by_weight):
    assert np.isfinite(leaf).all()
  assert (np.abs(by_pixel).sum((0, 2, 3, 4)) > 0).all()


def test_normalising_pictures_leaves_room_for_bfloat16():
  model = image_encoder.ImageEncoder(SMALL)
  seen = augmentation.centre(bytes_of(SMALL), SMALL)
  variables = drawn(model, seen)
  exact = np.asarray(model.apply(variables, seen))
  short = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), variables)
  rough = np.asarray(
    model.apply(
      short, jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), seen)
    )
  )
  assert rough.dtype == jnp.bfloat16
  np.testing.assert_allclose(exact, rough, atol=0.1)


@pytest.mark.parametrize(
  ('field', 'value', 'said'),
  [
    ('encoder', 'resnet', 'resnet18'),
    ('pooling', 'max', 'average'),
    ('width', 5, 'multiple of groups = 2'),
    ('crop', 0.0, 'above 0'),
    ('size', (8, 8), '16 pixels'),
    ('cameras', ('front', 'front'), 'distinct'),
    ('brightness', 1.5, 'below 1'),
    ('rotation', 90.0, '45'),
  ],
)
def test_what_cannot_be_seen_with(field, value, said):
  with pytest.raises(errors.SddError, match=said):
    dataclasses.replace(SMALL, **{field: value}).validate()
