"""A policy that finds the objects in the pictures instead of being told."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_vision

from sdd import errors
from sdd.policy import loss, network, policy, schedule
from sdd.policy.vision import augmentation, object_finder

TOLD = small_vision.specification(finding=1.0)
COUNT = 3  # rows; the third is blank


def example(seed=0, examples=2):
  """Observations, texts and pictures of so many examples."""
  rng = np.random.default_rng(seed)
  felt = np.tile([0.4, 0.1, 0.2, 1, 0, 0, 0, -1, 0, 0.04], (examples, 2, 1))
  row = [0.5, 0.0, 0.1, 1, 0, 0, 0, 1, 0, 0.2]
  rows = np.tile(row * COUNT, (examples, 2, 1))
  rows = rows + 0.01 * rng.normal(size=rows.shape)
  width = TOLD.config.text_dimension
  text = rng.normal(size=(examples, 1 + COUNT, width)) / width**0.5
  text[:, -1] = 0
  seen = augmentation.nothing(TOLD.config.vision)
  seen = jax.tree.map(
    lambda leaf: rng.uniform(-1, 1, (examples, *leaf.shape[1:])), seen
  )
  return jax.tree.map(
    lambda leaf: np.asarray(leaf, np.float32),
    (np.concatenate([felt, rows], axis=-1), text, seen),
  )


@pytest.fixture(scope='module')
def params():
  return network.init(TOLD.config, COUNT, seed=0)


def encode(params, observation, text, seen, config=TOLD.config) -> Any:
  return network.Network(config).apply(
    {'params': params},
    observation,
    text,
    seen,
    method='encode',
    mutable=[object_finder.FOUND],
  )


def test_it_finds_and_is_not_told(params):
  observation, text, seen = example()
  condition, beside = encode(params, observation, text, seen)
  (rows,) = beside[object_finder.FOUND]['rows']
  assert rows.shape == (2, COUNT, 10)
  elsewhere = observation.copy()
  elsewhere[..., 10:] += 1
  np.testing.assert_array_equal(
    condition, encode(params, elsewhere, text, seen)[0]
  )
  dark = seen._replace(pictures=0 * seen.pictures)
  _, beside = encode(params, observation, text, dark)
  assert np.abs(beside[object_finder.FOUND]['rows'][0] - rows).max() > 1e-4


def test_what_a_wrist_camera_finds_moves_with_the_tool(params):
  """Where only the tool's share counts, places are carried by the tool."""
  only = jax.tree.map(np.array, params)
  output = only['finder']['output']
  output['kernel'][:, 6:9], output['bias'][6:9] = 0, -100
  only['finder']['seen']['kernel'][-10:] = 0  # the answer itself stays
  observation, text, seen = example()
  turned = observation.copy()
  turned[..., :10] = [0.1, -0.3, 0.5, 0, -1, 0, 1, 0, 0, 0.04]

  def from_tool(observation):
    _, beside = encode(only, observation, text, seen)
    place = beside[object_finder.FOUND]['rows'][0][..., :3]
    pose = observation[:, -1]
    first, second = pose[:, 3:6], pose[:, 6:9]
    turn = np.stack([first, second, np.cross(first, second)], axis=1)
    return np.einsum('bij,bni->bnj', turn, place - pose[:, None, :3])

  np.testing.assert_allclose(
    from_tool(observation), from_tool(turned), atol=1e-5
  )


def test_error_is_zero_where_everything_was_found():
  observation, text, _ = example()
  rows = observation[:, -1, 10:].reshape(2, COUNT, 10)
  assert loss.finding_error(rows, observation, text) < 1e-12
  for number, counts in ((0, True), (1, True), (2, False)):
    off = rows.copy()
    off[:, number, :3] += 0.05
    assert (loss.finding_error(off, observation, text) > 1e-4) == counts
  rough = np.array(rows)
  rough[:, 0, :3] += 0.3
  rougher = np.array(rows)
  rougher[:, 0, :3] += 0.6
  twice = loss.finding_error(rougher, observation, text) / loss.finding_error(
    rough, observation, text
  )
  assert 1.9 < twice < 2.3  # far off it is the distance that counts


def test_a_scene_counts_as_much_beside_one_that_holds_more():
  observation, text, _ = example()
  rows = observation[:, -1, 10:].reshape(2, COUNT, 10) + 0.05
  alone = loss.finding_error(rows, observation, text)
  more = np.zeros((2, 4, 10), np.float32)
  padded = loss.finding_error(
    np.concatenate([rows, more + 1], axis=1),
    np.pad(observation, ((0, 0), (0, 0), (0, 4 * 10))),
    np.pad(text, ((0, 0), (0, 4), (0, 0))),
  )
  np.testing.assert_allclose(padded, alone, rtol=1e-6)


def test_its_error_teaches_the_eyes(params):
  observation, text, seen = example()
  config = TOLD.config
  batch = {
    'observation': observation,
    'action': np.zeros((2, config.action_horizon, 10), np.float32),
    'text': text,
    'position': np.arange(2),
    'seen': seen,
  }

  def objective(params, finding):
    return loss.denoising_loss(
      network.Network(config).apply,
      params,
      batch,
      schedule=schedule.make(config.training_steps, config.prediction),
      key=jnp.array([0, 1], jnp.uint32),
      finding=finding,
    )

  plain, with_it, twice = (
    float(objective(params, weight)) for weight in (0.0, 0.5, 1.0)
  )
  assert twice - plain == pytest.approx(2 * (with_it - plain), rel=1e-4)
  assert with_it > plain
  learn = jax.jit(jax.value_and_grad(lambda p: objective(p, 1.0)))
  first, gradient = learn(params)
  assert np.abs(gradient['eyes']['output']['kernel']).max() > 1e-6
  for _ in range(20):
    _, gradient = learn(params)
    params = jax.tree.map(lambda p, g: p - 0.05 * g, params, gradient)
  assert objective(params, 1.0) < 0.7 * first


def test_a_policy_that_finds_wants_no_state():
  learnt = policy.DiffusionPolicy(TOLD, network.init(TOLD.config, 2, seed=0))
  rng = np.random.default_rng(0)
  observation = {
    'proprioception': np.linspace(0, 1, 10),
    'instruction': 'open the drawer',
    **{
      f'{camera}_image': rng.integers(
        0, 256, (*small_vision.SIZE, 3), dtype=np.uint8
      )
      for camera in small_vision.CAMERAS
    },
  }
  first = learnt.infer(observation)
  assert np.isfinite(first).all()
  learnt.reset()
  state = np.full(len(small_vision.STATE_NAMES), np.nan)
  told = learnt.infer({**observation, 'state': state})
  np.testing.assert_array_equal(first, told)


def test_told_and_finding_is_refused():
  both = dataclasses.replace(TOLD.config, use_state=True)
  with pytest.raises(errors.SddError, match=r'vision\.finding is 1\.0'):
    both.validate()
