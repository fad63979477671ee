"""Shows what the scenes look like, and the toys of the transport scene.

One row of initial worlds for each scene, all of them by default:

  python -m experiments.scenes --out=runs/scenes.png
  python -m experiments.scenes --scene=drawer --seeds=6 --variation=paper
  python -m experiments.scenes --robot=panda --out=runs/panda.png
  python -m experiments.scenes --toys --out=runs/toys.png

What domain randomisation does to them:

  python -m experiments.scenes --randomise --grid=6x6 --out=runs/looks.png

Whether a scene of your own will work, in plain words and with a picture that
has its names in it:

  python -m experiments.scenes --check=my_scene.xml --out=runs/check.png

World k of a row is what seed --first_seed + k gives, so that pictures repeat.
No graphics library is needed.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias, cast

from absl import flags
from etils import epy

from experiments import program
from sdd import errors

with epy.lazy_imports():
  import mujoco
  import numpy as np
  from PIL import Image, ImageDraw, ImageFont
  from rich import console as rich_console

  from experiments import scene_check, scene_picture
  from sdd.evaluation import film_strip
  from sdd.scenes import (
    address,
    parts,
    registry,
    toys,
    toys_training,
    toys_unseen,
  )
  from sdd.scenes import scene as scene_lib
  from sdd.scenes.own import checking
  from sdd.simulation import camera as camera_lib
  from sdd.simulation import look as look_lib
  from sdd.simulation import look_variation

_FITTED = 'fitted'  # as in `scene_picture`
_SCENE = flags.DEFINE_string('scene', 'all', 'all, or the name of one')
_SEEDS = flags.DEFINE_integer('seeds', 4, 'worlds in a row', lower_bound=1)
_FIRST_SEED = flags.DEFINE_integer(
  'first_seed', 0, 'of the first world in a row', lower_bound=0
)
_VARIATION = flags.DEFINE_enum(
  'variation', 'wide', ['wide', 'paper'],
  'how much worlds vary: wide, or as little as in the paper',
)  # fmt: skip
_CAMERA = flags.DEFINE_string(
  'camera', None,
  f'{_FITTED}, which shows all there is to handle and is usual, or a camera '
  'of the scene, usual with --randomise',
)  # fmt: skip
_ROBOT = flags.DEFINE_string(
  'robot', 'ur5e',
  'who stands in them: ur5e, panda, one of them with another '
  'gripper, such as ur5e+hand, or a robot file',
)  # fmt: skip
_TOYS = flags.DEFINE_bool('toys', False, 'show every toy by itself instead')
_RANDOMISE = flags.DEFINE_boolean(
  'randomise', False, 'draw worlds in other colours, textures, lights and '
  'from other places, as `experiments.render --randomise` does',
)  # fmt: skip
_STRENGTH = flags.DEFINE_float(
  'strength', 1.0, 'how far from the scene as it is', lower_bound=0
)
_GRID = flags.DEFINE_string(
  'grid', None, 'ROWSxCOLUMNS of worlds, of all scenes in turn, such as 6x6'
)
_CHECK = flags.DEFINE_string(
  'check', None, 'say what will not work in this MJCF file, and draw it'
)
_WIDTH = flags.DEFINE_integer(
  'width', 330, 'of one frame, pixels', lower_bound=8
)
_SUPERSAMPLE = flags.DEFINE_integer(
  'supersample', 2, 'samples per pixel and direction', lower_bound=1
)
_OUT = flags.DEFINE_string('out', 'runs/scenes.png', 'the picture, a PNG file')

_PAPER, _INK = (255, 255, 255), (38, 43, 50)
_MARGIN = 10  # pixels, as between the frames of a film strip
_TOYS_IN_A_ROW = 6
_TOY_EYE = (0.26, 0.22, 0.20)
Picture: TypeAlias = 'scene_picture.Picture'


def main(_: Sequence[str]) -> int:
  path = pathlib.Path(_OUT.value)
  if path.suffix != '.png':
    raise errors.SddError(f'--out={path}: expected the name of a PNG file.')
  if _CHECK.value is not None:
    return _check(_CHECK.value, path)
  names = list(registry.SCENES) if _SCENE.value == 'all' else [_SCENE.value]
  names = [address.join(name, _robot(name)) for name in names]
  for name in names:
    registry.load(name)  # complains before anything is drawn
  if _GRID.value is not None:
    return _grid(names, _cells(_GRID.value), path)
  rows: list[Picture] = []
  count = 2 if _TOYS.value else len(names)
  with program.progress('Drawing', count) as meter:
    for row in _toy_rows() if _TOYS.value else _scene_rows(names):
      rows.append(row)
      meter.advance(1)
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_bytes(film_strip.encode_png(np.concatenate(rows)))
  print(f'Picture: {path}')
  return 0


def _grid(names: list[str], cells: tuple[int, int], path: pathlib.Path) -> int:
  """Draws worlds of the scenes in turn, without words."""
  rows, columns = cells
  variation = cast(scene_lib.Variation, _VARIATION.value)
  scenes = [registry.load(name, variation) for name in names]
  frames: list[Picture] = []
  with program.progress('Drawing', rows * columns) as meter:
    for k in range(rows * columns):
      seed = _FIRST_SEED.value + k // len(scenes)
      frames.append(_draw_world(scenes[k % len(scenes)], seed))
      meter.advance(1)
  sheet = film_strip.film_strip(frames, [''] * len(frames), columns=columns)
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_bytes(film_strip.encode_png(sheet))
  print(f'Picture: {path}')
  return 0


def _cells(text: str) -> tuple[int, int]:
  found = re.fullmatch(r'([1-9]\d?)x([1-9]\d?)', text.strip())
  if not found:
    raise errors.SddError(
      f'--grid={text}: expected ROWSxCOLUMNS, 1 to 99 each, such as 6x6.'
    )
  return int(found[1]), int(found[2])


def _check(name: str, path: pathlib.Path) -> int:
  """Returns 1 if the scene cannot be used."""
  found = address.resolve(address.join(name, _robot(name)))
  if not found.own:
    raise errors.SddError(
      f'--check={name}: expected an MJCF file, whose name ends in '
      f'{address.SUFFIX}.'
    )
  console = rich_console.Console()
  checked = checking.check(found)
  told = checked.findings
  if checked.scene is not None:
    attempts = list(scene_check.tried(checked.scene))
    told = (*scene_check.findings(attempts), *told)
    console.print(scene_check.table(checked.scene, attempts))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(film_strip.encode_png(_named(checked.scene)))
  for line in scene_check.lines(told):
    console.print(line, highlight=False)
  if checked.scene is None:
    print(f'{name} cannot be used.')
    return 1
  print(f'{name} can be used.\nPicture: {path}')
  return 0


def _named(scene: scene_lib.Scene) -> Picture:
  """The scene with the names of its things, three frames wide."""
  width = 3 * _WIDTH.value
  scene, data = scene_picture.start(scene, _FIRST_SEED.value)
  camera = scene_picture.fitted(
    scene, data, width=width, height=round(width * 2 / 3)
  )
  drawn = _draw(scene.model, data, camera)
  return scene_check.labelled(
    drawn, scene, scene_picture.middles(scene, data), camera
  )


def _robot(scene: str) -> str | None:
  """The robot of the flag, unless the scene's address names one."""
  given = flags.FLAGS['robot'].present
  return _ROBOT.value if given or '@' not in scene else None


def _scene_rows(names: list[str]) -> Iterator[Picture]:
  variation = cast(scene_lib.Variation, _VARIATION.value)
  seeds = range(_FIRST_SEED.value, _FIRST_SEED.value + _SEEDS.value)
  for name in names:
    scene = registry.load(name, variation)
    frames = [_draw_world(scene, seed) for seed in seeds]
    captions = [f'seed {seed}' for seed in seeds]
    row = film_strip.film_strip(frames, captions, columns=len(frames))
    yield _titled(row, _title(scene), _about(scene))


def _title(scene: scene_lib.Scene) -> str:
  title = scene.domain.replace('_', ' ')
  other = scene.name != scene.domain
  return f'{title}, {scene.robot.name}' if other else title


def _draw_world(scene: scene_lib.Scene, seed: int) -> Picture:
  scene, data = scene_picture.start(scene, seed)
  name = _CAMERA.value or ('front' if _RANDOMISE.value else _FITTED)
  size = {'width': _WIDTH.value, 'height': _height()}
  if name == _FITTED:
    camera = scene_picture.fitted(scene, data, **size)
  else:
    camera = camera_lib.from_model(scene.model, data, name, **size)
  if not _RANDOMISE.value:
    return _draw(scene.model, data, camera)
  seen = look_variation.draw(
    scene, (seed, *scene.domain.encode()), strength=_STRENGTH.value
  )
  if name != _FITTED:
    camera = seen.camera(scene.model, camera)
  return seen.sensed(
    _draw(scene.model, data, camera, look=seen.look),
    np.random.default_rng((seed, 0)),
  )


def _draw(
  model: mujoco.MjModel,
  data: mujoco.MjData,
  camera: camera_lib.Camera,
  *,
  look: look_lib.Look | None = None,
) -> Picture:
  return scene_picture.draw(
    model, data, camera, supersample=_SUPERSAMPLE.value, look=look
  )


def _height() -> int:
  return max(1, round(_WIDTH.value * 2 / 3))


def _about(scene: scene_lib.Scene) -> str:
  """The scene's task, or how many and one of them."""
  if not scene.tasks:
    return ''
  first = scene.tasks[0].sentence
  count = len(scene.tasks)
  shapes = f'; {len(scene.shapes)} shapes' if scene.shapes else ''
  return (f'{first}' if count == 1 else f'{count} tasks: {first}, ...') + shapes


def _toy_rows() -> Iterator[Picture]:
  for title, kinds in (
    ('toys', toys_training.TOYS),
    ('unseen toys', toys_unseen.TOYS),
  ):
    frames = [_draw_toy(toy) for toy in kinds]
    captions = [f'{toy.name}, {toy.grams:.0f} g' for toy in kinds]
    row = film_strip.film_strip(frames, captions, columns=_TOYS_IN_A_ROW)
    yield _titled(row, title, f'{len(kinds)} shapes')


def _draw_toy(toy: toys.Toy) -> Picture:
  """One toy, standing on a plain floor."""
  spec = mujoco.MjSpec()
  spec.worldbody.add_geom(
    name='floor', type=mujoco.mjtGeom.mjGEOM_PLANE, size=[1, 1, 0.1],
    rgba=[0.88, 0.87, 0.84, 1], **parts.LOOKS,
  )  # fmt: skip
  toys.add_toy(spec, toy)
  model = spec.compile()
  data = mujoco.MjData(model)
  data.qpos[2] = 0.3
  mujoco.mj_kinematics(model, data)
  lowest = scene_picture.boxes(model, data, np.arange(1, model.ngeom))[0][
    :, 2
  ].min()
  data.qpos[2] -= lowest
  mujoco.mj_kinematics(model, data)
  middle = data.qpos[:3] * (0, 0, 1)
  camera = camera_lib.look_at(
    toy.name, middle + _TOY_EYE, middle, fovy=22,
    width=_WIDTH.value, height=_height(),
  )  # fmt: skip
  return _draw(model, data, camera)


def _titled(row: Picture, title: str, about: str) -> Picture:
  """The row below a line that says what it is."""
  size = max(12, min(row.shape[1] // 40, 26))
  bold, plain = (ImageFont.load_default(size=s) for s in (size, 0.75 * size))
  head = Image.new('RGB', (row.shape[1], size + 2 * _MARGIN), _PAPER)
  draw = ImageDraw.Draw(head)
  base = _MARGIN + size
  draw.text((_MARGIN, base), title, fill=_INK, font=bold, anchor='ls')
  after = _MARGIN + draw.textlength(f'{title}  ', font=bold)
  draw.text((after, base), about, fill=(110, 116, 124), font=plain, anchor='ls')
  return np.concatenate([np.asarray(head), row])


if __name__ == '__main__':
  program.run(main)
