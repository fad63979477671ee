"""Drawings of an untrained policy's actions come out, and bad input."""

import imageio_ffmpeg
import many_runs
import numpy as np
import pytest
import small_policy
import web_page
from PIL import Image

from sdd.deployment import export
from sdd.scenes import registry

TASK = 'move the toy into the left bin'
POLICY, SCENE, SAID = (
  '--policy={there}/policy.npz', '--scene=transport', f'--task={TASK}',
)  # fmt: skip
SMALL = ['--width=48', '--samples=3', '--seconds=2']
GOOD = {
  'page': [POLICY, SCENE, SAID, *SMALL, '--out={there}/actions.html'],
  'film': [POLICY, SCENE, SAID, *SMALL, '--mp4={there}/actions.mp4'],
  'picture': [
    POLICY, SCENE, SAID, *SMALL, '--at=1.5', '--png={there}/actions.png',
  ],
}  # fmt: skip
BAD = {
  'no policy': ([SCENE, SAID], 'policy'),
  'no task': ([POLICY, SCENE], 'task'),
  'the generator': (['--policy=generator', SCENE, SAID], 'samples no action'),
  'no such file': (['--policy={there}/x.npz', SCENE, SAID], 'no such file'),
  'other scene': (
    [POLICY, '--task=move the crayon box into the top drawer'],
    'trained for transport, not for a scene',
  ),
  'other task': ([POLICY, SCENE, f'{SAID} x'], 'Did you mean'),
  'a task it does not know': (
    ['--policy={there}/other.npz', SCENE, SAID],
    'Unknown instruction',
  ),
  'film name': ([POLICY, SCENE, SAID, '--mp4=x.gif'], '.mp4'),
  'picture name': ([POLICY, SCENE, SAID, '--png=x.jpg'], '.png'),
  'camera': ([POLICY, SCENE, SAID, '--camera=frnt'], "Did you mean 'front'?"),
  'samples': ([POLICY, SCENE, SAID, '--samples=0'], '--samples=0'),
}


@pytest.fixture(scope='module')
def there(tmp_path_factory):
  """A folder with two policies that know one sentence each."""
  folder, scene = tmp_path_factory.mktemp('draw'), registry.load('transport')
  for name, sentence in (('policy', TASK), ('other', 'stand on your hands')):
    arrays = export.to_arrays(small_policy.learnt(scene, sentence))
    np.savez(folder / f'{name}.npz', **arrays)  # type: ignore[arg-type]
  return folder


@pytest.fixture(scope='module')
def told(there):
  """Status, output and complaint of each case."""
  runs = {**GOOD, **{name: given for name, (given, _) in BAD.items()}}
  asked = [[word.format(there=there) for word in x] for x in runs.values()]
  found = many_runs.run('draw_actions', asked, folder=there)
  return dict(zip(runs, found, strict=True))


@pytest.mark.parametrize('case', GOOD)
def test_it_ends_well_and_says_where_things_are(told, there, case):
  status, shown, complaint, left = told[case]
  assert status == 0, complaint
  out = GOOD[case][-1].partition('=')[2].format(there=there)
  assert out in shown
  assert out.rpartition('/')[2] in left


def test_the_page_holds_the_film_and_the_scene(told, there):
  found = web_page.Page((there / 'actions.html').read_text())
  assert TASK in found.text
  assert len(found.attributes('video', 'src')) == 1
  assert len(found.attributes('canvas', 'id')) == 1


def test_the_film_has_a_frame_for_every_step_and_the_end(told, there):
  count, _ = imageio_ffmpeg.count_frames_and_secs(there / 'actions.mp4')
  assert count == 2 * 4 + 1
  with Image.open(there / 'actions.png') as picture:
    assert picture.size == (48, 32)


@pytest.mark.parametrize('case', BAD)
def test_bad_input_is_one_paragraph_and_status_2(told, case):
  status, _, complaint, _ = told[case]
  assert status == 2
  assert BAD[case][1] in complaint
  assert 'Traceback' not in complaint
