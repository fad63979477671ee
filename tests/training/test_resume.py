"""A run that was stopped, killed or finished goes on exactly."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import jax
import numpy as np
import pytest
import tiny_run

from sdd import errors
from sdd.simulation import action
from sdd.training import checkpoint, loop, metrics, observer

ROOT = pathlib.Path(__file__).parents[2]


def program(*arguments, **environment):
  return subprocess.Popen(
    [sys.executable, tiny_run.__file__, *arguments],
    env={**os.environ, 'PYTHONPATH': str(ROOT), **environment},
    stdout=subprocess.PIPE,
    text=True,
  )


def same(one, other):
  jax.tree.map(np.testing.assert_array_equal, one, other)


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
  """A run from start to end, and the losses it reported."""
  workdir = tmp_path_factory.mktemp('whole') / 'run'
  losses = []
  outcome = loop.train(
    tiny_run.config(),
    tiny_run.data(),
    workdir,
    observer.Wishes(lambda now: losses.append(now.loss)),
  )
  return workdir, outcome, losses


def test_the_loss_falls(whole):
  _, outcome, losses = whole
  assert outcome.step == 40
  assert outcome.stopped_by is None
  assert losses[-1] < 0.85 * losses[0]


def test_the_newest_checkpoints_are_kept(whole):
  with checkpoint.opened(whole[0]) as checkpoints:
    assert checkpoints.steps() == (30, 40)


def test_metrics_are_lines_of_json(whole):
  lines = (whole[0] / metrics.FILE).read_text().splitlines()
  assert [json.loads(line)['step'] for line in lines] == [10, 20, 30, 40]
  assert {'loss', 'learning_rate', 'gradient_norm', 'windows_per_second'} <= (
    set(json.loads(lines[0]))
  )
  assert list((whole[0] / 'tensorboard').iterdir())


def test_a_finished_run_has_nothing_left_to_do(whole):
  before = tiny_run.final_state(tiny_run.config(), whole[0])
  outcome = loop.train(tiny_run.config(), tiny_run.data(), whole[0])
  assert outcome.step == 40
  same(before, tiny_run.final_state(tiny_run.config(), whole[0]))


def stopping(number, *, at):
  def report(now):
    if now.step == at:
      os.kill(os.getpid(), number)

  return report


def test_a_signal_saves_and_the_rerun_is_the_same(whole, tmp_path):
  config, data = tiny_run.config(), tiny_run.data()
  outcome = loop.train(
    config,
    data,
    tmp_path / 'run',
    observer.Wishes(stopping(signal.SIGTERM, at=20)),
  )
  assert (outcome.step, outcome.stopped_by) == (20, signal.SIGTERM)
  assert loop.resumes_at(tmp_path / 'run') == 20
  assert loop.train(config, data, tmp_path / 'run').step == 40
  same(
    tiny_run.final_state(config, tmp_path / 'run'),
    tiny_run.final_state(config, whole[0]),
  )


def test_an_interrupt_saves_and_leaves_the_handlers_as_they_were(tmp_path):
  usual = signal.getsignal(signal.SIGINT)
  outcome = loop.train(
    tiny_run.config(),
    tiny_run.data(),
    tmp_path / 'run',
    observer.Wishes(stopping(signal.SIGINT, at=10)),
  )
  assert (outcome.step, outcome.stopped_by) == (10, signal.SIGINT)
  assert signal.getsignal(signal.SIGINT) is usual


def test_a_killed_run_goes_on_bit_for_bit(whole, tmp_path):
  workdir = tmp_path / 'run'
  with program('train', str(workdir), '7') as running:
    assert running.stdout is not None
    for line in running.stdout:
      if line.endswith(' saved\n'):
        running.kill()  # some steps after the checkpoint
        break
  assert running.returncode == -signal.SIGKILL
  reached = loop.resumes_at(workdir)
  assert 7 <= reached < 40
  config = tiny_run.config()
  assert loop.train(config, tiny_run.data(), workdir).step == 40
  same(
    tiny_run.final_state(config, workdir),
    tiny_run.final_state(config, whole[0]),
  )
  steps = [
    json.loads(line)['step']
    for line in (workdir / metrics.FILE).read_text().splitlines()
  ]
  logged = [step for step in (10, 20, 30, 40) if step > reached]
  assert steps == [*range(1, reached + 1), *logged]


def test_another_configuration_is_refused_by_its_fields(whole):
  with pytest.raises(errors.SddError) as refusal:
    loop.train(
      tiny_run.config(batch_size=32, log_every=5), tiny_run.data(), whole[0]
    )
  assert 'batch_size is 16 there and 32 now' in str(refusal.value)
  assert 'log_every' not in str(refusal.value)


def test_another_network_is_refused_by_its_fields(whole):
  config = tiny_run.config()
  config.policy.kernel_size = 5
  with pytest.raises(errors.SddError, match=r'policy\.kernel_size is 3'):
    loop.train(config, tiny_run.data(), whole[0])


def test_another_action_is_refused(whole):
  with pytest.raises(errors.SddError, match='rate_hz'):
    loop.train(tiny_run.config(), tiny_run.data(rate_hz=10.0), whole[0])
  with pytest.raises(action.SpecMismatchError, match='rate_hz'):
    checkpoint.load_policy(
      whole[0], action_spec=action.ActionSpec(rate_hz=10.0)
    )


def test_the_policy_is_the_average(whole):
  policy = checkpoint.load_policy(whole[0], action_spec=action.ActionSpec())
  ema = tiny_run.final_state(tiny_run.config(), whole[0]).ema
  same(jax.tree.map(np.asarray, policy.params), ema)
  assert policy.spec.instructions == tiny_run.INSTRUCTIONS


def test_an_unknown_checkpoint_is_refused(whole):
  with pytest.raises(errors.UnknownNameError, match='31'):
    checkpoint.load_policy(whole[0], step=31)


def test_a_directory_without_a_policy_is_refused(tmp_path):
  with pytest.raises(errors.SddError, match='no trained policy'):
    checkpoint.load_policy(tmp_path)
  (tmp_path / 'notes.txt').write_text('mine')
  with pytest.raises(errors.SddError, match='not empty'):
    loop.train(tiny_run.config(), tiny_run.data(), tmp_path)
  assert [path.name for path in tmp_path.iterdir()] == ['notes.txt']


def test_a_foreign_policy_file_is_refused(tmp_path):
  (tmp_path / checkpoint.FILE).write_text('not json')
  with pytest.raises(errors.SddError, match='not JSON'):
    checkpoint.load_policy(tmp_path)
  (tmp_path / checkpoint.FILE).write_text('{}')
  with pytest.raises(errors.SddError, match='not written by'):
    checkpoint.load_policy(tmp_path)


def test_a_run_without_a_checkpoint_says_how_to_go_on(whole, tmp_path):
  text = (whole[0] / checkpoint.FILE).read_text()
  (tmp_path / checkpoint.FILE).write_text(text)
  with pytest.raises(errors.SddError, match='no checkpoint yet'):
    checkpoint.load_policy(tmp_path)
