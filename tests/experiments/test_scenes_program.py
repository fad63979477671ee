"""The pictures of scenes and toys come out, small ones here."""

import io
import subprocess
import sys

import checkout
from PIL import Image

TINY = ('--width=24', '--supersample=1', '--seeds=2')


def launch(*arguments):
  return subprocess.run(
    [sys.executable, '-m', 'experiments.scenes', *arguments],
    cwd=checkout.ROOT,
    capture_output=True,
    text=True,
  )


def test_a_row_of_worlds(tmp_path):
  pictures = []
  for name, camera in (('a', 'fitted'), ('b', 'front')):
    out = tmp_path / name / 'scenes.png'
    ran = launch(
      *TINY, '--scene=transport', f'--camera={camera}', f'--out={out}'
    )
    assert ran.returncode == 0, ran.stderr
    assert f'Picture: {out}' in ran.stdout
    pictures.append(out.read_bytes())
  assert pictures[0] != pictures[1]
  image = Image.open(io.BytesIO(pictures[0]))
  assert image.width == 10 + 2 * (24 + 10)
  assert len(image.convert('RGB').getcolors(1 << 16) or []) > 20


def test_a_grid_of_all_toys(tmp_path):
  out = tmp_path / 'toys.png'
  ran = launch(*TINY, '--toys', f'--out={out}')
  assert ran.returncode == 0, ran.stderr
  image = Image.open(io.BytesIO(out.read_bytes()))
  assert image.width == 10 + 6 * (24 + 10)
  assert image.height > 6 * 16


def test_bad_input_is_explained(tmp_path):
  for argument, expected in (
    ('--scene=transprt', "mean 'transport'"),
    ('--out=scenes.gif', 'expected the name of a PNG file'),
    ('--camera=frnt', "mean 'front'"),
  ):
    ran = launch(*TINY, f'--out={tmp_path}/x.png', '--scene=drawer', argument)
    assert ran.returncode == 2
    assert expected in ran.stderr
    assert 'Traceback' not in ran.stderr


def test_another_robot_stands_in_the_scene(tmp_path):
  pictures = []
  for k, arguments in enumerate(
    (('--scene=drawer',), ('--scene=drawer@panda',),
     ('--scene=drawer', '--robot=panda'))
  ):  # fmt: skip
    out = tmp_path / f'{k}.png'
    ran = launch(*TINY, f'--out={out}', *arguments)
    assert ran.returncode == 0, ran.stderr
    pictures.append(out.read_bytes())
  own, one, other = pictures
  assert own != one == other
