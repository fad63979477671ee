"""A killed evaluation goes on, to the result of one that was not killed."""

import json
import os
import subprocess
import sys
import time

import checkout
import many_runs
import pytest

SETTINGS = [
  '--policy=generator', '--scene=transport', '--retry=none', '--workers=0',
]  # fmt: skip
TIMES = ('wall_seconds', 'core_seconds', 'command')


def untimed(path):
  found = json.loads(path.read_text())
  for episode in found['episodes']:
    episode['cpu'] = 0.0
  return {name: value for name, value in found.items() if name not in TIMES}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """With what a kill in the third episode has left."""
  folder = tmp_path_factory.mktemp('evaluations')
  log = folder / 'killed.json.part'
  process = subprocess.Popen(
    [
      *(sys.executable, '-m', 'experiments.evaluate', *SETTINGS),
      *('--episodes=30', f'--out={folder / "killed.json"}'),
    ],
    cwd=checkout.ROOT,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
    env={**os.environ, 'PYTHONUNBUFFERED': '1'},
  )
  while not (log.exists() and log.read_bytes().count(b'\n') >= 3):
    assert process.poll() is None
    time.sleep(0.02)
  process.kill()
  process.wait()
  kept = log.read_bytes().splitlines(keepends=True)[:3]
  log.write_bytes(b''.join(kept) + b'{"scene": "trans')
  return folder


@pytest.fixture(scope='module')
def told(folder):
  runs = {
    'other settings': ['killed', '--episodes=3', '--first_seed=5'],
    'no policy': ['no', '--policy=nowhere.npz'],
    'killed': ['killed', '--episodes=3'],
    'again': ['killed', '--episodes=3'],
    'whole': ['whole', '--episodes=3'],
    'fewer': ['whole', '--episodes=2'],
    'one': ['grown', '--episodes=1'],
    'more': ['grown', '--episodes=3'],
  }
  given = [
    [*SETTINGS, f'--out={folder / name}.json', *rest]
    for name, *rest in runs.values()
  ]
  found = many_runs.run('evaluate', given, folder=folder)
  return dict(zip(runs, found, strict=True))


@pytest.mark.parametrize('name', ['killed', 'grown'])
def test_it_goes_on_to_the_same_result(folder, told, name):
  status, shown, progress, _ = told['killed' if name == 'killed' else 'more']
  assert status == 0, progress
  assert '/3)' in shown
  assert 'Evaluating: 3/3' in progress
  assert untimed(folder / f'{name}.json') == untimed(folder / 'whole.json')


def test_only_the_results_are_left(folder, told):
  assert set(told['more'][-1]) == {'killed.json', 'whole.json', 'grown.json'}


def test_the_same_command_again_changes_nothing(told):
  status, shown, _, left = told['again']
  assert status == 0
  assert shown == told['killed'][1]
  assert left == told['killed'][-1]


@pytest.mark.parametrize(
  ('case', 'before', 'complaint'),
  [
    ('other settings', None, 'first_seed: 100000 there, 5 now'),
    ('no policy', 'other settings', '--policy=nowhere.npz'),
    ('fewer', 'whole', 'such as that of seed 100002'),
  ],
)
def test_what_is_there_is_not_touched(told, case, before, complaint):
  status, _, said, left = told[case]
  assert status == 2
  assert complaint in said
  assert before is None or left == told[before][-1]
