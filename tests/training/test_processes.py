"""However many devices and processes take part, the same is learnt."""

import contextlib
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys

import jax
import numpy as np
import pytest
import tiny_run

from sdd import errors
from sdd.training import hosts, loop, metrics

ROOT = pathlib.Path(__file__).parents[2]


def tiny(*arguments, devices):
  """A process of `tiny_run`."""
  flags = f'--xla_force_host_platform_device_count={devices}'
  environment = {'PYTHONPATH': str(ROOT), 'XLA_FLAGS': flags}
  return subprocess.Popen(
    [sys.executable, tiny_run.__file__, *map(str, arguments)],
    env={**os.environ, **environment},
    stdout=subprocess.PIPE,
    text=True,
  )


def start(workdir, *, devices):
  return tiny('small', workdir, 5, devices=devices)


def two(*arguments):
  """Two processes with two devices each."""
  with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    coordinator = f'127.0.0.1:{free.getsockname()[1]}'
  return [tiny(*arguments, coordinator, 2, k, devices=2) for k in range(2)]


def pair(workdir, *, every=5):
  return two('small', workdir, every)


def ended(*running):
  """The last line that each says; all must end well."""
  said = [each.communicate()[0] for each in running]
  assert [each.returncode for each in running] == [0] * len(running)
  return [text.splitlines()[-1] for text in said]


def state(workdir):
  return tiny_run.final_state(tiny_run.small(), workdir)


def losses(workdir):
  lines = (workdir / metrics.FILE).read_text().splitlines()
  return [json.loads(line)['loss'] for line in lines]


def same(one, other):
  jax.tree.map(np.testing.assert_array_equal, one, other)


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
  """A run of two processes from start to end."""
  workdir = tmp_path_factory.mktemp('pair') / 'run'
  assert ended(*pair(workdir)) == ['4 devices, ended at 20'] * 2
  return workdir


@pytest.mark.parametrize('devices', [1, 4])
def test_one_process_learns_what_two_do(whole, tmp_path, devices):
  run = tmp_path / 'run'
  (said,) = ended(start(run, devices=devices))
  assert said == f'{devices} devices, ended at 20'
  np.testing.assert_allclose(losses(run), losses(whole), atol=1e-5)
  jax.tree.map(
    lambda one, two: np.testing.assert_allclose(one, two, atol=1e-5),
    state(run).params,
    state(whole).params,
  )


def steps(process):
  """The steps that a process says it took, and whether that is saved.

  XLA's own messages come between them.
  """
  for line in process.stdout:
    if told := re.fullmatch(r'(\d+) (saved|not yet)\n', line):
      yield int(told[1]), told[2] == 'saved'
  pytest.fail('it ended early')


@contextlib.contextmanager
def gone_at_last(*running):
  """Leaves no process behind, whatever fails."""
  try:
    yield running
  finally:
    for process in reversed(running):
      with process:  # leaving it closes its pipe and waits
        process.kill()


@pytest.mark.long
def test_a_process_may_be_later_than_devices_wait_to_connect():
  with gone_at_last(*two('late', 40)) as running:
    assert ended(*running) == ['4 devices'] * 2


@pytest.mark.long
def test_two_killed_processes_go_on_bit_for_bit(whole, tmp_path):
  run, at = tmp_path / 'run', random.Random(0).randrange(3, 12)
  with gone_at_last(*pair(run, every=3)) as (first, _):
    next(step for step, saved in steps(first) if saved and step >= at)
  assert 3 <= loop.resumes_at(run) < 20
  assert ended(*pair(run)) == ['4 devices, ended at 20'] * 2
  same(state(run), state(whole))


def test_a_signal_to_one_process_ends_both_after_the_same_step(whole, tmp_path):
  run = tmp_path / 'run'
  with gone_at_last(*pair(run)) as (first, second):
    next(step for step, _ in steps(first) if step >= 2)
    second.send_signal(signal.SIGTERM)
    said = ended(first, second)
  assert said[0] == said[1]
  reached = int(said[0].split()[-1])
  assert loop.resumes_at(run) == reached < 20
  ended(*pair(run))
  same(state(run), state(whole))


@pytest.mark.parametrize(
  ('given', 'match'),
  [
    (('localhost:1', None, 0), 'all three'),
    (('localhost', 2, 0), 'HOST:PORT'),
    (('localhost:1', 2, 2), 'between 0 and'),
  ],
)
def test_impossible_processes_are_refused(given, match):
  coordinator, processes, process = given
  with pytest.raises(errors.SddError, match=match):
    hosts.join(coordinator, processes=processes, process=process)


def test_alone_there_is_nobody_to_wait_for():
  tree = {'number': np.float32(-0.0)}
  assert hosts.broadcast(tree) is tree
  assert hosts.on_first(lambda: 7) == 7
  hosts.require_same('text', 'It')
  hosts.wait('now')
