"""The road of `experiments.accelerator`: whole, in order, in legs."""

import json
import pathlib
import subprocess
import sys

import checkout
import pytest

from experiments import accelerator_road

TASKS = {'balance': 1, 'drawer': 12}
ROAD = list(
  accelerator_road.parts(
    accelerator_road.SIZES['full'],
    list(TASKS),
    TASKS,
    pathlib.Path('somewhere'),
  )
)


def run(*arguments):
  return subprocess.run(
    [sys.executable, '-m', 'experiments.accelerator', *arguments],
    cwd=checkout.ROOT,
    capture_output=True,
    text=True,
    check=False,
  )


def values(part, flag):
  return [
    word.removeprefix(f'--{flag}=')
    for word in part.command
    if word.startswith(f'--{flag}=')
  ]


def test_what_a_part_reads_an_earlier_part_has_written():
  written = set()
  for part in ROAD:
    for flag in ('data', 'policy'):
      for value in values(part, flag):
        assert set(value.split(',')) <= written, part.name
    written |= {*values(part, 'out'), *values(part, 'workdir')}
  names = [part.name for part in ROAD]
  assert len(set(names)) == len(names)


def test_every_task_gets_as_many_episodes():
  collected = {
    values(part, 'scene')[0]: int(values(part, 'episodes')[0])
    for part in ROAD
    if part.name.startswith('collect')
  }
  assert collected['drawer'] == 12 * collected['balance']


def test_a_leg_that_is_over_says_how_to_go_on(tmp_path):
  size = ('--size=smallest', '--scenes=balance', f'--out={tmp_path}')
  over = run(*size, '--minutes=0.02')
  assert over.returncode == 75
  assert 'The same command goes on.' in over.stdout
  assert json.loads((tmp_path / 'done.json').read_text()) == {}
  other = run('--scenes=balance', f'--out={tmp_path}', '--minutes=0.02')
  assert other.returncode == 2
  assert 'another --out' in other.stderr


@pytest.mark.long
def test_the_whole_road_at_its_smallest(tmp_path):
  road = (
    '--size=smallest', '--scenes=balance', f'--out={tmp_path}', '--minutes=20',
  )  # fmt: skip
  done = run(*road)
  assert done.returncode == 0, done.stderr
  kept = json.loads((tmp_path / 'accelerator.json').read_text())
  labels = ' '.join(row['label'] for row in kept['rows'])
  for part in (
    'MJX, 1 worlds', 'MJX, 16 worlds', 'raycast', 'inference', 'training',
    'balance, all tasks', 'balance: balance the bus',
  ):  # fmt: skip
    assert part in labels
  again = run(*road)  # nothing is left to do
  assert again.returncode == 0
  assert '$ python' not in again.stdout
