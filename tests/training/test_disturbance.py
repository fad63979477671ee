"""A tool observed off its way: how far, and where its actions still go."""

import jax
import numpy as np
import pytest
import tiny_run

from sdd.policy import frame
from sdd.training import batches, disturbance, loop

SCALE = 0.02
DATA = tiny_run.data()


def drawn(count=500, *, scale=SCALE, seed=0):
  generator = np.random.default_rng(seed)
  return disturbance.draw(generator, count, 2, scale=scale)


def straying(count=500, *, scale=SCALE):
  """Disturbances that only stray."""
  return only(drawn(count, scale=scale).stray)


def only(stray):
  return disturbance.Disturbance(
    stray, np.zeros(len(stray), bool), np.full(len(stray), np.nan)
  )


def observations(count=500):
  """Random proprioception (10), and three numbers that are not the tool's."""
  rng = np.random.default_rng(1)
  turned = np.linalg.qr(rng.normal(size=(count, 2, 3, 3)))[0]
  turned[..., 2, :] = np.cross(turned[..., 0, :], turned[..., 1, :])
  parts = [
    rng.normal(size=(count, 2, 3)),
    turned[..., :2, :].reshape(count, 2, 6),
    rng.uniform(0, 0.08, size=(count, 2, 1)),
    rng.normal(size=(count, 2, 3)),
  ]
  return np.concatenate(parts, axis=-1).astype(np.float32)


def matrices(observation):
  rows = observation[..., 3:9].reshape(*observation.shape[:-1], 2, 3)
  third = np.cross(rows[..., 0, :], rows[..., 1, :])
  return np.concatenate([rows, third[..., None, :]], axis=-2)


def made(*, seed=3, relative=True, scale=SCALE):
  run = tiny_run.config(disturbance=scale)
  run.policy.relative_position = relative
  specification = loop.specify(run, DATA)
  return specification, batches.Batches(
    DATA, specification, batch_size=16, seed=seed, disturbance=scale
  )


def flat(batch):
  """Without the axis of the devices."""
  return {k: np.asarray(v).reshape(-1, *v.shape[2:]) for k, v in batch.items()}


def test_a_rotation_stays_one_and_turns_by_the_drawn_angle():
  before, by = observations(), straying()
  after = disturbance.disturbed(before, by)
  old, new = matrices(before), matrices(after)
  square = new @ np.swapaxes(new, -1, -2)
  np.testing.assert_allclose(
    square, np.broadcast_to(np.eye(3), square.shape), atol=2e-6
  )
  turn = new @ np.swapaxes(old, -1, -2)
  # What is off the diagonal's symmetry is the sine about each base axis.
  sines = np.stack(
    [turn[..., i, j] - turn[..., j, i] for i, j in ((2, 1), (0, 2), (1, 0))],
    axis=-1,
  )
  vector = by.stray[..., 3:6]
  angle = np.linalg.norm(vector, axis=-1, keepdims=True)
  np.testing.assert_allclose(
    sines / 2, vector * np.sinc(angle / np.pi), atol=2e-6
  )


def test_a_quarter_turn_about_the_bases_last_axis():
  observation = np.zeros((1, 1, 10), np.float32)
  observation[..., 3:9] = [1, 0, 0, 0, 1, 0]
  noise = np.zeros((1, 1, 7))
  noise[..., 5] = np.pi / 2
  after = disturbance.disturbed(observation, only(noise))
  np.testing.assert_allclose(after[0, 0, 3:9], [0, -1, 0, 1, 0, 0], atol=1e-6)


def test_a_scale_of_zero_changes_nothing():
  before = observations()
  np.testing.assert_array_equal(
    disturbance.disturbed(before, straying(scale=0.0)), before
  )
  assert disturbance.reach(0.0) == 0


def test_the_tool_strays_within_reach_and_nothing_else_moves():
  before, by = observations(20_000), straying(20_000)
  after = disturbance.disturbed(before, by)
  reach = disturbance.reach(SCALE)
  assert np.abs(by.stray[..., :3]).max() <= reach
  moved = np.abs(after[..., :3].astype(np.float64) - before[..., :3])
  assert reach / 2 < moved.max() <= reach + 1e-6
  assert (after[..., 9] >= 0).all()
  np.testing.assert_array_equal(after[..., 10:], before[..., 10:])


def test_observations_of_a_window_stray_nearly_alike():
  noise = drawn(20_000).stray
  first, second = noise[:, 0].ravel(), noise[:, 1].ravel()
  assert np.corrcoef(first, second)[0, 1] > 0.8
  far = np.abs(noise[..., 0]).max(axis=1)
  assert np.mean(far < SCALE / 4) > 0.4  # many windows are hardly disturbed


def test_some_windows_stand_still_and_some_fingers_are_anywhere():
  before, by = observations(20_000), drawn(20_000)
  after = disturbance.disturbed(before, by)
  stands = (after[:, 0] == after[:, 1]).all(axis=-1)
  np.testing.assert_array_equal(stands, by.still)
  assert abs(by.still.mean() - disturbance.STILL) < 0.01
  given = ~np.isnan(by.opening)
  assert abs(given.mean() - disturbance.ANYWHERE) < 0.01
  np.testing.assert_allclose(after[given, 1, 9], by.opening[given], atol=1e-6)
  assert (by.opening[given] <= disturbance.WIDEST).all()
  np.testing.assert_array_equal(after[:, -1, 10:], before[:, -1, 10:])


@pytest.mark.parametrize('relative', [True, False])
def test_actions_stay_where_they_were(relative):
  specification, disturbed = made(relative=relative)
  strayed = 0.0
  for step in range(4):
    batch = flat(disturbed(step))
    raw = DATA.gather(disturbed.indices(step))
    seen = batch['observation']
    action = frame.outward(
      specification.action_statistics.denormalise(batch['action']),
      frame.end_effector(seen),
      relative=relative,
    )
    np.testing.assert_allclose(action, raw['action'], atol=1e-5)
    assert np.abs(batch['action']).max() <= 1 + 1e-6
    way = seen[:, -1, :3] - raw['observation'][:, -1, :3]
    strayed = max(strayed, np.abs(way).max())
    np.testing.assert_array_equal(
      seen[:, -1, 10:], raw['observation'][:, -1, 10 : seen.shape[-1]]
    )
  assert strayed > SCALE / 2


def test_seed_and_step_decide():
  _, one = made()
  for step in range(3):
    one(step)
  _, again = made()
  _, other = made(seed=4)
  np.testing.assert_array_equal(one(3)['observation'], again(3)['observation'])
  for another in (one(4), other(3)):
    assert (one(3)['observation'] != another['observation']).any()


def test_processes_share_the_batch_of_one(monkeypatch):
  _, disturbed = made()
  whole = flat(disturbed(2))
  monkeypatch.setattr(jax, 'process_count', lambda: 2)
  for process in range(2):
    monkeypatch.setattr(jax, 'process_index', lambda process=process: process)
    share = flat(disturbed(2))
    for name, value in share.items():
      np.testing.assert_array_equal(value, whole[name][8 * process :][:8])
