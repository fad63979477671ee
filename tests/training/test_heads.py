"""Every way of predicting is learnt, exported and acted by."""

import dataclasses

import numpy as np
import pytest
import tiny_run

from sdd.deployment import export, runtime
from sdd.training import examples, loop, observer


@pytest.mark.parametrize(
  'fields',
  [
    {'head': 'regression'},
    {'prediction': 'flow', 'inference_steps': 5, 'relative_position': False},
  ],
  ids=str,
)
def test_it_is_learnt_and_acts_without_jax(tmp_path, fields):
  run = tiny_run.config(steps=60, checkpoint_every=60)
  run.policy = dataclasses.replace(
    run.policy,
    denoiser='mlp',
    channels=(16,),
    execution_horizon=1,
    **fields,
  )
  losses = []
  loop.train(
    run,
    tiny_run.data(),
    tmp_path / 'run',
    wishes=observer.Wishes(report=lambda now: losses.append(now.loss)),
  )
  assert losses[-1] < 0.9 * losses[0]
  # It is only written if it agrees with what was trained.
  made = export.export_policy(tmp_path / 'run', tmp_path / 'policy.npz')
  assert made.stored == examples.PER_SCENE
  acting = runtime.NumpyPolicy.load(tmp_path / 'policy.npz')
  assert acting.execution_horizon == 1
  seen = {
    'proprioception': np.zeros(10),
    'state': np.array([0.25, 0]),
    'instruction': 'go right',
  }
  chunk = acting.infer(seen)
  assert chunk.shape == (4, 10)
  assert np.isfinite(chunk).all()
