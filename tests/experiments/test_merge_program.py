"""Slices become the dataset of one run, whatever their order and overlap."""

import many_runs
import pytest

from sdd.dataset import writer
from tests.dataset import fake_episodes

SLICES = {'a': (0, 2, 4), 'b': (3, 1), 'c': (4, 5)}


def write(path, indices, **settings):
  with writer.DatasetWriter(
    path, **{**fake_episodes.WRITER, **settings}
  ) as dataset:
    for index in indices:
      dataset.add(fake_episodes.make(index, success=index % 3 > 0))
  return path


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  found = tmp_path_factory.mktemp('slices')
  for name, indices in SLICES.items():
    write(found / name, indices)
  (found / 'a' / 'cost.jsonl').write_text('{"first": 1}\n')
  (found / 'c' / 'cost.jsonl').write_text('{"third": 3}\n')
  write(found / 'whole', range(6))
  write(found / 'other', [9], run={'seed': 7})
  return found


@pytest.fixture(scope='module')
def told(folder):
  def run(*names, out):
    data = ','.join(str(folder / name) for name in names)
    return [f'--data={data}', f'--out={folder / out}']

  runs = {
    'some': run('b', 'a', out='made'),
    'all': run('a', 'b', 'c', out='made'),
    'again': run('c', 'b', 'a', out='made'),
    'another run': run('a', 'other', out='new'),
    'one of them': run('b', 'a', out='a'),
    'none': run('nothing', out='new'),
  }
  found = many_runs.run('merge', list(runs.values()), folder=folder)
  return dict(zip(runs, found, strict=True))


def files(folder):
  return {
    path.name: path.read_bytes()
    for path in folder.iterdir()
    if path.name.startswith('drawer-')
  }


def test_all_slices_are_the_whole(told, folder):
  assert [told[name][0] for name in ('some', 'all', 'again')] == [0, 0, 0]
  # Only their generation tells that there were several runs.
  made, whole = files(folder / 'made'), files(folder / 'whole')
  assert sorted(made.values()) == sorted(whole.values())
  assert (folder / 'made' / 'cost.jsonl').read_text() == (
    '{"third": 3}\n{"first": 1}\n'
  )


def test_slices_stay_as_they_are(told):
  def slices(after):
    return {k: v for k, v in after.items() if not k.startswith('made/')}

  first, *others = (slices(after) for *_, after in told.values())
  assert all(other == first for other in others)


@pytest.mark.parametrize(
  ('case', 'expected'),
  [
    ('another run', 'not of one run. run.seed'),
    ('one of them', 'one of the slices'),
    ('none', 'There is no dataset'),
  ],
)
def test_bad_input_is_one_paragraph_and_status_2(told, case, expected):
  status, _, complaint, _ = told[case]
  assert status == 2
  assert expected in complaint
  assert complaint.startswith('error: ')
