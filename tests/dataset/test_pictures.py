"""Decoded pictures: those of the dataset, in its order, decoded once."""

import dataclasses
import io
import shutil
from collections import namedtuple

import numpy as np
import pytest
from PIL import Image

from sdd import errors
from sdd.dataset import pictures, reader, rows_on_disk, spec, windows, writer
from tests.dataset import fake_episodes

LENGTHS = (4, 6, 3)
CAMERAS = ('front', 'wrist')
SIZE = (12, 20)


def pixels(index, camera, size=SIZE):
  rng = np.random.default_rng([index, CAMERAS.index(camera)])
  return rng.integers(0, 256, (LENGTHS[index], *size, 3), dtype=np.uint8)


def encoded(frames):
  found = []
  for frame in frames:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, format='png')
    found.append(buffer.getvalue())
  return found


def write(path, sizes=None):
  settings = {
    **fake_episodes.WRITER,
    'cameras': CAMERAS,
    'run': {'rendered': {'shadows': True, 'renderer': 'raycast'}},
  }
  with writer.DatasetWriter(path, **settings) as opened:
    for index in reversed(range(len(LENGTHS))):
      episode = fake_episodes.make(index, steps=LENGTHS[index])
      views = {
        camera: fake_episodes.view_of(
          encoded(pixels(index, camera, (sizes or {}).get(index, SIZE)))
        )
        for camera in CAMERAS
      }
      opened.add(episode, views=views)


@pytest.fixture(scope='module')
def path(tmp_path_factory):
  directory = tmp_path_factory.mktemp('seen')
  write(directory)
  return directory


def wanted(folder, cameras=('wrist', 'front'), size=SIZE):
  return pictures.Wanted(cameras, size, folder)


def test_every_picture_is_the_stored_one_at_its_step(path, tmp_path):
  loaded = windows.load_windows(path, wanted=wanted(tmp_path / 'kept'))
  expected = [
    np.stack([pixels(index, camera) for camera in ('wrist', 'front')], axis=1)
    for index in range(len(LENGTHS))
  ]
  np.testing.assert_array_equal(loaded.pictures, np.concatenate(expected))
  newest = np.concatenate([frames[:-1] for frames in expected])
  order = np.array([4, 0, 4, len(loaded) - 1])
  np.testing.assert_array_equal(loaded.newest_pictures(order), newest[order])
  assert isinstance(loaded.pictures, rows_on_disk.RowsOnDisk)
  assert loaded.picture_spec == pictures.PictureSpec(
    ('wrist', 'front'), (SIZE, SIZE), shadows=True, renderer='raycast'
  )


def test_they_are_decoded_once(path, tmp_path, monkeypatch):
  first = windows.load_windows(path, wanted=wanted(tmp_path))

  def decode(*_):
    raise AssertionError('decoded again')

  monkeypatch.setattr(pictures, '_decoded', decode)
  again = windows.load_windows(path, wanted=wanted(tmp_path))
  np.testing.assert_array_equal(first.pictures, again.pictures)
  assert again.picture_spec == first.picture_spec
  with pytest.raises(AssertionError, match='decoded again'):
    windows.load_windows(path, wanted=wanted(tmp_path, size=(6, 10)))
  with pytest.raises(AssertionError, match='decoded again'):
    windows.load_windows(path, max_episodes=2, wanted=wanted(tmp_path))
  # What broke off has left nothing that would pass for pictures.
  assert len(list(tmp_path.glob('[!.]*.npy'))) == 1


def test_some_episodes_and_another_size(path, tmp_path):
  loaded = windows.load_windows(
    path, max_episodes=2, wanted=wanted(tmp_path, ('front',), (6, 10))
  )
  frames = np.concatenate([pixels(0, 'front'), pixels(1, 'front')])
  smaller = [pictures.resized(frame, (6, 10)) for frame in frames]
  assert loaded.pictures is not None
  np.testing.assert_array_equal(np.asarray(loaded.pictures)[:, 0], smaller)
  assert loaded.picture_spec.sizes == (SIZE,)


def test_resizing_averages():
  board = np.indices((8, 8)).sum(0)[..., None] % 2 * np.full(3, 255)
  small = pictures.resized(board.astype(np.uint8), (2, 2))
  assert np.abs(small.astype(int) - 127).max() < 20
  assert pictures.resized(small, (2, 2)) is small


def test_a_spec_survives_json():
  one = pictures.PictureSpec(CAMERAS, ((12, 20), (8, 9)), renderer='gl')
  assert pictures.PictureSpec.from_json(one.to_json()) == one


def test_without_pictures_there_are_none(path):
  loaded = windows.load_windows(path)
  assert loaded.picture_spec == pictures.NONE
  with pytest.raises(spec.DatasetError, match='without pictures'):
    loaded.newest_pictures(np.arange(1))


def test_what_is_not_there_is_named(path, tmp_path):
  with pytest.raises(errors.UnknownNameError, match="'wrist'"):
    windows.load_windows(path, wanted=wanted(tmp_path, ('wrst',)))
  bare = tmp_path / 'bare'
  with writer.DatasetWriter(bare, **fake_episodes.WRITER) as opened:
    opened.add(fake_episodes.make(0, steps=3))
  with pytest.raises(spec.DatasetError, match='has no pictures'):
    windows.load_windows(bare, wanted=wanted(tmp_path))


def test_pictures_of_one_camera_have_one_size(tmp_path):
  write(tmp_path / 'mixed', sizes={1: (10, 20)})
  with pytest.raises(spec.DatasetError, match='expected one size'):
    windows.load_windows(tmp_path / 'mixed', wanted=wanted(tmp_path / 'kept'))


def test_a_full_disk_is_seen_before(path, tmp_path, monkeypatch):
  usage = namedtuple('usage', 'total used free')
  monkeypatch.setattr(shutil, 'disk_usage', lambda _: usage(9, 9, 0))
  with pytest.raises(spec.DatasetError, match='GB left'):
    windows.load_windows(path, wanted=wanted(tmp_path))


def test_other_pictures_of_the_same_episodes_are_others(path, tmp_path):
  dataset = reader.load_spec(path)
  assert dataset.run['rendered']['renderer'] == 'raycast'
  other = dataclasses.replace(dataset, run={'rendered': {'seed': 1}})
  assert pictures._digest(dataset.to_json()) != pictures._digest(
    other.to_json()
  )
