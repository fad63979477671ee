"""A collecting program may be killed or stopped; the same command goes on."""

import os
import signal
import subprocess
import sys

import checkout
import numpy as np
import pytest
import workers

from sdd.dataset import reader

EPISODES = 4
TASK = 'move the crayon box into the top drawer'


@pytest.fixture
def collect(tmp_path):
  out = tmp_path / 'out'
  command = [
    *(sys.executable, '-m', 'experiments.collect', f'--task={TASK}'),
    *(f'--episodes={EPISODES}', f'--out={out}', '--workers=2'),
    '--environments=2',
  ]

  def start():
    return subprocess.Popen(
      command,
      cwd=checkout.ROOT,
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
      text=True,
      start_new_session=True,
    )

  return out, start


def shards(out):
  return len(list(out.glob('*.array_record-*')))


def indices(out):
  return [each.metadata.index for each in reader.read_episodes(out)]


def test_killed_stopped_and_completed(collect, whole):
  out, start = collect

  with start() as running:
    workers.wait_for(lambda: shards(out) or running.poll() is not None)
    planners = workers.of(running.pid)
    libraries = [workers.loaded(pid) for pid in planners]
    running.kill()
    running.communicate()
  assert planners
  for text in libraries:  # they plan, and import nothing else
    assert 'ompl' in text
    assert 'jaxlib' not in text
  workers.wait_for(lambda: not any(map(workers.is_worker, planners)))
  after_kill = indices(out)
  assert 1 <= len(after_kill) < EPISODES

  with start() as running:
    before = shards(out)
    workers.wait_for(lambda: shards(out) > before or running.poll() is not None)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    _, complaint = running.communicate(timeout=60)
  assert running.returncode == 130
  assert complaint.rstrip().endswith(
    f'Stopped. Every finished episode is in {out}; the same command goes on '
    'from there.'
  )
  assert 'Traceback' not in complaint
  after_stop = indices(out)
  assert set(after_kill) < set(after_stop)

  with start() as running:
    told, complaint = running.communicate(timeout=240)
  assert running.returncode == 0, complaint
  assert f'This run: {EPISODES - len(after_stop)} episode' in told
  assert sorted(indices(out)) == list(range(EPISODES))

  found = {each.metadata.index: each for each in reader.read_episodes(out)}
  np.testing.assert_array_equal(found[0].action, whole.action)
  np.testing.assert_array_equal(found[0].verdict, whole.verdict)
  assert found[0].metadata.retries == whole.metadata.retries
