"""Reading back, and what is said about directories that are no dataset."""

import json

import pytest

from sdd import errors
from sdd.dataset import listing, reader, spec, writer
from tests.dataset import fake_episodes

EPISODES = [fake_episodes.make(i, success=i % 3 != 1) for i in range(6)]


@pytest.fixture
def path(tmp_path):
  run = {'seed': 0, 'simulator': 'c'}
  with writer.DatasetWriter(
    tmp_path / 'data', **fake_episodes.WRITER, scene='kitchen', run=run
  ) as opened:
    for episode in EPISODES:
      opened.add(episode)
  return tmp_path / 'data'


def test_episodes_come_back_by_split(path):
  for split in listing.SPLITS:
    expected = [
      e for e in EPISODES if e.metadata.success == (split == 'success')
    ]
    found = list(reader.read_episodes(path, split))
    assert len(found) == len(expected)
    for one, other in zip(expected, found, strict=True):
      fake_episodes.require_equal(one, other)
  assert len(list(reader.read_episodes(path))) == len(EPISODES)


def test_spec_comes_back(path):
  assert reader.load_spec(path) == spec.DatasetSpec(
    name='drawer',
    state_names=fake_episodes.STATE_NAMES,
    action_spec=fake_episodes.SPEC,
    scene='kitchen',
    scenes=(fake_episodes.SHA256,),
    run={'seed': 0, 'simulator': 'c'},
    language_encoder='hash',
    language_dimension=64,
  )
  text = (path / 'scenes' / f'{fake_episodes.SHA256}.xml').read_text()
  assert text == fake_episodes.MJCF


def test_summary_counts(path):
  summary = reader.summary(path)
  even = summary.tasks[fake_episodes.TASKS[0]]
  assert (even.success, even.failure) == (2, 1)
  assert summary.total.episodes == 6
  assert summary.total.ground_truth == 4
  agree = sum(e.metadata.success == e.metadata.ground_truth for e in EPISODES)
  assert summary.total.agreement == agree
  assert fake_episodes.TASKS[1] in str(summary)


def test_unknown_verdicts_are_counted(tmp_path):
  """At any step of any node; and of the root, at the end."""
  places = (None, (0, 2), (1, 0), (-1, 0), (-1, 1))
  with writer.DatasetWriter(tmp_path, **fake_episodes.WRITER) as opened:
    for index, place in enumerate(places):
      episode = fake_episodes.make(index, success=index == 2, steps=4)
      episode.verdict[:] = episode.verdict == 1
      if place is not None:
        episode.verdict[place] = -1
      opened.add(episode)
  total = reader.summary(tmp_path).total
  assert (total.episodes, total.unknown, total.unknown_at_end) == (5, 4, 1)
  *_, last = str(reader.summary(tmp_path)).splitlines()
  assert last.split()[-3:] == ['4', '1', 'all']


def test_empty_dataset_reads_as_empty(tmp_path):
  writer.DatasetWriter(tmp_path, **fake_episodes.WRITER).close()
  assert list(reader.read_episodes(tmp_path)) == []
  assert reader.summary(tmp_path).total == reader.TaskSummary()
  assert '0' in str(reader.summary(tmp_path))


def test_unknown_split_is_named(path):
  with pytest.raises(errors.UnknownNameError, match=r"'sucess'.*'success'"):
    reader.read_episodes(path, 'sucess')  # pyright: ignore[reportArgumentType]


def test_absent_and_foreign_directories(tmp_path):
  with pytest.raises(spec.DatasetError, match='no such directory'):
    reader.read_episodes(tmp_path / 'none')
  with pytest.raises(spec.DatasetError, match='no complete'):
    reader.load_spec(tmp_path)
  (tmp_path / listing.INFO).write_text('{}')
  with pytest.raises(spec.DatasetError, match='sdd did not write'):
    reader.summary(tmp_path)


@pytest.mark.parametrize('name', [listing.INFO, listing.SIDECAR])
@pytest.mark.parametrize('text', ['{', '[]', '{"name": "drawer"}'])
def test_damaged_metadata(path, name, text):
  (path / name).write_text(text)
  with pytest.raises(spec.DatasetError, match=name):
    reader.load_spec(path)


def test_a_newer_format_is_not_guessed_at(path):
  fields = json.loads((path / listing.SIDECAR).read_text())
  fields['format_version'] += 1
  (path / listing.SIDECAR).write_text(json.dumps(fields))
  with pytest.raises(spec.DatasetError, match='format version 2'):
    reader.load_spec(path)
  with pytest.raises(spec.DatasetError, match='format version 2'):
    writer.DatasetWriter(path, **fake_episodes.WRITER)


@pytest.mark.parametrize('damage', ['remove', 'cut', 'flip'])
def test_damaged_shards(path, damage):
  shard = next(path.glob('drawer-success-*'))
  content = bytearray(shard.read_bytes())
  if damage == 'remove':
    shard.unlink()
  elif damage == 'cut':
    shard.write_bytes(content[: len(content) // 2])
  else:
    content[200] ^= 255
    shard.write_bytes(content)
  with pytest.raises(spec.DatasetError, match=f'{shard.name} is damaged'):
    list(reader.read_episodes(path))
