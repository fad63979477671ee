"""The audit program: what it prints and keeps, and what it refuses."""

import json
import shutil
from typing import Any

import many_runs
import pytest
import tensorflow_datasets as tfds

from sdd.collection import collector, session
from sdd.dataset import reader, writer
from sdd.language import registry as providers
from sdd.predicates import audit
from sdd.scenes import registry
from sdd.simulation import action

TASK = 'balance the bus on the block'
GOOD = """def success(init_state, final_state):
  alone = not check_contact(final_state, 'bus', 'table')
  free = not check_grasped(final_state, 'bus')
  return alone and free and check_on_top_of(final_state, 'bus', 'block')
"""
TOUCH = "check_contact(final_state, 'bus', 'table')"
SMALL = [
  '--scene=balance', '--simulator=mujoco', '--environments=2', '--states=60',
  '--workers=0',
]  # fmt: skip

BAD = {
  'nothing': ([], 'Name what to audit'),
  'no file': (['--predicate={there}/none.txt'], 'none.txt cannot be read'),
  'no predicate': (['--predicate={there}/bad.txt'], 'bad.txt: Success code'),
  'unknown task': (['--task=balance the bus on the blok'], 'Did you mean'),
  'unknown scene': (['--scene=balanced', f'--task={TASK}'], 'Did you mean'),
  'unknown simulator': (
    [f'--task={TASK}', '--simulator=mjy'],
    "Did you mean 'mjx'",
  ),
  'no dataset': ([f'--task={TASK}', '--data={there}/no'], 'no such directory'),
  'another scene': (
    ['--scene=drawer', '--predicate={there}/good.txt', '--data={there}/data'],
    '--scene=balance',
  ),
  'no episodes': (
    [f'--task={TASK}', '--data={there}/empty'],
    'holds no episode of what is audited',
  ),
  'a folder': ([f'--task={TASK}', '--out={there}/data'], 'is a directory'),
  'all and a file': (
    ['--task=all', '--predicate={there}/good.txt'],
    'leave out --predicate',
  ),
  'no states': ([f'--task={TASK}', '--states=0'], 'states'),
}
RUNS = {
  'tree': [f'--task={TASK.upper()}', '--out={there}/new/tree.json'],
  'all': ['--task=all', '--states=20'],
  'refused': ['--predicate={there}/touch.txt', '--out={there}/touch.json'],
  'warned': [
    '--predicate={there}/touch.txt', '--on_problem=warn', '--states=20',
  ],
  'data': [
    '--predicate={there}/good.txt', f'--task={TASK}', '--data={there}/data',
  ],
}  # fmt: skip


@pytest.fixture(scope='module')
def there(tmp_path_factory):
  """A folder with success code, good and bad, and a dataset."""
  folder = tmp_path_factory.mktemp('audit')
  scene = registry.load('balance')
  infer = session.trees(scene, providers.make_provider('recorded'))
  with (
    session.collecting(scene, infer, seed=0, workers=0) as attempts,
    writer.DatasetWriter(
      folder / 'data', name='balance', state_names=scene.state_names,
      action_spec=action.ActionSpec(), scenes=scene.texts,
      run={'tasks': [TASK], 'seed': 0, 'episodes': 2},
    ) as dataset,
  ):  # fmt: skip
    for episode in attempts.run([collector.Job(k, TASK) for k in range(2)]):
      dataset.add(episode)
  shutil.copytree(folder / 'data', folder / 'before')
  for name, code in (('good', GOOD), ('touch', TOUCH), ('bad', 'import os')):
    (folder / f'{name}.txt').write_text(code)
  with writer.DatasetWriter(
    folder / 'empty', name='balance', state_names=scene.state_names,
    action_spec=action.ActionSpec(), scenes=scene.texts,
  ):  # fmt: skip
    pass
  return folder


@pytest.fixture(scope='module')
def told(there):
  """Status, output, complaint and files of each case."""
  runs = {name: given for name, (given, _) in BAD.items()} | RUNS
  asked = [
    [*SMALL, *(word.format(there=there) for word in given)]
    for given in runs.values()
  ]
  found = many_runs.run('audit', asked, folder=there)
  return dict(zip(runs, found, strict=True))


@pytest.mark.parametrize(('case', 'expected'), [
  (name, expected) for name, (_, expected) in BAD.items()
])  # fmt: skip
def test_bad_input_is_one_paragraph_and_status_2(told, case, expected):
  status, _, complaint, _ = told[case]
  assert status == 2
  assert complaint.startswith('error: ')
  assert expected in complaint
  assert 'Traceback' not in complaint


def test_bad_input_leaves_nothing_behind(told):
  kept = [told[name][3] for name in BAD]
  assert all(files == kept[0] for files in kept)


def test_a_whole_tree(told, there):
  status, shown, *_ = told['tree']
  assert status == 0
  assert '1 balance the bus on the block' in shown
  assert '2 pick up the bus' in shown
  kept = json.loads((there / 'new' / 'tree.json').read_text())
  assert kept['usable']
  assert kept['settings']['states'] == 60
  assert kept['versions']['mujoco']
  tables = [audit.TruthTable.from_json(each) for each in kept['tables']]
  assert [table.role for table in tables] == ['task', 'first step', 'step']
  judged = [all(row.judged for row in table.rows[:5]) for table in tables]
  assert judged == [True, True, True]  # by the task's rule, and the skills'
  assert tables[0].rows[-1].name == 'object gone'
  assert tables[0].rows[-1].unknown == tables[0].rows[-1].n


def test_every_task_at_once(told):
  status, shown, *_ = told['all']
  assert status == 0
  assert TASK in shown


def test_what_cannot_serve_is_refused(told, there):
  status, shown, *_ = told['refused']
  assert status == 1
  assert 'It already holds in' in ' '.join(shown.split())
  assert 'Refused' in shown
  kept = json.loads((there / 'touch.json').read_text())
  assert not kept['usable']
  (table,) = kept['tables']
  assert table['pairs'] == [['bus', 'table']]
  assert table['links'] == ['bus', 'table']


def test_or_only_warned_of(told):
  status, shown, *_ = told['warned']
  assert status == 0
  assert 'Refused' in shown


def test_with_stored_episodes_and_kept_with_them(told, there):
  status, shown, *_ = told['data']
  assert status == 0, shown
  (file,) = (there / 'data' / 'audits').iterdir()
  kept = json.loads(file.read_text())
  (table,) = map(audit.TruthTable.from_json, kept['tables'])
  assert file.stem == table.digest
  rows = {row.name: row for row in table.rows}
  assert rows['ends of successes'].n == rows['ends of successes'].true == 2
  assert rows['stored successes'].runs == 1  # is enough states
  assert 'stored failures' not in rows  # there are none
  agreeing = rows['stored successes'].agreeing
  assert agreeing == rows['stored successes'].judged > 0


def test_the_dataset_stays_what_it_was(told, there):
  assert reader.summary(there / 'data') == reader.summary(there / 'before')
  data = {
    str(path.relative_to(there / 'data')): path.read_bytes()
    for path in (there / 'data').rglob('*')
    if path.is_file() and path.parent.name != 'audits'
  }
  for name, content in data.items():
    assert (there / 'before' / name).read_bytes() == content
  builder: Any = tfds.builder_from_directory(there / 'data')
  assert len(builder.as_data_source('success')) == 2
  scene = registry.load('balance')
  with writer.DatasetWriter(  # it can be continued
    there / 'data', name='balance', state_names=scene.state_names,
    action_spec=action.ActionSpec(), scenes=scene.texts,
  ) as dataset:  # fmt: skip
    assert dataset.done == {0, 1}
  assert (there / 'data' / 'audits').is_dir()
