"""The pieces of training: order of the data, average, refused numbers."""

import dataclasses

import jax
import numpy as np
import pytest
import tiny_run

from sdd import errors
from sdd.policy import frame
from sdd.training import batches, loop, state


def make(batch_size=16, **fields):
  config, data = tiny_run.config(), tiny_run.data()
  specification = loop.specify(config, data)
  return batches.Batches(
    data, specification, batch_size=batch_size, seed=3, **fields
  )


def test_every_epoch_visits_every_window_once():
  total = len(tiny_run.data())
  seen = np.concatenate([make().indices(step) for step in range(total)])
  for epoch in range(16):
    visits = seen[epoch * total : (epoch + 1) * total]
    np.testing.assert_array_equal(np.sort(visits), np.arange(total))
  assert (seen[:total] != seen[total : 2 * total]).any()


def test_a_step_does_not_depend_on_the_steps_before():
  straight = make()
  for step in range(9):
    straight.indices(step)
  np.testing.assert_array_equal(straight.indices(9), make().indices(9))


def test_a_batch_is_normalised_and_spread_over_devices():
  batch = make()(0)
  devices = batch['position'].shape[0]
  np.testing.assert_array_equal(np.ravel(batch['position']), np.arange(16))
  for value in batch.values():
    assert value.shape[:2] == (devices, 16 // devices)
  assert np.abs(batch['action']).max() <= 1 + 1e-6
  for name in ('observation', 'action', 'text'):
    assert np.asarray(batch[name]).dtype == np.float32


def test_a_batch_must_divide_by_the_devices():
  with pytest.raises(errors.SddError, match='multiple of the number'):
    make(batch_size=15)


def test_relative_statistics_are_those_of_each_step():
  data = tiny_run.data()
  everything = data.gather(np.arange(len(data)))
  seen = frame.inward(
    everything['action'],
    frame.end_effector(everything['observation']),
    relative=True,
  )
  fitted = frame.fit(data, relative=True)
  for step in range(seen.shape[1]):
    for part, among in (
      (slice(0, 3), seen[:, step]),
      (slice(3, 10), seen.reshape(-1, 10)),
    ):
      values = among[:, part]
      for name in ('min', 'max', 'mean', 'std'):
        field = {'min': 'minimum', 'max': 'maximum'}.get(name, name)
        np.testing.assert_allclose(
          getattr(fitted, field)[step, part],
          getattr(values, name)(axis=0),
          atol=1e-6,
        )
  assert frame.fit(data, relative=False) is data.action_statistics


def test_the_average_forgets_its_start_and_then_remembers_long():
  steps = np.arange(0, 2_000_000, 1000)
  decay = np.asarray(state.ema_decay(steps, power=0.75, maximum=0.9999))
  assert decay[0] == 0
  assert (np.diff(decay) >= 0).all()
  assert decay[-1] == np.float32(0.9999)


def test_the_optimiser_starts_as_optax_starts_it():
  config = tiny_run.config()
  fresh = state.init(config, 2)
  transform, rate = state.optimiser(config)
  expected = transform.init(fresh.params)
  for ours, theirs in zip(
    *(map(np.asarray, _leaves(tree)) for tree in (fresh.optimiser, expected)),
    strict=True,
  ):
    np.testing.assert_array_equal(ours, theirs)
  assert rate(0) == 0
  assert rate(config.warmup_steps) == pytest.approx(1e-2)
  assert rate(config.steps) == pytest.approx(1e-6)


def _leaves(tree):

  return jax.tree.leaves(tree)


def test_horizons_of_the_windows_must_fit(tmp_path):
  wider = dataclasses.replace(tiny_run.data(), action_horizon=8)
  with pytest.raises(errors.SddError, match='action_horizon 8'):
    loop.train(tiny_run.config(), wider, tmp_path / 'run')
  assert not (tmp_path / 'run').exists()


@pytest.mark.parametrize(
  ('field', 'value'),
  [
    ('batch_size', 0),
    ('steps', 0),
    ('learning_rate', 0.0),
    ('warmup_steps', 40),
    ('log_every', 0),
    ('seed', -1),
  ],
)
def test_an_impossible_number_is_refused_by_name(field, value):
  with pytest.raises(errors.SddError, match=field):
    tiny_run.config(**{field: value}).validate()
