"""Every way of predicting is learnt, exported and acted by."""

import dataclasses

import numpy as np
import pytest
import tiny_run

from sdd.deployment import export, runtime
from sdd.training import checkpoint, loop, observer


@pytest.mark.parametrize(
  'fields',
  [
    {'head': 'regression'},
    {'prediction': 'flow', 'inference_steps': 5, 'relative_position': False},
  ],
  ids=str,
)
def test_it_is_learnt_and_acts_without_jax(tmp_path, fields):
  run = tiny_run.config(steps=60)
  run.policy = dataclasses.replace(
    run.policy, channels=(16,), kernel_size=3, execution_horizon=1, **fields
  )
  losses = []
  loop.train(
    run,
    tiny_run.data(),
    tmp_path / 'run',
    wishes=observer.Wishes(report=lambda now: losses.append(now.loss)),
  )
  assert losses[-1] < 0.7 * losses[0]
  export.export_policy(tmp_path / 'run', tmp_path / 'policy.npz')
  acting = runtime.NumpyPolicy.load(tmp_path / 'policy.npz')
  trained = checkpoint.load_policy(tmp_path / 'run')
  assert acting.execution_horizon == 1
  seen = {
    'proprioception': np.zeros(10),
    'state': np.array([0.25, 0]),
    'instruction': 'go right',
  }
  np.testing.assert_allclose(acting.infer(seen), trained.infer(seen), atol=1e-4)
