"""`experiments.scenes --check`, and collecting in scenes of one's own."""

import pathlib
import shutil
import subprocess
import sys

import checkout
import numpy as np
import pytest
from PIL import Image

from experiments import scene_check
from sdd.dataset import kept_scene, reader
from sdd.scenes import registry

EXAMPLES = pathlib.Path(registry.__file__).parent / 'examples'


def run(program, *arguments):
  return subprocess.run(
    [sys.executable, '-m', f'experiments.{program}', *arguments],
    cwd=checkout.ROOT,
    capture_output=True,
    text=True,
    check=False,
  )


def test_check_says_what_works_and_draws_the_names(tmp_path):
  picture = tmp_path / 'check.png'
  done = run(
    'scenes', f'--check={EXAMPLES / "workbench.xml"}', f'--out={picture}',
    '--width=120', '--supersample=1',
  )  # fmt: skip
  assert done.returncode == 0, done.stderr
  assert 'can be used' in done.stdout
  for name in ('tool box', 'lid handle', 'tape measure', 'grasp 8/8'):
    assert name in done.stdout
  with Image.open(picture) as image:
    assert image.size == (360, 240)


def test_check_refuses_in_words(tmp_path):
  path = tmp_path / 'bad.xml'
  path.write_text(
    '<mujoco><worldbody><body name="gate"><joint/><geom size=".1"/></body>'
    '</worldbody></mujoco>'
  )
  done = run('scenes', f'--check={path}')
  assert done.returncode == 1
  assert 'has no range' in done.stdout
  assert 'cannot be used' in done.stdout
  wrong = run('scenes', '--check=drawer')
  assert wrong.returncode != 0
  assert 'expected an MJCF file' in wrong.stderr


def test_labels_do_not_cover_each_other():
  boxes = []
  for _ in range(5):
    boxes.append(scene_check._free_box(100, 100, 60, boxes, (400, 300)))
  for k, one in enumerate(boxes):
    assert not any(scene_check._overlap(one, two) for two in boxes[:k])


@pytest.fixture(scope='module')
def collected(tmp_path_factory):
  """A dataset of a scene whose files are gone since."""
  folder = tmp_path_factory.mktemp('own')
  for path in EXAMPLES.glob('workbench.*'):
    shutil.copy(path, folder)
  data = folder / 'data'
  done = run(
    'collect', f'--scene={folder / "workbench.xml"}', '--task=all',
    '--episodes=3', '--workers=0', f'--out={data}',
  )  # fmt: skip
  assert done.returncode == 0, done.stderr
  for path in folder.glob('workbench.*'):
    path.unlink()
  return data, done.stdout


def test_episodes_of_an_own_scene_have_no_ground_truth(collected):
  data, said = collected
  assert 'No hand-written rule judges' in said
  episodes = list(reader.read_episodes(data))
  assert len(episodes) == 3
  assert all(each.metadata.success for each in episodes)
  assert not any(each.metadata.judged for each in episodes)
  counted = reader.summary(data).total
  assert (counted.judged, counted.agreement, counted.success) == (0, 0, 3)
  assert '-' in str(reader.summary(data)).splitlines()[-1].split()


def test_the_scene_is_kept_with_its_episodes(collected, tmp_path):
  data, _ = collected
  this = kept_scene.load(data)
  episode = next(reader.read_episodes(data))
  assert this.sha256 == episode.metadata.scene_sha256
  made = tmp_path / 'robust'
  done = run('robustness', f'--data={data}', '--copies=2', f'--out={made}')
  assert done.returncode == 0, done.stderr
  assert kept_scene.load(made).sha256 == this.sha256


def test_evaluation_goes_by_success_code(tmp_path):
  done = run(
    'evaluate', '--policy=generator', '--workers=0', '--episodes=1',
    f'--scene={EXAMPLES / "kitchen.xml"}',
    '--tasks=put the sponge in the tray', f'--out={tmp_path / "e.json"}',
  )  # fmt: skip
  assert done.returncode == 0, done.stderr
  assert '100% (1/1)' in done.stdout
  assert 'success is what its success code says' in ' '.join(
    done.stdout.split()
  )


def test_includes_become_one_file(tmp_path):
  text = (EXAMPLES / 'kitchen.xml').read_text()
  begin, end = text.index('<worldbody>'), text.index('</mujoco>')
  (tmp_path / 'inner.xml').write_text(f'<mujoco>{text[begin:end]}</mujoco>')
  whole = tmp_path / 'kitchen.xml'
  whole.write_text(text[:begin] + '<include file="inner.xml"/></mujoco>')
  before = registry.load(str(whole))
  kept_scene.keep(tmp_path / 'data', before)
  (tmp_path / 'inner.xml').unlink()
  kept = tmp_path / 'data' / kept_scene.FOLDER / 'kitchen.xml'
  after = registry.load(str(kept))
  np.testing.assert_allclose(after.model.body_pos, before.model.body_pos)
