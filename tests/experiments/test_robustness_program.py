"""Robustness from both programs that measure it: output, and refusals."""

import many_runs
import pytest

from sdd.dataset import reader, writer
from sdd.scenes import registry
from sdd.simulation import action

TASK = 'move the toy into the left bin'
GOOD = {
  'measured': ['--data={there}/data', '--out={there}/out', '--copies=3'],
  'again': ['--data={there}/data', '--out={there}/out', '--copies=3'],
  'in batches': [
    '--data={there}/data', '--out={there}/batches', '--copies=3',
    '--environments=2',
  ],
  'without noise': [
    '--data={there}/data', '--out={there}/same', '--copies=1', '--noise=0',
    '--simulator=mujoco',
  ],
}  # fmt: skip
BAD = {
  'no data': (['--out={there}/new'], 'data'),
  'no out': (['--data={there}/data'], 'out'),
  'no dataset': (
    ['--data={there}/nowhere', '--out={there}/new'],
    'no such directory',
  ),
  'empty': (['--data={there}/empty', '--out={there}/new'], 'holds no episode'),
  'the same out': (
    ['--data={there}/data', '--out={there}/out/../data'],
    'stays as it is',
  ),
  'other copies': (
    ['--data={there}/data', '--out={there}/out', '--copies=4'],
    'robustness',
  ),
  'no copies': (
    ['--data={there}/data', '--out={there}/new', '--copies=0'],
    '--copies=0',
  ),
  'unknown simulator': (
    ['--data={there}/data', '--out={there}/new', '--simulator=mxj'],
    "Did you mean 'mjx'?",
  ),
  'other model': (
    ['--data={there}/other', '--out={there}/new'],
    'other models of the scene',
  ),
}


@pytest.fixture(scope='module')
def there(tmp_path_factory):
  """A folder with datasets: collected, empty, and of another model."""
  folder = tmp_path_factory.mktemp('robustness')
  collected = [
    '--scene=transport', f'--task={TASK}', '--episodes=1', '--workers=0',
    '--environments=2', '--robustness=3', f'--out={folder / "data"}',
  ]  # fmt: skip
  first, again, without = many_runs.run(
    'collect',
    [collected, collected, [x for x in collected if x != '--robustness=3']],
    folder=folder,
  )
  assert first[0] == again[0] == 0, first[2]
  assert '  robustness ' in first[1]
  assert '  robustness ' not in again[1]
  assert without[0] == 2
  assert 'robustness' in without[2]
  scene = registry.load('transport')
  fields = {
    'state_names': scene.state_names,
    'action_spec': action.ActionSpec(),
  }
  for name in ('empty', 'other'):
    with writer.DatasetWriter(
      folder / name, name=scene.name, scenes=scene.texts, **fields
    ) as dataset:
      if name == 'other':
        (episode,) = reader.read_episodes(folder / 'data')
        dataset.add(episode)
  for place in (folder / 'other' / 'sdd.json',):
    text = place.read_text()
    place.write_text(text.replace(scene.sha256, 'f' * 64))
  return folder


@pytest.fixture(scope='module')
def told(there):
  """Status, output and complaint of each case."""
  runs = {**GOOD, **{name: given for name, (given, _) in BAD.items()}}
  asked = [[word.format(there=there) for word in x] for x in runs.values()]
  found = many_runs.run('robustness', asked, folder=there)
  return dict(zip(runs, found, strict=True))


def only(path):
  (episode,) = reader.read_episodes(path)
  return episode.metadata


def test_both_programs_measure_the_same(told, there):
  for case in ('measured', 'again', 'in batches'):
    status, shown, complaint, _ = told[case]
    assert status == 0, complaint
    assert TASK in shown
    assert 'Least robust:' in shown
  about = only(there / 'data')
  assert about.success
  assert 0 <= about.robustness <= 1
  assert about.robustness_copies == 3
  for name in ('out', 'batches'):
    assert only(there / name).robustness == about.robustness


def test_what_was_asked_is_noted(told, there):
  one, other = (
    reader.load_spec(there / name).run['robustness'] for name in ('data', 'out')
  )
  assert one == other
  assert (one['copies'], one['simulator']) == (3, 'mujoco')
  assert one['noise']['position'] == 0.005
  assert 'core-seconds a success' in told['measured'][1]
  assert 'core-seconds a success' not in told['again'][1]


def test_without_noise_the_success_is_repeated(told, there):
  status, shown, *_ = told['without noise']
  assert status == 0
  assert only(there / 'same').robustness == 1
  assert '100.0%  episode 0' in shown


@pytest.mark.parametrize(
  ('case', 'expected'),
  [(name, expected) for name, (_, expected) in BAD.items()],
)
def test_bad_input_is_one_paragraph_and_status_2(told, there, case, expected):
  status, _, complaint, _ = told[case]
  assert status == 2
  assert complaint.startswith('error: ')
  assert expected in complaint
  assert 'Traceback' not in complaint
  assert not (there / 'new').exists()
