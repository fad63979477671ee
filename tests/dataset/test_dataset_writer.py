"""What a writer leaves behind, whatever the order and the interruptions."""

import dataclasses
import json
import pathlib
import random
from typing import Any

import numpy as np
import pytest
import tensorflow_datasets as tfds

from sdd.dataset import (
  compaction,
  derived,
  listing,
  reader,
  schema,
  spec,
  writer,
)
from sdd.language import hashed_words
from tests.dataset import fake_episodes

EPISODES = [fake_episodes.make(i, success=i % 4 != 0) for i in range(9)]


def open_writer(path: pathlib.Path, **changes) -> writer.DatasetWriter:
  return writer.DatasetWriter(path, **{**fake_episodes.WRITER, **changes})


def fill(path: pathlib.Path, chosen=EPISODES, **changes) -> pathlib.Path:
  with open_writer(path, **changes) as opened:
    for episode in chosen:
      opened.add(episode)
  return path


def shards(path: pathlib.Path) -> list[str]:
  return sorted(p.name for p in path.iterdir() if listing.is_shard(p.name))


def tfds_indices(path: pathlib.Path) -> dict[str, list[int]]:
  """What plain TFDS finds, every step of it decoded."""
  builder: Any = tfds.builder_from_directory(path)
  found = {}
  for split in builder.info.splits:
    source = builder.as_data_source(split)
    examples = list(source)
    for example in examples:
      assert sum(step['is_last'] for step in example['steps']) == 1
    found[split] = [int(e['episode_metadata']['index']) for e in examples]
  return found


def test_after_every_add_tfds_reads_what_was_added(tmp_path):
  with open_writer(tmp_path / 'new' / 'data') as opened:
    path = tmp_path / 'new' / 'data'
    assert tfds_indices(path) == {}
    expected: dict[str, list[int]] = {}
    for episode in EPISODES[:5]:
      opened.add(episode)
      split = 'success' if episode.metadata.success else 'failure'
      expected.setdefault(split, []).append(episode.metadata.index)
      assert tfds_indices(path) == expected
  assert tfds_indices(path) == {'failure': [0, 4], 'success': [1, 2, 3]}


def test_result_does_not_depend_on_the_order(tmp_path):
  shuffled = EPISODES[:]
  random.Random(0).shuffle(shuffled)
  one = fill(tmp_path / 'one')
  other = fill(tmp_path / 'other', shuffled)
  assert [p.name for p in sorted(one.iterdir())] == [
    p.name for p in sorted(other.iterdir())
  ]
  for name in (*shards(one), listing.INFO, listing.FEATURES, listing.SIDECAR):
    assert (one / name).read_bytes() == (other / name).read_bytes()
  assert list(reader.read_records(one)) == list(reader.read_records(other))


def test_continuing_equals_one_go(tmp_path):
  whole = fill(tmp_path / 'whole')
  parts = fill(tmp_path / 'parts', EPISODES[5:])
  with open_writer(parts) as opened:
    assert opened.done == {5, 6, 7, 8}
    for episode in EPISODES[:5]:
      opened.add(episode)
  assert list(reader.read_records(whole)) == list(reader.read_records(parts))
  assert len(shards(parts)) == 2


def test_nothing_is_rewritten_without_need(tmp_path):
  path = fill(tmp_path / 'data')
  before = {p: p.stat().st_mtime_ns for p in path.iterdir() if p.is_file()}
  fill(path, [])
  assert before == {
    p: p.stat().st_mtime_ns for p in path.iterdir() if p.is_file()
  }


def test_shards_have_a_largest_size(tmp_path, monkeypatch):
  monkeypatch.setattr(compaction, 'MAX_EPISODES', 3)
  path = fill(tmp_path / 'data')
  lengths = listing.read(path).splits
  assert lengths['success'].lengths == (3, 3)
  assert lengths['failure'].lengths == (3,)
  monkeypatch.setattr(compaction, 'MAX_EPISODES', 256)
  monkeypatch.setattr(compaction, 'MAX_BYTES', 1)
  fill(path, [fake_episodes.make(20)])
  assert listing.read(path).splits['success'].lengths == (1,) * 7
  assert len(list(reader.read_episodes(path))) == 10


def test_many_shards_are_merged_while_collecting(tmp_path, monkeypatch):
  monkeypatch.setattr(writer, '_MANY', 4)
  with open_writer(tmp_path / 'data') as opened:
    for index in range(10):
      opened.add(fake_episodes.make(index))
      assert len(shards(tmp_path / 'data')) <= 5
  assert tfds_indices(tmp_path / 'data') == {'success': list(range(10))}


def test_images_go_with_their_episode(tmp_path):
  episode = fake_episodes.make(0, steps=2)
  with open_writer(tmp_path, cameras=('front',)) as opened:
    with pytest.raises(spec.DatasetError, match=r"instead of \['front'\]"):
      opened.add(episode)
    with pytest.raises(spec.DatasetError, match='1 images of front'):
      opened.add(episode, views={'front': fake_episodes.view_of([b'x'])})
    seen = fake_episodes.view_of([b'x', b'y'])
    turned = dataclasses.replace(seen, extrinsics=seen.extrinsics[:, :3])
    with pytest.raises(spec.DatasetError, match='extrinsics of front of shape'):
      opened.add(episode, views={'front': turned})
    opened.add(episode, views={'front': seen})
  assert reader.load_spec(tmp_path).cameras == ('front',)
  assert [e.metadata.index for e in reader.read_episodes(tmp_path)] == [0]


def test_an_index_comes_once(tmp_path):
  fill(tmp_path, EPISODES[:2])
  with (
    open_writer(tmp_path) as opened,
    pytest.raises(spec.DatasetError, match='already holds an episode 1'),
  ):
    opened.add(EPISODES[1])
  with pytest.raises(spec.DatasetError, match='closed'):
    opened.add(EPISODES[3])


@pytest.mark.parametrize(
  ('field', 'value', 'message'),
  [
    ('state', np.zeros((4, 3), np.float32), r'\(4, 3\) instead of \(4, 4\)'),
    ('action', np.full((4, 10), np.nan), 'action of a success is not finite'),
    ('world', np.zeros(7), 'world has shape'),
    ('skill', ('',), 'skill has 1 entries, not 4'),
  ],
)
def test_an_episode_that_does_not_fit_is_refused(
  tmp_path, field, value, message
):
  episode = fake_episodes.make(0, steps=4)
  with open_writer(tmp_path) as opened:
    with pytest.raises(spec.DatasetError, match=message):
      opened.add(dataclasses.replace(episode, **{field: value}))
    assert not opened.done


@pytest.mark.parametrize(
  ('field', 'value', 'message'),
  [
    ('scene_sha256', 'abc', 'its scene abc is none of'),
    ('index', -1, 'negative'),
    ('retries', (), '0 retries for 3 nodes'),
    ('initial', {}, 'lacks arm_target'),
  ],
)
def test_unknown_provenance_is_refused(tmp_path, field, value, message):
  episode = fake_episodes.make(0)
  metadata = dataclasses.replace(episode.metadata, **{field: value})
  with (
    open_writer(tmp_path) as opened,
    pytest.raises(spec.DatasetError, match=message),
  ):
    opened.add(dataclasses.replace(episode, metadata=metadata))


def test_one_writer_at_a_time(tmp_path):
  with (
    open_writer(tmp_path),
    pytest.raises(spec.DatasetError, match='written by another process'),
  ):
    open_writer(tmp_path)
  open_writer(tmp_path).close()


def test_leaving_by_an_exception_keeps_episodes_and_frees_the_lock(tmp_path):
  with open_writer(tmp_path) as opened:
    opened.add(EPISODES[1])
    opened.add(EPISODES[2])
    opened.__exit__(KeyboardInterrupt)
  assert len(shards(tmp_path)) == 2
  fill(tmp_path, [])
  assert len(shards(tmp_path)) == 1


@pytest.mark.parametrize(
  ('changes', 'message'),
  [
    ({'state_names': ('a', 'b')}, 'state_names: the directory has'),
    ({'name': 'other'}, "name: the directory has 'drawer'"),
    ({'cameras': ('front',)}, 'cameras'),
    ({'scenes': {}}, 'scenes'),
    (
      {'action_spec': dataclasses.replace(fake_episodes.SPEC, rate_hz=8.0)},
      r'action_spec.rate_hz: the directory has 4.0, now asked for 8.0',
    ),
    ({'run': {'seed': 1, 'tasks': ['a']}}, 'run.seed: the directory has 0'),
    ({'run': {}}, 'run.seed.*asked for nothing'),
  ],
)
def test_another_configuration_is_refused(tmp_path, changes, message):
  run = {'seed': 0, 'tasks': ('a',), 'episodes': 5}
  path = fill(tmp_path / 'data', EPISODES[:2], run=run)
  before = {p.name: p.read_bytes() for p in path.iterdir() if p.is_file()}
  with pytest.raises(spec.DatasetError, match=message):
    open_writer(path, **{'run': run, **changes})
  assert before == {
    p.name: p.read_bytes() for p in path.iterdir() if p.is_file()
  }


def test_free_fields_of_the_run_may_change(tmp_path):
  fill(tmp_path, EPISODES[:1], run={'seed': 0, 'episodes': 1})
  fill(tmp_path, EPISODES[1:2], run={'seed': 0, 'episodes': 2})
  assert reader.load_spec(tmp_path).run == {'seed': 0, 'episodes': 2}
  fill(tmp_path, EPISODES[2:3])
  assert reader.load_spec(tmp_path).run == {'seed': 0, 'episodes': 2}


def test_foreign_directories_are_left_alone(tmp_path):
  (tmp_path / 'notes.txt').write_text('mine')
  with pytest.raises(spec.DatasetError, match=r'other files \(notes.txt'):
    open_writer(tmp_path)
  (tmp_path / listing.INFO).write_text(json.dumps({'name': 'mnist'}))
  with pytest.raises(spec.DatasetError, match='TFDS dataset that sdd did not'):
    open_writer(tmp_path)
  assert {p.name for p in tmp_path.iterdir()} == {'notes.txt', listing.INFO}
  with pytest.raises(spec.DatasetError, match='is a file'):
    open_writer(tmp_path / 'notes.txt')
  with pytest.raises(spec.DatasetError, match='cannot be'):
    open_writer(tmp_path / 'notes.txt' / 'data')
  with pytest.raises(spec.DatasetError, match='not a local directory'):
    writer.DatasetWriter('gs://bucket/data', **fake_episodes.WRITER)


def test_episodes_without_a_listing_are_not_thrown_away(tmp_path):
  path = fill(tmp_path / 'data')
  (path / listing.INFO).unlink()
  before = shards(path)
  with pytest.raises(spec.DatasetError, match=r'no dataset_info\.json'):
    open_writer(path)
  assert shards(path) == before


@pytest.mark.parametrize(
  ('changes', 'message'),
  [
    ({'name': 'Drawer 1'}, 'lower-case letters'),
    ({'state_names': ()}, 'state_names is empty'),
    ({'state_names': ('a', 'a')}, 'twice'),
    ({'cameras': ('a/b',)}, 'slash'),
    ({'scenes': {'abc': '<mujoco/>'}}, 'has the SHA-256'),
    ({'run': {'seed': object()}}, 'JSON'),
  ],
)
def test_impossible_configurations_are_refused(tmp_path, changes, message):
  with pytest.raises(spec.DatasetError, match=message):
    open_writer(tmp_path / 'data', **changes)
  assert not (tmp_path / 'data').exists()


def steps_of(path):
  builder: Any = tfds.builder_from_directory(path)
  for split in builder.info.splits:
    for example in builder.as_data_source(split):
      for step in example['steps']:
        yield example['episode_metadata']['task'].decode(), step


def test_every_step_has_the_embedding_of_its_task(tmp_path):
  path = fill(tmp_path)
  encoder = hashed_words.HashedWords()
  assert reader.load_spec(path).language_encoder == encoder.name
  for task, step in steps_of(path):
    np.testing.assert_allclose(
      step['language_embedding'], encoder.encode([task])[0]
    )


def without_embeddings(path):
  """Makes of an empty dataset one of before there were embeddings."""
  open_writer(path).close()
  fields = json.loads((path / listing.SIDECAR).read_text())
  for name in ('language_encoder', 'language_dimension'):
    del fields[name]
  (path / listing.SIDECAR).write_text(json.dumps(fields))
  features = schema.features(state_size=len(fake_episodes.STATE_NAMES))
  features.save_config(path)
  return path


def test_a_dataset_of_before_embeddings_goes_on_without(tmp_path):
  path = fill(without_embeddings(tmp_path))
  assert reader.load_spec(path).language_encoder == ''
  assert all('language_embedding' not in step for _, step in steps_of(path))
  for one, other in zip(
    sorted(EPISODES, key=lambda e: (not e.metadata.success, e.metadata.index)),
    reader.read_episodes(path),
    strict=True,
  ):
    fake_episodes.require_equal(one, other)


def test_a_dataset_derived_from_one_of_before_has_embeddings(tmp_path):
  old = fill(without_embeddings(tmp_path / 'old'))
  with derived.open_writer(old, tmp_path / 'new', run={}, free=()) as opened:
    for episode in reader.read_episodes(old):
      opened.add(episode)
  assert all(
    step['language_embedding'].shape == (64,)
    for _, step in steps_of(tmp_path / 'new')
  )
