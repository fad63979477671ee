"""A dataset with robustness beside the one without."""

import dataclasses

import numpy as np
import pytest

from sdd.dataset import derived, measure, reader, spec, writer
from sdd.scenes import registry
from tests.dataset import fake_episodes

HOW = {'copies': 8, 'seed': 0}


def make(path, count=5, **options):
  with writer.DatasetWriter(
    path, **fake_episodes.WRITER, run={'seed': 1, 'episodes': count}, **options
  ) as dataset:
    for index in range(count):
      episode = fake_episodes.make(index, success=index != 2)
      views = {
        name: fake_episodes.view_of(
          [b'%d' % k for k in range(len(episode.action))], index
        )
        for name in options.get('cameras', ())
      }
      dataset.add(episode, views=views)
  return path


@pytest.fixture
def data(tmp_path):
  return make(tmp_path / 'data')


def label(episode):
  """As robust as the number of its episode says."""
  about = dataclasses.replace(
    episode.metadata,
    robustness=episode.metadata.index / 8,
    robustness_copies=8,
  )
  return dataclasses.replace(episode, metadata=about)


def run(data, out, how=None, given=label):
  with measure.open_writer(data, out, how=how or HOW) as into:
    return [each.index for each in measure.measured(data, given, into=into)]


def by_index(path):
  return {e.metadata.index: e for e in reader.read_episodes(path)}


def test_successes_are_measured_and_nothing_else_changes(data, tmp_path):
  before = {p: p.read_bytes() for p in data.rglob('*') if p.is_file()}
  assert sorted(run(data, tmp_path / 'out')) == [0, 1, 2, 3, 4]
  after = {p: p.read_bytes() for p in data.rglob('*') if p.is_file()}
  assert after == before
  source, found = by_index(data), by_index(tmp_path / 'out')
  assert source.keys() == found.keys()
  for index, episode in source.items():
    expected = label(episode) if index != 2 else episode
    fake_episodes.require_equal(found[index], expected)
  told = reader.load_spec(tmp_path / 'out')
  assert told.run == {
    'seed': 1,
    'episodes': 5,
    'measured_from': str(data),
    'robustness': HOW,
  }


def test_an_interrupted_run_goes_on_where_it_stopped(data, tmp_path):
  run(data, tmp_path / 'whole')
  seen = []

  def label_or_die(episode):
    if len(seen) == 2:
      raise KeyboardInterrupt
    seen.append(episode.metadata.index)
    return label(episode)

  with pytest.raises(KeyboardInterrupt):
    run(data, tmp_path / 'cut', given=label_or_die)
  assert sorted(by_index(tmp_path / 'cut')) == sorted(seen)
  left = run(data, tmp_path / 'cut')
  assert sorted([*seen, *left]) == [0, 1, 2, 3, 4]
  assert list(reader.read_records(tmp_path / 'cut')) == list(
    reader.read_records(tmp_path / 'whole')
  )
  assert run(data, tmp_path / 'cut') == []


def test_images_are_kept(tmp_path):
  path = make(tmp_path / 'data', cameras=('front',))
  run(path, tmp_path / 'out')
  before, after = (
    [
      derived.views(data, ['front'])['front']
      for data in reader.read_records(place)
    ]
    for place in (path, tmp_path / 'out')
  )
  assert [each.images for each in before] == [each.images for each in after]
  assert before[0].images[0] == b'0'
  for one, other in zip(before, after, strict=True):
    np.testing.assert_array_equal(one.extrinsics, other.extrinsics)
    np.testing.assert_array_equal(one.intrinsics, other.intrinsics)


def test_other_settings_and_the_dataset_itself_are_refused(data, tmp_path):
  run(data, tmp_path / 'out')
  with pytest.raises(spec.DatasetError, match='another configuration'):
    run(data, tmp_path / 'out', {'copies': 9, 'seed': 0})
  with pytest.raises(spec.DatasetError, match='stays as it is'):
    run(data, data)


def test_models_of_another_day_are_refused(data):
  with pytest.raises(spec.DatasetError, match=fake_episodes.SHA256[:12]):
    measure.require_same_models(data, registry.load('drawer'))
