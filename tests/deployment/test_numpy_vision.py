"""What the robot sees is what the learner saw, in NumPy alone."""

import dataclasses
import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_vision
from flax import linen as nn
from hypothesis import given, settings
from hypothesis import strategies as st

from sdd.dataset import pictures
from sdd.deployment import batched, export, runtime
from sdd.deployment.numpy_network import convolution, resizing
from sdd.policy import network, policy, protocol
from sdd.policy.vision import config as vision_config
from sdd.training import examples


def seen(number=0, instruction='open the drawer'):
  rng = np.random.default_rng(number)
  return {
    'proprioception': rng.normal(size=10),
    'instruction': instruction,
    **{
      f'{camera}_image': rng.integers(
        0, 256, (*small_vision.SIZE, 3), dtype=np.uint8
      )
      for camera in small_vision.CAMERAS
    },
  }


def learnt_with(**fields):
  """A small policy with other eyes, its norms and scales no longer plain."""
  felt = fields.pop('use_proprioception', True)
  told = small_vision.specification(finding=fields.get('finding', 0.0))
  vision = dataclasses.replace(told.config.vision, **fields)
  config = dataclasses.replace(
    told.config, vision=vision, use_proprioception=felt
  ).validate()
  rng = np.random.default_rng(1)
  params = jax.tree.map(
    lambda leaf: leaf + 0.1 * rng.normal(size=leaf.shape).astype(np.float32),
    network.init(config, told.objects, seed=0),
  )
  params['eyes']['output']['kernel'] *= 5  # what it sees decides
  return policy.DiffusionPolicy(
    dataclasses.replace(told, config=config), params
  )


@pytest.mark.parametrize(
  'fields',
  [
    {},
    {'pooling': 'average'},
    {'size': (31, 43), 'crop': 1.0},
    {'encoder': 'resnet18', 'size': (48, 70), 'width': 8, 'groups': 4},
    {'encoder': 'resnet18', 'size': (41, 37), 'pooling': 'average'},
    {'finding': 1.0},
    {'finding': 1.0, 'use_proprioception': False},
  ],
  ids=str,
)
def test_numpy_sees_what_jax_sees(fields, tmp_path):
  learnt = learnt_with(**fields)
  arrays = export.to_arrays(learnt)
  drawn = examples.drawn(learnt.spec)
  assert export.largest_difference(learnt, arrays, drawn) < export.TOLERANCE
  path = tmp_path / 'policy.npz'
  np.savez(path, **arrays)  # type: ignore[arg-type]
  players = learnt, runtime.NumpyPolicy.load(path), batched.BatchedPolicy(path)
  for player in players:
    assert protocol.wanted(player) == learnt.spec.pictures
    player.reset(seed=5)
  for number in range(3):
    chunks = [player.infer_many(seen(number), 2) for player in players]
    assert chunks[0].shape == (2, learnt.spec.config.action_horizon, 10)
    for other in chunks[1:]:
      np.testing.assert_allclose(other, chunks[0], atol=1e-4)
    for player in players:
      player.observe(seen(number + 10))


@pytest.mark.parametrize('finding', [0.0, 1.0])
def test_pictures_decide_what_it_does(finding):
  arrays = export.to_arrays(learnt_with(finding=finding))
  exported = runtime.NumpyPolicy(arrays)
  assert exported.state_names == ()
  dark = {
    name: value * 0 if name.endswith('_image') else value
    for name, value in seen().items()
  }
  first = exported.infer(seen())
  exported.reset()
  assert np.abs(exported.infer(dark) - first).max() > 1e-3


@pytest.mark.parametrize(
  'change',
  [
    {'front_image': np.zeros((16, 24), np.uint8)},
    {'wrist_image': np.zeros((16, 24, 3))},
    {'wrist_image': None},
  ],
)
def test_a_bad_picture_is_refused_and_leaves_no_trace(change):
  arrays = export.to_arrays(learnt_with())
  exported, other = runtime.NumpyPolicy(arrays), runtime.NumpyPolicy(arrays)
  with pytest.raises(ValueError, match='_image'):
    exported.infer({**seen(), **change})
  without = {k: v for k, v in seen().items() if k != 'front_image'}
  with pytest.raises(ValueError, match='front_image'):
    exported.infer(without)
  np.testing.assert_array_equal(exported.infer(seen()), other.infer(seen()))


sides = st.integers(1, 40)


@settings(max_examples=60, deadline=None)
@given(st.tuples(sides, sides), st.tuples(sides, sides), st.integers(0, 99))
def test_pictures_are_resized_to_the_bit_as_for_training(before, after, seed):
  rng = np.random.default_rng(seed)
  picture = rng.integers(0, 256, (*before, 3), dtype=np.uint8)
  np.testing.assert_array_equal(
    resizing.resized(picture, after), pictures.resized(picture, after)
  )


@settings(max_examples=20, deadline=None)
@given(sides, sides, st.integers(0, 99))
def test_the_largest_of_neighbours(height, width, seed):
  rng = np.random.default_rng(seed)
  x = rng.uniform(0, 1, (height, width, 2)).astype(np.float32)
  edges: Any = ((1, 1), (1, 1))  # flax infers a string from its default
  expected = nn.max_pool(jnp.asarray(x), (3, 3), (2, 2), edges)
  np.testing.assert_array_equal(convolution.halved(x), expected)


def test_the_file_needs_no_pickle(tmp_path):
  path = tmp_path / 'policy.npz'
  np.savez(path, **export.to_arrays(learnt_with()))  # type: ignore[arg-type]
  with np.load(path, allow_pickle=False) as file:
    assert all(file[name].dtype != object for name in file.files)
    config = json.loads(str(file['meta']))['config']
  vision = vision_config.VisionConfig(**config['vision'])
  assert tuple(vision.cameras) == small_vision.CAMERAS
