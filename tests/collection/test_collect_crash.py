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

EPISODES = 10  # so many that there is time to kill and to stop
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
      # Whoever runs the tests in the background has Ctrl-C ignored, which
      # programs inherit.
      preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )

  return out, start


def indices(out):
  """Indices of the episodes that are kept by now."""
  if not (out / 'dataset_info.json').exists():
    return []
  return [each.metadata.index for each in reader.read_episodes(out)]


def wait_for_more(out, running, than):
  workers.wait_for(
    lambda: len(indices(out)) > than or running.poll() is not None
  )


def test_killed_stopped_and_completed(collect, whole):
  out, start = collect

  with start() as running:
    workers.wait_for(lambda: len(workers.of(running.pid)) == 2)
    # From the start, when they still import what they need.
    assert all(map(workers.deaf_to_ctrl_c, workers.of(running.pid)))
    wait_for_more(out, running, than=0)
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
    wait_for_more(out, running, than=len(after_kill))
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    _, complaint = running.communicate()
  assert running.returncode == 130
  assert complaint.rstrip().endswith(
    f'Stopped. Every finished episode is in {out}; the same command goes on '
    'from there.'
  )
  assert 'Traceback' not in complaint
  after_stop = indices(out)
  assert set(after_kill) < set(after_stop)

  with start() as running:
    told, complaint = running.communicate()
  assert running.returncode == 0, complaint
  assert f'This run: {EPISODES - len(after_stop)} episode' in told
  assert sorted(indices(out)) == list(range(EPISODES))

  found = {each.metadata.index: each for each in reader.read_episodes(out)}
  np.testing.assert_array_equal(found[0].action, whole.action)
  np.testing.assert_array_equal(found[0].verdict, whole.verdict)
  assert found[0].metadata.retries == whole.metadata.retries
