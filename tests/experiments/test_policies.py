"""How a policy acts may be changed when it is opened, within reason."""

import shutil

import numpy as np
import pytest
import small_policy

from experiments import policies
from sdd import errors
from sdd.deployment import export, runtime
from sdd.policy import policy as policy_lib
from sdd.scenes import registry
from sdd.training import checkpoint
from sdd.training import config as training_config

SAID = 'move the toy into the left bin'


def save(learnt, workdir):
  """Writes it as a training run that took no step."""
  run = training_config.TrainingConfig(policy=learnt.spec.config)
  checkpoint.claim(workdir, run, learnt.spec)
  with checkpoint.opened(workdir, writer=True) as checkpoints:
    checkpoints.save_ema(0, learnt.params)


@pytest.fixture(scope='module')
def scene():
  return registry.load('transport')


@pytest.fixture(scope='module')
def file(scene, tmp_path_factory):
  path = tmp_path_factory.mktemp('policies') / 'policy.npz'
  arrays = export.to_arrays(small_policy.learnt(scene, SAID))
  np.savez(path, **arrays)  # type: ignore[arg-type]
  return str(path)


def test_an_export_acts_as_it_is_told(scene, file):
  plain = policies.load(file, scene)
  assert plain.execution_horizon == small_policy.CONFIG.execution_horizon
  asked = {'candidates': 3, 'execution_horizon': 2}
  changed = policies.load(file, scene, asked)
  assert isinstance(changed, runtime.NumpyPolicy)
  assert {name: getattr(changed, name) for name in asked} == asked


@pytest.mark.parametrize(
  ('acting', 'complaint'),
  [
    ({'execution_horizon': 9}, 'predicts 8 actions'),
    ({'inference_steps': 5}, 'fixed when it was exported'),
  ],
)
def test_what_an_export_cannot_do_is_said(scene, file, acting, complaint):
  with pytest.raises(errors.SddError, match=complaint):
    policies.load(file, scene, acting)


def test_a_training_run_acts_as_it_is_told(scene, tmp_path):
  learnt = small_policy.learnt(scene, SAID)
  save(learnt, tmp_path / 'run')
  asked = {'candidates': 2, 'inference_steps': 4, 'execution_horizon': 1}
  opened = policies.load(str(tmp_path / 'run'), scene, asked)
  assert isinstance(opened, policy_lib.DiffusionPolicy)
  for name, value in asked.items():
    assert getattr(opened.spec.config, name) == value
  assert (opened.candidates, opened.execution_horizon) == (2, 1)
  with pytest.raises(errors.SddError, match='inference_steps'):
    policies.load(str(tmp_path / 'run'), scene, {'inference_steps': 51})


def test_a_digest_is_that_of_the_newest_weights(scene, file, tmp_path):
  learnt, run = small_policy.learnt(scene, SAID), tmp_path / 'run'
  save(learnt, run)
  first = policies.digest(str(run))
  assert first == policies.digest(str(run))
  with checkpoint.opened(run, writer=True) as checkpoints:
    checkpoints.save_ema(1, learnt.params)
  (run / 'metrics.jsonl').write_text('{}\n')
  newest = policies.digest(str(run))
  assert newest == policies.digest(str(run))
  shutil.rmtree(run / checkpoint.FOLDER / '0')
  assert newest == policies.digest(str(run))
  assert len({first, policies.digest(file), None}) == 3
  assert policies.digest('generator') is None
  assert policies.digest('ws://127.0.0.1:1') is None
  for path in (tmp_path / 'no.npz', tmp_path):
    with pytest.raises(errors.SddError, match=f'--policy={path}'):
      policies.digest(str(path))
