"""`experiments.render`: pictures of stored episodes, nothing simulated."""

import io
import subprocess
import sys
from typing import Any

import checkout
import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from sdd.dataset import derived, reader, record

TASK = 'open the tool box'
SMALL = ('--size=16x24', '--cameras=front,wrist', '--renderer=raycast')


def run(program, *arguments):
  return subprocess.run(
    [sys.executable, '-m', f'experiments.{program}', *arguments],
    cwd=checkout.ROOT,
    capture_output=True,
    text=True,
    check=False,
  )


@pytest.fixture(scope='module')
def data(tmp_path_factory):
  path = tmp_path_factory.mktemp('render') / 'data'
  done = run(
    'collect', '--scene=sdd/scenes/examples/workbench.xml', f'--task={TASK}',
    '--episodes=2', '--workers=0', f'--out={path}',
  )  # fmt: skip
  assert done.returncode == 0, done.stderr
  return path


@pytest.fixture(scope='module')
def drawn(data, tmp_path_factory):
  path = tmp_path_factory.mktemp('drawn') / 'seen'
  done = run(
    'render', f'--data={data}', f'--out={path}', *SMALL, '--randomise=2'
  )
  assert done.returncode == 0, done.stderr
  return path


def fields(path):
  """Everything but images and what is said of them, by episode."""
  found = {}
  for data in reader.read_records(path):
    found[record.index(data)] = {
      key: np.asarray(value).tolist()
      for key, value in record.columns(data).items()
      if not key.startswith(
        ('steps/observation/front', 'steps/observation/wrist')
      )
      and key not in ('episode_metadata/appearance', 'episode_metadata/index')
    }
  return found


def pictures(path):
  return {
    record.index(data): derived.views(data, ['front', 'wrist'])
    for data in reader.read_records(path)
  }


def test_every_episode_comes_as_often_as_asked(data, drawn):
  before, after = fields(data), fields(drawn)
  assert sorted(after) == [0, 1, 2, 3]
  for index, each in after.items():
    assert each == before[index // 2]
  assert reader.load_spec(drawn).cameras == ('front', 'wrist')
  seen = pictures(drawn)
  for index, views in seen.items():
    for view in views.values():
      assert len(view.images) == len(before[index // 2]['steps/is_first'])
      with Image.open(io.BytesIO(view.images[0])) as image:
        assert (image.size, image.format) == ((24, 16), 'JPEG')
  assert seen[0]['front'].images != seen[1]['front'].images
  episodes = {e.metadata.index: e.metadata for e in reader.read_episodes(drawn)}
  for index, about in episodes.items():
    assert about.appearance['look'] == index
    assert about.appearance['renderer'] == 'raycast'


def test_the_same_seed_gives_the_same_bytes(data, drawn, tmp_path):
  again, other = tmp_path / 'again', tmp_path / 'other'
  for path, seed in ((again, 0), (other, 1)):
    done = run(
      'render', f'--data={data}', f'--out={path}', *SMALL, '--randomise=2',
      f'--seed={seed}',
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
  assert list(reader.read_records(again)) == list(reader.read_records(drawn))
  assert fields(other) == fields(drawn)
  one, two = pictures(drawn), pictures(other)
  assert all(one[k]['front'].images != two[k]['front'].images for k in one)


def test_a_pose_of_the_camera_projects_what_it_sees(data, tmp_path):
  """The tool, by proprioception, is where it is in the wrist's picture."""
  path = tmp_path / 'plain'
  done = run('render', f'--data={data}', f'--out={path}', *SMALL)
  assert done.returncode == 0, done.stderr
  episode = next(reader.read_episodes(path))
  view = pictures(path)[episode.metadata.index]['wrist']
  tool = episode.proprioception[:, :3]
  local = np.einsum('tij,tj->ti', view.extrinsics[:, :3, :3], tool)
  local = local + view.extrinsics[:, :3, 3]
  pixel = np.einsum('tij,tj->ti', view.intrinsics, local)
  pixel = pixel[:, :2] / pixel[:, 2:]
  assert (local[:, 2] > 0.05).all()
  assert (pixel > 0).all()
  assert (pixel < [24, 16]).all()
  # The camera rides on the hand: the tool stays at one place of the picture.
  np.testing.assert_allclose(pixel, pixel[:1].repeat(len(pixel), 0), atol=0.05)


def test_it_goes_on_where_it_stopped_and_refuses_other_settings(data, drawn):
  before = list(reader.read_records(drawn))
  again = run(
    'render', f'--data={data}', f'--out={drawn}', *SMALL, '--randomise=2'
  )
  assert again.returncode == 0, again.stderr
  assert list(reader.read_records(drawn)) == before
  other = run(
    'render', f'--data={data}', f'--out={drawn}', *SMALL, '--randomise=3'
  )
  assert other.returncode != 0
  assert 'another configuration' in other.stderr
  assert list(reader.read_records(drawn)) == before


def test_tfds_reads_the_pictures(drawn):
  builder: Any = tfds.builder_from_directory(drawn)
  steps = list(builder.as_data_source('success')[0]['steps'])
  assert steps[0]['observation']['front_image'].shape == (16, 24, 3)
  assert steps[0]['observation']['wrist_extrinsics'].shape == (4, 4)


@pytest.mark.parametrize(
  ('wrong', 'said'),
  [
    ('--cameras=fornt', "did you mean 'front'"),
    ('--size=96', 'HEIGHTxWIDTH'),
    ('--renderer=opengl', 'raycast'),
    ('--split=failure', 'no episode to draw'),
  ],
)
def test_bad_input_is_explained(data, tmp_path, wrong, said):
  done = run('render', f'--data={data}', f'--out={tmp_path / "x"}', wrong)
  assert done.returncode != 0
  assert said.lower() in done.stderr.lower()
  assert not (tmp_path / 'x').exists()
