"""The policy that acts: memory, seeds, frames, bad observations."""

import dataclasses

import numpy as np
import pytest
import small_policy

from sdd import errors
from sdd.dataset import statistics
from sdd.policy import frame, network, policy, protocol, spec
from sdd.simulation import action


def specification():
  rng = np.random.default_rng(0)
  return spec.PolicySpec(
    config=small_policy.CONFIG,
    action_spec=action.ActionSpec(),
    scenes={'drawer': ('box/x', 'box/y')},
    instructions=('open the drawer',),
    observation_statistics=statistics.Statistics.of(
      rng.normal(size=(9, 20)).astype(np.float32)
    ),
    action_statistics=statistics.Statistics.of(
      rng.normal(size=(9, 10)).astype(np.float32)
    ),
  )


@pytest.fixture(scope='module')
def learnt():
  params = network.init(small_policy.CONFIG, 1, seed=0)
  return policy.DiffusionPolicy(specification(), params)


def observation(shift=0.0):
  return {
    'proprioception': np.linspace(0, 1, 10) + shift,
    'state': np.array([0.1, 0.2]) + shift,
    'instruction': 'open the drawer',
  }


def test_it_is_a_policy(learnt):
  assert isinstance(learnt, protocol.Policy)
  assert learnt.execution_horizon == 4


def test_a_reset_repeats_and_a_seed_changes_the_chunk(learnt):
  learnt.reset(seed=5)
  first, second = learnt.infer(observation()), learnt.infer(observation())
  assert first.shape == (8, 10)
  assert np.isfinite(first).all()
  assert (first != second).any()
  learnt.reset(seed=5)
  np.testing.assert_array_equal(learnt.infer(observation()), first)
  learnt.reset(seed=6)
  assert (learnt.infer(observation()) != first).any()


def test_positions_are_relative_to_the_present_end_effector(learnt):
  learnt.reset()
  chunk = learnt.infer(observation())
  low, high = (
    getattr(learnt.spec.action_statistics, name)[:3]
    for name in ('minimum', 'maximum')
  )
  present = observation()['proprioception'][:3]
  assert (chunk[:, :3] >= present + low - 1e-5).all()
  assert (chunk[:, :3] <= present + high + 1e-5).all()


def test_what_was_observed_between_matters(learnt):
  learnt.reset()
  learnt.observe(observation(0.3))
  moving = learnt.infer(observation())
  learnt.reset()
  still = learnt.infer(observation())
  assert (moving != still).any()


def test_an_observation_a_chunk_old_is_not_the_one_before(learnt):
  noise = np.zeros((1, 8, 10), np.float32)
  learnt.reset()
  learnt.infer(observation(0.3))
  learnt.sample_many = lambda history, *_: histories.append(history) or noise
  histories = []
  learnt.infer(observation())
  learnt.observe(observation(0.1))
  learnt.infer(observation(0.2))
  del learnt.sample_many
  stale, fresh = histories
  np.testing.assert_array_equal(stale[0], stale[1])
  np.testing.assert_allclose((fresh[1] - fresh[0])[:12], 0.1, atol=1e-6)


@pytest.mark.parametrize(
  ('change', 'complaint'),
  [
    ({'state': np.zeros(3)}, r'\(3,\)'),
    ({'proprioception': np.full(10, np.nan)}, 'finite'),
    ({'instruction': ''}, 'no word'),
  ],
)
def test_a_bad_observation_is_refused(learnt, change, complaint):
  learnt.reset()
  with pytest.raises(errors.SddError, match=complaint):
    learnt.infer({**observation(), **change})


def test_a_missing_entry_is_named(learnt):
  with pytest.raises(errors.SddError, match='state'):
    learnt.infer({'proprioception': np.zeros(10), 'instruction': 'open'})


@pytest.mark.parametrize('relative', [True, False])
def test_inward_and_outward_are_inverse(relative):
  rng = np.random.default_rng(1)
  actions = rng.normal(size=(4, 8, 10)).astype(np.float32)
  position = rng.normal(size=(4, 3)).astype(np.float32)
  inside = frame.inward(actions, position, relative=relative)
  assert (inside[..., 3:] == actions[..., 3:]).all()
  outside = frame.outward(inside, position, relative=relative)
  np.testing.assert_allclose(outside, actions, atol=1e-6)


def test_a_specification_survives_json():
  before = specification()
  after = spec.from_json(before.to_json(), source='test')
  assert after.to_json() == before.to_json()
  assert after.config == before.config
  assert dataclasses.is_dataclass(after.action_spec)


def test_a_foreign_or_damaged_specification_is_refused():
  fields = specification().to_json()
  with pytest.raises(errors.SddError, match='format'):
    spec.from_json({**fields, 'format': 'x'}, source='there')
  del fields['scenes']
  with pytest.raises(errors.SddError, match='there is damaged'):
    spec.from_json(fields, source='there')
