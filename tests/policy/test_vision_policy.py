"""A policy that sees: what it needs, refuses, and does not look at."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_vision

from sdd import errors
from sdd.policy import loss, network, precision, protocol, schedule, spec
from sdd.policy.vision import augmentation


@pytest.fixture(scope='module')
def learnt():
  return small_vision.learnt()


def observation(seed=0):
  rng = np.random.default_rng(seed)
  return {
    'proprioception': np.linspace(0, 1, 10),
    'instruction': 'open the drawer',
    **{
      f'{camera}_image': rng.integers(
        0, 256, (*small_vision.SIZE, 3), dtype=np.uint8
      )
      for camera in small_vision.CAMERAS
    },
  }


def test_what_it_sees_decides_and_state_does_not(learnt):
  learnt.reset(1)
  first = learnt.infer(observation())
  learnt.reset(1)
  with_state = {**observation(), 'state': np.full(3, np.nan)}
  np.testing.assert_array_equal(first, learnt.infer(with_state))
  for camera in small_vision.CAMERAS:
    learnt.reset(1)
    name = f'{camera}_image'
    other = {**observation(), name: 255 - observation()[name]}
    assert np.abs(learnt.infer(other) - first).max() > 1e-4
  assert isinstance(learnt, protocol.Policy)
  assert protocol.wanted(learnt).cameras == small_vision.CAMERAS


def test_many_chunks_begin_with_the_one(learnt):
  learnt.reset(2)
  one = learnt.infer(observation())
  learnt.reset(2)
  many = learnt.infer_many(observation(), 3)
  np.testing.assert_allclose(many[0], one, atol=1e-5)


def test_pictures_are_needed_to_infer_and_not_to_observe(learnt):
  learnt.reset()
  blind = {
    name: value
    for name, value in observation().items()
    if not name.endswith('_image')
  }
  learnt.observe(blind)
  with pytest.raises(errors.SddError, match='front_image'):
    learnt.infer(blind)


@pytest.mark.parametrize(
  'picture',
  [
    np.zeros((24, 16, 3), np.uint8),
    np.zeros((16, 24, 3), np.float32),
    np.zeros((16, 24), np.uint8),
  ],
)
def test_another_picture_is_refused(learnt, picture):
  with pytest.raises(errors.SddError, match=r'\(16, 24, 3\) and uint8'):
    learnt.infer({**observation(), 'wrist_image': picture})


def test_what_it_speaks_survives_json():
  told = small_vision.specification()
  again = spec.from_json(json.loads(json.dumps(told.to_json())), source='it')
  assert again.config == told.config
  assert again.pictures == told.pictures
  older = told.to_json()
  del older['pictures'], older['config']['vision']
  assert not spec.from_json(older, source='it').config.vision.cameras


def test_without_proprioception_only_pictures_and_words_count():
  blunt = dataclasses.replace(small_vision.CONFIG, use_proprioception=False)
  params = network.init(blunt, 0, seed=0)
  seen = augmentation.nothing(blunt.vision)
  words = np.ones((1, 1, blunt.text_dimension), np.float32)

  def encoded(config, shift, picture=0.0):
    bright = seen._replace(
      pictures=seen.pictures.at[:, :, 4:9, 4:9].add(picture)
    )
    felt = np.linspace(0, 1, 20, dtype=np.float32).reshape(1, 2, 10) + shift
    return np.asarray(
      network.Network(config).apply(
        {'params': params}, felt, words, bright, method='encode'
      )
    )

  np.testing.assert_array_equal(encoded(blunt, 0), encoded(blunt, 1))
  assert np.abs(encoded(blunt, 0) - encoded(blunt, 0, 1.0)).max() > 1e-5
  felt = small_vision.CONFIG
  assert np.abs(encoded(felt, 0) - encoded(felt, 1)).max() > 1e-3


def test_it_does_not_encode_without_pictures():
  config = small_vision.CONFIG
  felt, words = np.zeros((1, 2, 10)), np.zeros((1, 1, config.text_dimension))
  with pytest.raises(errors.SddError, match='front, wrist'):
    network.Network(config).apply({'params': {}}, felt, words, method='encode')


def test_a_policy_must_observe_something():
  nothing = dataclasses.replace(
    small_vision.CONFIG,
    use_proprioception=False,
    vision=dataclasses.replace(small_vision.CONFIG.vision, cameras=()),
  )
  with pytest.raises(errors.SddError, match='observe nothing'):
    nothing.validate()


def test_bfloat16_is_close_and_gradients_are_float32():
  config = small_vision.CONFIG
  model = network.Network(config)
  params = network.init(config, 0, seed=0)
  rng = np.random.default_rng(0)
  batch = {
    'observation': rng.uniform(-1, 1, (4, 2, 10)).astype(np.float32),
    'action': rng.uniform(-1, 1, (4, 8, 10)).astype(np.float32),
    'text': rng.normal(size=(4, 1, config.text_dimension)).astype(np.float32),
    'position': np.arange(4),
    'pictures': rng.integers(0, 256, (4, 2, 20, 20, 3), dtype=np.uint8),
  }
  key = jnp.array([0, 1], jnp.uint32)

  def objective(params, dtype):
    return loss.denoising_loss(
      precision.compute_in(dtype, model.apply),
      params,
      augmentation.of_batch(batch, key=key, config=config.vision),
      schedule=schedule.make(config.training_steps, config.prediction),
      key=key,
    )

  step = jax.jit(jax.value_and_grad(objective), static_argnums=1)
  exact, fine = step(params, 'float32')
  rough, coarse = step(params, 'bfloat16')
  assert float(rough) == pytest.approx(float(exact), rel=0.03)
  assert rough != exact
  for leaf in jax.tree.leaves(coarse):
    assert leaf.dtype == np.float32
    assert np.isfinite(leaf).all()
  norms = [
    sum(float(np.sum(np.square(leaf))) for leaf in jax.tree.leaves(tree)) ** 0.5
    for tree in (fine, coarse)
  ]
  assert norms[1] == pytest.approx(norms[0], rel=0.1)


def test_every_camera_has_weights_of_its_own():
  config = small_vision.CONFIG
  params = network.init(config, 0, seed=0)
  assert set(params['eyes']) == {'camera_front', 'camera_wrist', 'output'}
  kernels = [
    params['eyes'][f'camera_{name}']['trunk']['stem']['kernel']
    for name in small_vision.CAMERAS
  ]
  assert not np.allclose(*kernels)
