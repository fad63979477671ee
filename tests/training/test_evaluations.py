"""Evaluations run beside the training and never in its way."""

import json
import os
import pathlib
import signal
import sys
import time

import pytest
import tiny_run
import workers

from sdd import errors
from sdd.training import checkpoint, evaluations, loop, observer, state

# What an evaluation may do: open the policy's directory, and answer.
ANSWERS = """
import json, pathlib, sys
policy, out = map(pathlib.Path, sys.argv[1:])
assert (policy / 'policy.json').exists() and (policy / 'checkpoints').is_dir()
out.write_text(json.dumps({'go left': 0.25, 'go right': 0.75}))
"""
FAILS = "print('no such scene'); raise SystemExit(3)"
SLEEPS = 'import time; time.sleep(600)'


def by(script):
  return evaluations.Evaluation(
    command=lambda policy, out: [
      sys.executable, '-c', script, str(policy), str(out),
    ],
    scores=lambda path: json.loads(path.read_text()),
  )  # fmt: skip


@pytest.fixture(name='run')
def a_run(tmp_path):
  """The directory of a run, and its averaged parameters."""
  config, data = tiny_run.config(), tiny_run.data()
  specification = loop.specify(config, data)
  checkpoint.claim(tmp_path / 'run', config, specification)
  return tmp_path / 'run', state.init(config, specification.objects).ema


def make(workdir, script, *, step=0):
  said, shown = [], []
  made = evaluations.Evaluations(
    workdir,
    by(script),
    step=step,
    show=lambda step, values: shown.append((step, values)),
    notify=said.append,
  )
  return made, said, shown


def lines(workdir):
  return [
    json.loads(line)
    for line in (workdir / evaluations.FILE).read_text().splitlines()
  ]


def test_results_are_recorded_under_the_step_they_are_of(run):
  workdir, ema = run
  made, said, shown = make(workdir, ANSWERS)
  made.begin(10, ema)
  made.wait()
  tasks = {'go left': 0.25, 'go right': 0.75}
  assert lines(workdir) == [{'step': 10, 'success': 0.5, 'tasks': tasks}]
  names = {f'success/{task}': rate for task, rate in tasks.items()}
  assert shown == [(10, {'success': 0.5, **names})]
  assert 'Success after step 10: 50.0%.' in said
  assert not list((workdir / evaluations.FOLDER).iterdir())


def test_a_failure_is_reported_with_its_output(run):
  workdir, ema = run
  made, said, _ = make(workdir, FAILS)
  made.begin(10, ema)
  made.wait()
  assert 'step 10 failed: it ended with status 3' in said[-1]
  output = workdir / evaluations.FOLDER / '10' / 'output.txt'
  assert output.read_text() == 'no such scene\n'
  assert not (workdir / evaluations.FILE).exists()
  made.begin(20, ema)  # and the next one is begun all the same
  made.close()


def test_an_unreadable_result_is_a_failure(run):
  made, said, _ = make(run[0], 'pass')
  made.begin(10, run[1])
  made.wait()
  assert 'step 10 failed' in said[-1]


def test_only_one_runs_at_a_time_and_closing_ends_it(run):
  workdir, ema = run
  made, said, _ = make(workdir, SLEEPS)
  made.begin(10, ema)
  process = made._process
  assert process is not None
  assert os.getpriority(os.PRIO_PROCESS, process.pid) >= 10
  made.begin(20, ema)
  assert said == ['No evaluation of step 20: that of step 10 is still running.']
  began = time.monotonic()
  made.close()
  assert process.returncode == -signal.SIGTERM
  assert time.monotonic() - began < 60


def test_one_that_was_cut_short_is_begun_anew(run):
  workdir, ema = run
  made, _, _ = make(workdir, SLEEPS)
  made.begin(10, ema)
  made.close()
  again, _, shown = make(workdir, ANSWERS, step=15)
  again.wait()
  assert [step for step, _ in shown] == [10]


def test_what_comes_after_the_resumed_step_is_forgotten(run):
  workdir, ema = run
  made, _, _ = make(workdir, ANSWERS)
  made.begin(10, ema)
  made.wait()
  made.begin(20, ema)
  made.wait()
  folder = workdir / evaluations.FOLDER / '30' / 'policy'
  folder.mkdir(parents=True)
  _, said, _ = make(workdir, SLEEPS, step=15)
  assert [line['step'] for line in lines(workdir)] == [10]
  assert not folder.exists()
  assert not said


def test_what_is_evaluated_opens_as_a_policy(run):
  workdir, ema = run
  written = workdir.parent / 'written'
  checkpoint.save_policy(workdir, written, step=10, ema=ema)
  assert checkpoint.load_policy(written).spec.instructions == (
    tiny_run.INSTRUCTIONS
  )


def test_training_goes_on_beside_its_evaluations(tmp_path):
  said = []
  outcome = loop.train(
    tiny_run.config(evaluate_every=20),
    tiny_run.data(),
    tmp_path / 'run',
    observer.Wishes(notify=said.append, evaluation=by(ANSWERS)),
  )
  assert outcome.step == 40
  found = [line['step'] for line in lines(tmp_path / 'run')]
  assert found == [20, 40] or (
    found == [20] and any('No evaluation of step 40' in text for text in said)
  )


def test_a_stopped_training_ends_its_evaluation(tmp_path):
  pids = tmp_path / 'pid'
  noted = f'import os; open({str(pids)!r}, "w").write(str(os.getpid()))'

  def report(now):
    if now.step == 20:
      workers.wait_for(lambda: pids.exists() and pids.read_text())
      os.kill(os.getpid(), signal.SIGTERM)

  outcome = loop.train(
    tiny_run.config(evaluate_every=10),
    tiny_run.data(),
    tmp_path / 'run',
    observer.Wishes(report=report, evaluation=by(f'{noted}\n{SLEEPS}')),
  )
  assert outcome.stopped_by == signal.SIGTERM
  assert not pathlib.Path(f'/proc/{pids.read_text()}').exists()


def test_impossible_numbers_are_refused():
  with pytest.raises(errors.SddError, match='evaluation_episodes'):
    tiny_run.config(evaluation_episodes=0).validate()
