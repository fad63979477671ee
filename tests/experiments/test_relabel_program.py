"""The relabelling program: what it prints, and what it refuses."""

import many_runs
import pytest

from sdd.collection import collector, session
from sdd.dataset import reader, spec, writer
from sdd.language import registry as providers
from sdd.scenes import registry
from sdd.simulation import action

TASK = 'move the crayon box into the top drawer'
OTHER = 'move the crayon box into the middle drawer'
SHUT = "check_closed(final_state, 'top drawer')"

BAD = {
  'no data': (['--dry_run'], 'data'),
  'no dataset': (['--data={there}/nowhere', '--dry_run'], 'no such directory'),
  'empty': (['--data={there}/empty', '--dry_run'], 'holds no episode'),
  'no out': (['--data={there}/data'], '--dry_run'),
  'the same out': (
    ['--data={there}/data', '--out={there}/data/../data'],
    'stays as it is',
  ),
  'other files': (
    ['--data={there}/data', '--out={there}/thesis'],
    'other files',
  ),
  'language alone': (
    ['--data={there}/data', '--dry_run', '--language'],
    '--task',
  ),
  'no sentence': (['--data={there}/data', '--dry_run', '--task= '], '--task'),
  'unknown task': (
    ['--data={there}/data', '--dry_run', f'--task={OTHER}s'],
    f'Did you mean {OTHER!r}',
  ),
  'no file': (
    ['--data={there}/data', '--dry_run', '--predicate={there}/none.txt'],
    'none.txt cannot be read',
  ),
  'no predicate': (
    ['--data={there}/data', '--dry_run', '--predicate={there}/bad.txt'],
    'bad.txt: Success code, line 1',
  ),
  'unknown link': (
    ['--data={there}/data', '--dry_run', '--predicate={there}/drawr.txt'],
    "Did you mean 'top drawer'?",
  ),
  'unknown scene': (
    ['--data={there}/kitchen', '--dry_run'],
    "Unknown scene 'kitchen'",
  ),
  'unknown provider': (
    ['--data={there}/data', '--dry_run', '--llm=gemni'],
    "Did you mean 'gemini'?",
  ),
}
GOOD = {
  'dry': ['--data={there}/data', '--dry_run'],
  'file': [
    '--data={there}/data', '--out={there}/shut',
    '--predicate={there}/shut.txt',
  ],
  'again': [
    '--data={there}/data', '--out={there}/shut',
    '--predicate={there}/shut.txt',
  ],
  'language': [
    '--data={there}/data', '--out={there}/other', f'--task={OTHER.upper()}',
    '--language',
  ],
}  # fmt: skip
CLASH = ['--data={there}/data', '--out={there}/shut', f'--task={OTHER}']


@pytest.fixture(scope='module')
def there(tmp_path_factory):
  """A folder with datasets, good and bad success code, and a thesis."""
  folder = tmp_path_factory.mktemp('relabel')
  scene = registry.load('drawer')
  infer = session.trees(scene, providers.make_provider('recorded'))
  with session.collecting(scene, infer, seed=0, workers=0) as attempts:
    (episode,) = attempts.run([collector.Job(0, TASK)])
  for name in ('data', 'kitchen', 'empty'):
    with writer.DatasetWriter(
      folder / name, name='drawer', state_names=scene.state_names,
      action_spec=action.ActionSpec(), scenes=scene.texts,
      scene='kitchen' if name == 'kitchen' else 'drawer',
      run={'tasks': [TASK], 'seed': 0, 'episodes': 1},
    ) as dataset:  # fmt: skip
      if name != 'empty':
        dataset.add(episode)
  (folder / 'shut.txt').write_text(f'Sure! Here it is:\n```\n{SHUT}\n```\n')
  (folder / 'bad.txt').write_text('import os')
  (folder / 'drawr.txt').write_text(SHUT.replace('drawer', 'drawr'))
  (folder / 'thesis').mkdir()
  (folder / 'thesis' / 'thesis.txt').write_text('the only copy')
  return folder


@pytest.fixture(scope='module')
def told(there):
  """Status, output and complaint of each case."""
  runs = {name: given for name, (given, _) in BAD.items()}
  runs |= {**GOOD, 'clash': CLASH}
  asked = [[word.format(there=there) for word in x] for x in runs.values()]
  found = many_runs.run('relabel', asked, folder=there)
  return dict(zip(runs, found, strict=True))


@pytest.mark.parametrize(
  ('case', 'expected'),
  [
    *((name, expected) for name, (_, expected) in BAD.items()),
    ('clash', 'another configuration'),
  ],
)
def test_bad_input_is_one_paragraph_and_status_2(told, case, expected):
  status, _, complaint, _ = told[case]
  assert status == 2
  assert complaint.startswith('error: ')
  assert expected in complaint
  assert 'Traceback' not in complaint


def test_bad_input_leaves_nothing_behind(told, there):
  assert sorted(p.name for p in there.iterdir() if p.is_dir()) == [
    'data', 'empty', 'kitchen', 'other', 'shut', 'thesis',
  ]  # fmt: skip
  assert [p.name for p in (there / 'thesis').iterdir()] == ['thesis.txt']


def test_a_dry_run_agrees_with_what_was_collected(told):
  status, shown, *_ = told['dry']
  assert status == 0
  assert f'Success code of: {TASK}' in shown
  assert 'Nothing was written.' in shown
  columns = shown.splitlines()[-3].split()
  assert columns[:4] == ['1', '1', '0', '0']  # episodes, true, false, unknown
  assert columns[4] == '0'  # changed


def test_code_from_a_file_decides(told, there):
  for case in ('file', 'again'):
    status, shown, *_ = told[case]
    assert status == 0
    assert SHUT in shown
  (episode,) = reader.read_episodes(there / 'shut')
  assert episode.metadata.task == TASK
  assert {0, 1} == set(episode.verdict[:, 0].tolist())
  (entry,) = reader.load_spec(there / 'shut').run['relabelling']
  assert entry == {
    'judged_by': 'file', 'language': False, 'success_code': {TASK: SHUT},
  }  # fmt: skip


def test_an_inferred_task_with_its_sentence(told, there):
  status, shown, *_ = told['language']
  assert status == 0
  assert 'middle drawer' in shown
  (episode,) = reader.read_episodes(there / 'other', 'failure')
  assert episode.metadata.task == OTHER  # spelt as the scene does
  told_by = reader.load_spec(there / 'other')
  assert isinstance(told_by, spec.DatasetSpec)
  assert told_by.run['tasks'] == [OTHER]
  assert told_by.run['relabelling'][0]['judged_by'] == 'recorded'
