"""Learning from pictures: any number of devices, and what has to fit."""

import dataclasses

import jax
import numpy as np
import pytest
import small_vision
import tiny_run

from sdd import errors
from sdd.dataset import pictures
from sdd.policy import loss, network, schedule
from sdd.policy.vision import augmentation
from sdd.training import batches, checkpoint, loop, state, step


def config(**fields):
  run = tiny_run.config(**fields)
  vision = dataclasses.replace(small_vision.CONFIG.vision, size=(20, 22))
  run.policy = dataclasses.replace(
    run.policy,
    use_state=False,
    vision=vision,
    denoiser='mlp',
    channels=(16,),
  )
  return run


def seen(data, size=(20, 22)):
  shape = (len(data.observation), 2, *size, 3)
  rng = np.random.default_rng(0)
  return dataclasses.replace(
    data,
    pictures=rng.integers(0, 256, shape, dtype=np.uint8),
    picture_spec=pictures.PictureSpec(small_vision.CAMERAS, (size, size)),
  )


def test_a_batch_shows_the_newest_picture_and_no_state():
  run, data = config(), seen(tiny_run.data())
  made = batches.Batches(data, loop.specify(run, data), batch_size=16, seed=0)
  batch = made(3)
  flat = batch['pictures'].reshape(16, 2, 20, 22, 3)
  np.testing.assert_array_equal(flat, data.newest_pictures(made.indices(3)))
  assert flat.dtype == np.uint8
  assert batch['observation'].shape[-1] == 10


def test_several_devices_take_the_step_of_one():
  run, data = config(), seen(tiny_run.data())
  specification = loop.specify(run, data)
  batch = batches.Batches(data, specification, batch_size=16, seed=0)(0)
  host = state.init(run, specification.objects)
  after, told = step.make(run)(host, batch, step.tell([]))
  whole = {k: v.reshape(16, *v.shape[2:]) for k, v in batch.items()}
  key = jax.random.fold_in(host.rng, 0)
  model = network.Network(run.policy)

  @jax.jit
  def alone(params, batch):
    return loss.denoising_loss(
      model.apply,
      params,
      augmentation.of_batch(batch, key=key, config=run.policy.vision),
      schedule=schedule.make(run.policy.training_steps, run.policy.prediction),
      key=key,
    )

  assert jax.local_device_count() == 2
  np.testing.assert_allclose(
    np.asarray(told['loss']), alone(host.params, whole), rtol=1e-5
  )
  moved = step.to_host(after)
  stem = moved.optimiser[0].mu['eyes']['camera_wrist']['trunk']['stem']
  assert np.abs(stem['kernel']).max() > 0  # its gradient


def test_it_is_trained_saved_and_loaded(tmp_path):
  run, data = config(steps=6, checkpoint_every=3), seen(tiny_run.data())
  outcome = loop.train(run, data, tmp_path / 'run')
  assert np.isfinite(outcome.loss)
  policy = checkpoint.load_policy(tmp_path / 'run')
  assert policy.pictures == data.picture_spec
  front, wrist = data.newest_pictures(np.array([0]))[0]
  observation = {
    'proprioception': np.zeros(10),
    'instruction': 'go left',
    'front_image': front,
    'wrist_image': wrist,
  }
  assert np.isfinite(policy.infer(observation)).all()


def test_the_windows_must_have_the_cameras(tmp_path):
  with pytest.raises(errors.SddError, match="'front', 'wrist'"):
    loop.train(config(), tiny_run.data(), tmp_path / 'run')
