"""The exported policy: the same actions, from NumPy alone."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import jax
import numpy as np
import pytest

import sdd
from sdd import errors
from sdd.dataset import statistics
from sdd.deployment import export, runtime
from sdd.language import hashed_words
from sdd.policy import config as policy_config
from sdd.policy import network, policy, protocol, spec
from sdd.simulation import action
from sdd.training import checkpoint, examples, state
from sdd.training import config as training_config

NAMES = ('box/x', 'box/y', 'drawer/position')
INSTRUCTIONS = ('open the drawer', 'close the drawer', 'ouvre — doucement')


def observation(number=0, instruction=INSTRUCTIONS[0]):
  rng = np.random.default_rng(number)
  return {
    'proprioception': rng.normal(size=10),
    'state': rng.normal(size=len(NAMES)),
    'instruction': instruction,
  }


@pytest.fixture(scope='module')
def workdir(tmp_path_factory):
  """A run of no steps, with weights larger than fresh ones."""
  rng = np.random.default_rng(0)
  run = training_config.TrainingConfig(
    policy=policy_config.PolicyConfig(
      action_horizon=8,
      execution_horizon=4,
      channels=(8, 16, 16),
      groups=4,
      step_dimension=8,
      object_width=16,
      heads=2,
      observation_hidden=(16, 12),
      condition_dimension=8,
      text_dimension=16,
    )
  )
  seen = rng.normal(size=(20, 30)).astype(np.float32)
  seen[:, 11] = 0.25  # something that never moves
  specification = spec.PolicySpec(
    config=run.policy,
    action_spec=action.ActionSpec(),
    scenes={'drawer': NAMES},
    instructions=INSTRUCTIONS,
    observation_statistics=statistics.Statistics.of(seen),
    action_statistics=statistics.Statistics.of(
      rng.normal(size=(20, 10)).astype(np.float32)
    ),
  )
  fresh = state.init(run, specification.objects)
  ema = jax.tree.map(
    lambda leaf: leaf + 0.1 * rng.normal(size=leaf.shape).astype(np.float32),
    fresh.ema,
  )
  folder = tmp_path_factory.mktemp('export') / 'run'
  checkpoint.claim(folder, run, specification)
  with checkpoint.opened(folder) as checkpoints:
    checkpoints.save(state.TrainState(**{**vars(fresh), 'ema': ema}))
  return folder


@pytest.fixture(scope='module')
def learnt(workdir):
  return checkpoint.load_policy(workdir)


@pytest.fixture(scope='module')
def file(workdir):
  path = workdir.parent / 'policy.npz'
  report = export.export_policy(workdir, path)
  assert report.path == path
  assert report.size == path.stat().st_size
  assert report.difference < export.TOLERANCE
  return path


def test_both_policies_act_the_same(learnt, file):
  exported = runtime.NumpyPolicy.load(file)
  assert isinstance(exported, protocol.Policy)
  assert exported.execution_horizon == learnt.execution_horizon
  for player in (learnt, exported):
    player.reset(seed=3)
  for call in range(6):
    seen = observation(call, INSTRUCTIONS[call % 3])
    if call in (1, 4):
      learnt.observe(seen)
      exported.observe(seen)
    ours, theirs = learnt.infer(seen), exported.infer(seen)
    assert ours.shape == theirs.shape == (8, 10)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_the_whole_loop_agrees_before_it_is_scaled(learnt, file):
  with np.load(file) as arrays:
    drawn = examples.drawn(learnt.spec)
    assert export.largest_difference(learnt, arrays, drawn) < 1e-4


def test_positions_that_are_absolute_stay_absolute(learnt):
  config = policy_config.PolicyConfig(
    **{**vars(learnt.spec.config), 'relative_position': False}
  )
  absolute = policy.DiffusionPolicy(
    spec.PolicySpec(**{**vars(learnt.spec), 'config': config}), learnt.params
  )
  exported = runtime.NumpyPolicy(export.to_arrays(absolute))
  relative = runtime.NumpyPolicy(export.to_arrays(learnt))
  seen = observation(1)
  expected = relative.infer(seen)
  expected[:, :3] -= seen['proprioception'][:3]
  np.testing.assert_allclose(exported.infer(seen), expected, atol=1e-5)


@pytest.mark.parametrize(
  'fields',
  [
    *({'prediction': each} for each in policy_config.PREDICTIONS),
    {'head': 'regression'},
    {'prediction': 'flow', 'inference_steps': 16},
  ],
  ids=str,
)
def test_every_prediction_and_head_is_the_same_in_numpy(learnt, fields):
  config = policy_config.PolicyConfig(**{**vars(learnt.spec.config), **fields})
  changed = policy.DiffusionPolicy(
    spec.PolicySpec(**{**vars(learnt.spec), 'config': config}), learnt.params
  )
  exported = runtime.NumpyPolicy(export.to_arrays(changed))
  for player in (changed, exported):
    player.reset(seed=2)
  ours, theirs = (
    player.infer_many(observation(), 2) for player in (changed, exported)
  )
  np.testing.assert_allclose(ours, theirs, atol=1e-4)
  assert (ours[0] == ours[1]).all() == (config.head == 'regression')


@pytest.mark.parametrize('denoiser', policy_config.DENOISERS)
def test_both_choose_the_same_of_many_candidates(learnt, denoiser):
  config = policy_config.PolicyConfig(
    **{**vars(learnt.spec.config), 'denoiser': denoiser, 'candidates': 5}
  )
  if denoiser == 'mlp':
    config.channels = (16, 16)
  specification = spec.PolicySpec(**{**vars(learnt.spec), 'config': config})
  params = network.init(config, specification.objects, seed=3)
  chooser = policy.DiffusionPolicy(specification, params)
  exported = runtime.NumpyPolicy(export.to_arrays(chooser))
  first = []
  for player in (chooser, exported):
    player.reset(seed=1)
    ours = player.infer(observation())
    player.reset(seed=1)
    many = player.infer_many(observation(), 7)
    np.testing.assert_allclose(many[0], ours, atol=1e-5)
    player.candidates = 1
    player.reset(seed=1)
    first.append(player.infer(observation()))
    assert (np.abs(many - first[-1]).max(axis=(1, 2)) < 1e-4).any()
    player.candidates = 5
  np.testing.assert_allclose(
    chooser.infer(observation(2)), exported.infer(observation(2)), atol=1e-4
  )


def test_the_table_of_sentences_is_that_of_the_encoder(learnt):
  arrays = export.to_arrays(learnt)
  np.testing.assert_array_equal(
    arrays['embeddings'],
    hashed_words.HashedWords(16).encode(INSTRUCTIONS),
  )


def test_clip_stays_at_home(learnt):
  folder = pathlib.Path(__file__).parents[1] / 'language' / 'data' / 'clip'
  config = policy_config.PolicyConfig(
    **{**vars(learnt.spec.config), 'text_encoder': f'clip:{folder}'}
  ).settled()
  assert config.text_dimension == 20
  specification = spec.PolicySpec(**{**vars(learnt.spec), 'config': config})
  params = network.init(config, specification.objects, seed=0)
  trained = policy.DiffusionPolicy(specification, params)
  arrays = export.to_arrays(trained)
  drawn = examples.drawn(specification)
  assert export.largest_difference(trained, arrays, drawn) < export.TOLERANCE
  exported = runtime.NumpyPolicy(arrays)
  with pytest.raises(ValueError, match='Did you mean'):
    exported.infer(observation(instruction=INSTRUCTIONS[0] + 's'))


def test_a_call_leaves_the_chunks_before_alone(file):
  exported = runtime.NumpyPolicy.load(file)
  first = exported.infer(observation(1))
  kept = first.copy()
  exported.infer(observation(2))
  np.testing.assert_array_equal(first, kept)


def test_noise_only_depends_on_seed_and_call():
  one = runtime.draw_noise(2, 7, (8, 10))
  np.testing.assert_array_equal(one, runtime.draw_noise(2, 7, (8, 10)))
  assert (one != runtime.draw_noise(2, 8, (8, 10))).any()
  assert (one != runtime.draw_noise(3, 7, (8, 10))).any()
  assert np.isfinite(runtime.draw_noise(-1, 0, (8, 10))).all()


def test_it_runs_where_there_is_numpy_and_nothing_else(learnt, file, tmp_path):
  package = pathlib.Path(sdd.__file__).parent
  robot = tmp_path / 'sdd'
  shutil.copytree(package / 'deployment', robot / 'deployment')
  shutil.copy(package / '__init__.py', robot)
  code = """
import sys
class Blocked:
  def find_spec(self, name, path=None, target=None):
    if name.split('.')[0] in ('jax', 'flax', 'tensorflow', 'PIL', 'optax'):
      raise ImportError(name + ' is not on this robot')
sys.meta_path.insert(0, Blocked())
import json, numpy
from sdd.deployment import runtime
policy = runtime.NumpyPolicy.load(sys.argv[1])
policy.reset(seed=4)
seen = json.loads(sys.argv[2])
print(json.dumps(policy.infer(seen).tolist()))
"""
  seen = {
    name: value.tolist() if isinstance(value, np.ndarray) else value
    for name, value in observation(9).items()
  }
  ran = subprocess.run(
    [sys.executable, '-c', code, str(file), json.dumps(seen)],
    cwd=tmp_path,
    env={**os.environ, 'PYTHONPATH': ''},
    capture_output=True,
    text=True,
    check=True,
  )
  learnt.reset(seed=4)
  np.testing.assert_allclose(
    json.loads(ran.stdout), learnt.infer(seen), atol=1e-4
  )


def test_an_unknown_instruction_lists_the_known(file):
  exported = runtime.NumpyPolicy.load(file)
  with pytest.raises(ValueError, match="mean 'open the drawer'") as refusal:
    exported.infer(observation(instruction='open the drawers'))
  assert all(known in str(refusal.value) for known in INSTRUCTIONS)


@pytest.mark.parametrize(
  ('change', 'complaint'),
  [
    ({'state': np.zeros(2)}, r'\(3,\) finite'),
    ({'proprioception': np.full(10, np.inf)}, 'finite'),
  ],
)
def test_a_bad_observation_is_refused(file, change, complaint):
  exported = runtime.NumpyPolicy.load(file)
  with pytest.raises(ValueError, match=complaint):
    exported.infer({**observation(), **change})
  with pytest.raises(ValueError, match='lacks'):
    exported.infer({'instruction': INSTRUCTIONS[0]})


def test_a_policy_may_be_replaced_but_nothing_else(workdir, tmp_path):
  target = tmp_path / 'policy.npz'
  for _ in range(2):
    export.export_policy(workdir, target)
  assert [path.name for path in tmp_path.iterdir()] == ['policy.npz']
  np.savez(tmp_path / 'results.npz', results=np.arange(3))
  (tmp_path / 'notes.npz').write_text('mine')
  for name in ('results.npz', 'notes.npz'):
    before = (tmp_path / name).read_bytes()
    with pytest.raises(errors.SddError, match='not overwritten'):
      export.export_policy(workdir, tmp_path / name)
    assert (tmp_path / name).read_bytes() == before
  with pytest.raises(errors.SddError, match=r'\.npz'):
    export.export_policy(workdir, tmp_path / 'policy.txt')


def test_an_export_of_another_version_may_be_replaced(workdir, file, tmp_path):
  target = tmp_path / 'policy.npz'
  with np.load(file) as arrays:
    meta = {**json.loads(str(arrays['meta'])), 'version': 1}
    np.savez(target, **{**arrays, 'meta': np.array(json.dumps(meta))})
  export.export_policy(workdir, target)
  assert runtime.NumpyPolicy.load(target).instructions == INSTRUCTIONS


def test_a_file_that_is_no_policy_is_refused(tmp_path):
  (tmp_path / 'a.npz').write_bytes(b'PK not a zip')
  np.save(tmp_path / 'b.npy', np.arange(3))
  np.savez(tmp_path / 'c.npz', x=np.arange(3))
  for name in ('a.npz', 'b.npy', 'c.npz'):
    with pytest.raises(ValueError, match='not an exported policy'):
      runtime.NumpyPolicy.load(tmp_path / name)


def test_a_policy_of_another_version_is_refused(learnt):
  arrays = export.to_arrays(learnt)
  meta = {**json.loads(str(arrays['meta'])), 'version': 99}
  with pytest.raises(ValueError, match='99'):
    runtime.NumpyPolicy({**arrays, 'meta': np.array(json.dumps(meta))})
