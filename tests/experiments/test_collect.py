"""Bad input of the collecting program: one paragraph, and nothing changes."""

import os

import many_runs
import pytest

TASK = '--task=move the crayon box into the top drawer'

CASES = {
  'no task': ([], 'task'),
  'unknown task': (
    ['--task=move the crayon box into the top drawr'],
    "Did you mean 'move the crayon box into the top drawer'?",
  ),
  'unknown scene': ([TASK, '--scene=drawr'], "Did you mean 'drawer'?"),
  'unknown provider': ([TASK, '--llm=gemni'], "Did you mean 'gemini'?"),
  'no key': ([TASK, '--llm=gemini'], '--llm=recorded'),
  'unknown simulator': (
    [TASK, '--simulator=mujco'],
    "Did you mean 'mujoco'?",
  ),
  'unknown retry': ([TASK, '--retry=always'], 'inferred|none'),
  'no episodes': ([TASK, '--episodes=0'], '--episodes=0'),
  'negative workers': ([TASK, '--workers=-1'], '--workers=-1'),
  'no environments': ([TASK, '--environments=0'], '--environments=0'),
  'negative seed': ([TASK, '--seed=-1'], '--seed=-1'),
  'a slice that is none': ([TASK, '--slice=4/4'], 'such as 3/16'),
  'mistyped flag': ([TASK, '--worker=2'], 'Did you mean: workers'),
  'stray argument': ([TASK, 'everything'], "'everything'"),
}
OUT_CASES = {
  'other files': 'other files',
  'a file': 'is a file',
  'another seed': 'another configuration',
  'other physics': 'another configuration',
}
SAME = {'other physics': 'another seed'}  # folder
DIFFERENT = {
  **dict.fromkeys(OUT_CASES, '--seed=7'),
  'other physics': '--randomise_physics=1',
}


@pytest.fixture(scope='module')
def told(tmp_path_factory):
  """Status, output and complaint of each case, and what it left behind."""
  folder = tmp_path_factory.mktemp('out')
  (folder / 'other files').mkdir()
  (folder / 'other files' / 'thesis.txt').write_text('the only copy')
  (folder / 'a file').write_text('text')
  one = [TASK, '--episodes=1', '--retry=none', '--workers=0']
  made = [*one, f'--out={folder / "another seed"}']
  runs = [
    made,
    *([*given, f'--out={folder / "new"}'] for given, _ in CASES.values()),
    [TASK],
    *(
      [*one, f'--out={folder / SAME.get(case, case)}', DIFFERENT[case]]
      for case in OUT_CASES
    ),
    made,
  ]
  keys = {'GEMINI_API_KEY', 'GOOGLE_API_KEY'}
  env = {key: value for key, value in os.environ.items() if key not in keys}
  found = many_runs.run('collect', runs, folder=folder, env=env)
  names = ['first', *CASES, 'no out', *OUT_CASES, 'again']
  return dict(zip(names, found, strict=True))


@pytest.mark.parametrize(
  ('case', 'expected'),
  [
    *((name, expected) for name, (_, expected) in CASES.items()),
    ('no out', 'out'),
    *OUT_CASES.items(),
  ],
)
def test_bad_input_is_one_paragraph_and_status_2(told, case, expected):
  status, _, complaint, _ = told[case]
  assert status == 2
  assert complaint.startswith('error: ')
  assert expected in complaint
  assert 'Traceback' not in complaint
  assert '\n\n' not in complaint.strip()


def test_bad_input_changes_nothing(told):
  *_, before = told['first']
  assert 'other files/thesis.txt' in before
  for *_, after in told.values():
    assert after == before


def test_the_same_command_again_finds_nothing_left_to_do(told):
  status, first, *_ = told['first']
  assert status == 0
  assert 'This run: 1 episode' in first
  status, again, *_ = told['again']
  assert status == 0
  assert 'Nothing was left to do.' in again
