"""A policy is served, evaluated and controlled over the network."""

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys

import checkout
import imageio_ffmpeg
import many_runs
import numpy as np
import policy_server
import pytest
import small_policy

from experiments import policies
from sdd import errors
from sdd.deployment import client, export, runtime
from sdd.evaluation import evaluations, rollout
from sdd.scenes import registry

TASK = 'move the toy into the left bin'
POLICY = '--policy={there}/policy.npz'
QUICK = [
  '--scene=transport', f'--task={TASK}', '--episodes=2', '--virtual_time',
  '--seconds=2', '--latency_ms=50', '--noise=1', '--dropped=0.1',
]  # fmt: skip
AGAIN = [POLICY, *QUICK, '--out={there}/again.json']
BAD = {
  'other settings': (
    ['--out={there}/local.json', '--noise=2'],
    'begun with other settings',
  ),
  'no such task': (['--task=dance'], 'Unknown transport task'),
  'no server': (['--policy=ws://'], '--policy=ws://'),
  'no such robot': (['--robot=mine'], '--robot=mine'),
  'odd rates': (['--servo_hz=7'], 'multiple'),
  'workspace': (['--workspace=1,2'], 'expected 6 numbers'),
  'empty workspace': (['--workspace=1,1,1,0,0,0'], 'smaller ones first'),
  'speed': (['--speed=1,2,x'], 'expected 3 numbers'),
  'film': (['--mp4=film.gif'], '.mp4'),
  'another scene': (['--scene=drawer', '--task=all'], 'trained for transport'),
}


@pytest.fixture(scope='module')
def scene():
  return registry.load('transport')


@pytest.fixture(scope='module')
def there(tmp_path_factory, scene):
  folder = tmp_path_factory.mktemp('serve')
  arrays = export.to_arrays(small_policy.learnt(scene, TASK))
  np.savez(folder / 'policy.npz', **arrays)  # type: ignore[arg-type]
  (folder / 'key').write_text('open sesame\n')
  return folder


@pytest.fixture(scope='module')
def served(there):
  """Address of a server in a process of its own, which Ctrl-C then ends."""
  command = [
    sys.executable, '-m', 'experiments.serve', f'--policy={there}/policy.npz',
    '--port=0', f'--api_key_file={there}/key',
  ]  # fmt: skip
  process = subprocess.Popen(
    command, cwd=checkout.ROOT, text=True, stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
  )  # fmt: skip
  with process:
    assert process.stdout is not None
    found = re.search(r'ws://\S+:\d+', process.stdout.readline())
    assert found is not None
    yield found[0]
    process.send_signal(signal.SIGINT)
    shown, complaint = process.communicate()
  assert process.returncode == 130, complaint
  assert 'clients' in shown
  assert complaint.split() == 'The server has ended.'.split()


def test_control_says_how_it_went(there, served):
  runs = [
    [f'--policy={served}', *QUICK, f'--out={there}/served.json'],
    [POLICY, *QUICK, '--out={there}/local.json', '--mp4={there}/film.mp4'],
    [*AGAIN, '--episodes=1'],
    AGAIN,
    *([POLICY, *QUICK, *bad] for bad, _ in BAD.values()),
  ]  # fmt: skip
  runs = [[word.format(there=there) for word in each] for each in runs]
  env = {**os.environ, policies.API_KEY: 'open sesame'}
  told = many_runs.run('control', runs, folder=there, env=env)
  for status, shown, complaint, _ in told[:4]:
    assert status == 0, complaint
    assert 'Success by ground truth' in shown
    assert 'misses' in shown
    assert 'Numbers:' in shown
  for (status, _, complaint, _), (_, expected) in zip(
    told[4:], BAD.values(), strict=True
  ):
    assert status == 2
    assert expected in complaint
    assert 'Traceback' not in complaint
  remote, local, again = (
    json.loads((there / f'{name}.json').read_text())
    for name in ('served', 'local', 'again')
  )
  assert local['total']['episodes'] == 2
  assert local['complete'] is True
  assert local['loop']['commands'] > 60
  assert local['loop']['errors'] == 0
  assert local['loop'] == remote['loop']
  assert local['episodes'] == remote['episodes']
  for name in ('complete', 'total', 'loop', 'episodes'):
    assert again[name] == local[name]
  assert evaluations.paired(local, again) == (0, 0)
  lines = (there / 'again_episodes.jsonl').read_text().splitlines()
  digest = policies.digest(str(there / 'policy.npz'))
  assert json.loads(lines[0])['policy_sha256'] == digest
  assert len(lines) == 1 + 2  # none was run twice
  count, _ = imageio_ffmpeg.count_frames_and_secs(there / 'film.mp4')
  assert count == 8


def test_a_policy_behind_a_server_acts_as_it_does_here(there, scene):
  short = dataclasses.replace(scene, time_limit=6.0)
  local = runtime.NumpyPolicy.load(there / 'policy.npz')
  facts = policy_server.facts(local, scene.state_names, (TASK,))
  told, worlds = {}, {}
  with policy_server.running(local, facts) as port:
    remote = policies.load(f'ws://127.0.0.1:{port}', scene)
    assert isinstance(remote, client.RemotePolicy)
    assert remote.instructions == (TASK,)
    for name, policy in (('remote', remote), ('local', local)):
      seen = worlds.setdefault(name, [])
      told[name] = rollout.rollout(
        policy, short, TASK, seed=0, index=4,
        watch=lambda sim, seen=seen: seen.append(sim.world(0).qpos),
      )  # fmt: skip
    with pytest.raises(errors.SddError, match='Start the server with --scene'):
      policies.load(f'ws://127.0.0.1:{port}', registry.load('balance'))
    with pytest.raises(errors.SddError, match='one chunk at a time'):
      policies.load_many(f'ws://127.0.0.1:{port}', scene)
    remote.close()
  np.testing.assert_array_equal(worlds['remote'], worlds['local'])
  assert told['local'].ended == 'time'
  assert told['remote'].ended == 'time'


BAD_SERVE = {
  'no policy': (['--policy={there}/key'], 'not an exported policy'),
  'no such file': (['--policy={there}/none.npz'], 'none.npz'),
  'no key file': ([POLICY, '--api_key_file={there}/no'], 'api_key_file'),
  'empty key file': ([POLICY, '--api_key_file={there}/empty'], 'is empty'),
  'another scene': ([POLICY, '--scene=drawer'], 'trained for'),
  'no such host': ([POLICY, '--host=256.0.0.1'], '--host=256.0.0.1'),
  'no such port': ([POLICY, '--port=70000'], '70000'),
}


def test_bad_input_of_serve_is_one_paragraph_and_status_2(there):
  (there / 'empty').write_text(' \n')
  runs = [
    [word.format(there=there) for word in given]
    for given, _ in BAD_SERVE.values()
  ]
  told = many_runs.run('serve', runs, folder=there)
  for (status, _, complaint, _), (name, (_, expected)) in zip(
    told, BAD_SERVE.items(), strict=True
  ):
    assert status == 2, name
    assert expected in complaint
    assert 'Traceback' not in complaint
