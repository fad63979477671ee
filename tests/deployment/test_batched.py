"""Many chunks at once are the chunks of the runtime, one after the other."""

import numpy as np
import pytest
import small_policy

from sdd.deployment import batched, export, runtime
from sdd.policy import protocol
from sdd.scenes import registry

SAID = ('move the toy into the left bin', 'move the toy into the right bin')


@pytest.fixture(scope='module')
def file(tmp_path_factory):
  learnt = small_policy.learnt(registry.load('transport'), *SAID)
  path = tmp_path_factory.mktemp('batched') / 'policy.npz'
  np.savez(path, **export.to_arrays(learnt))  # type: ignore[arg-type]
  return path, learnt


def observation(learnt, instruction, shift=0.0):
  rng = np.random.default_rng(0)
  return {
    'proprioception': rng.normal(size=10) + shift,
    'state': rng.normal(size=len(learnt.spec.scenes['transport'])),
    'instruction': instruction,
  }


def test_all_policies_sample_the_same_chunks(file):
  path, learnt = file
  policies = [
    batched.BatchedPolicy(path), runtime.NumpyPolicy.load(path), learnt
  ]  # fmt: skip
  assert isinstance(policies[0], protocol.Policy)
  for policy in policies:
    policy.reset(seed=4)
  for instruction in SAID:
    seen = observation(learnt, instruction)
    first, *others = [policy.infer_many(seen, 3) for policy in policies]
    assert first.shape == (3, 8, 10)
    for other in others:
      np.testing.assert_allclose(other, first, atol=1e-4)
    for policy in policies:
      policy.observe(observation(learnt, instruction, 0.1))


def test_the_first_of_many_is_the_only_one_of_one(file):
  path, learnt = file
  policies = [
    batched.BatchedPolicy(path), runtime.NumpyPolicy.load(path), learnt
  ]  # fmt: skip
  for policy in policies:
    seen = observation(learnt, SAID[0])
    policy.reset(seed=1)
    many = policy.infer_many(seen, 3)
    policy.reset(seed=1)
    np.testing.assert_allclose(policy.infer(seen), many[0], atol=1e-5)
    assert (many[0] != many[1]).any()


def test_another_sentence_is_refused_as_by_the_runtime(file):
  path, learnt = file
  policy = batched.BatchedPolicy(path)
  with pytest.raises(ValueError, match='Did you mean'):
    policy.infer(observation(learnt, SAID[0] + ' x'))


def test_another_file_is_refused(tmp_path):
  np.savez(tmp_path / 'other.npz', a=np.zeros(3))
  with pytest.raises(ValueError, match='not an exported policy'):
    batched.BatchedPolicy(tmp_path / 'other.npz')
