"""Draws the episodes of a dataset from cameras, without simulating again.

Every episode as each camera would have seen it, into a new dataset whose
other fields stay as they are:

  python -m experiments.render --data=runs/data --out=runs/seen

With --randomise=K every episode comes K times, each time with other colours,
textures, lights and exposure, another place of the cameras, and noise of the
sensor: domain randomisation at the price of drawing. The same seed gives the
same bytes, and the same command again goes on where it stopped.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from typing import cast

from absl import flags
from etils import epy

from experiments import program
from sdd import errors

with epy.lazy_imports():
  from experiments import studio
  from sdd.dataset import (
    derived,
    kept_scene,
    listing,
    reader,
    record,
    rendering,
  )
  from sdd.simulation import gl_context, renderer

_DATA = flags.DEFINE_string('data', None, 'the dataset', required=True)
_OUT = flags.DEFINE_string(
  'out', None, 'the directory of the new dataset', required=True
)
_CAMERAS = flags.DEFINE_list(
  'cameras', ['front', 'wrist'], 'which cameras of the scene'
)
_SIZE = flags.DEFINE_string('size', '160x240', 'height x width, pixels')
_RANDOMISE = flags.DEFINE_integer(
  'randomise', 0, 'looks of each episode; 0 for the scene as it is',
  lower_bound=0,
)  # fmt: skip
_STRENGTH = flags.DEFINE_float(
  'strength', 1.0, 'how far looks are from the scene as it is', lower_bound=0
)
_SEED = flags.DEFINE_integer('seed', 0, 'fixes every look', lower_bound=0)
_SPLIT = flags.DEFINE_enum(
  'split', 'success', ['success', 'failure', 'all'], 'which episodes'
)
_RENDERER = flags.DEFINE_string(
  'renderer', 'auto', 'gl (OpenGL), raycast (JAX), or whichever is there'
)
_SHADOWS = flags.DEFINE_boolean(
  'shadows', False, 'whether lights cast any; without a graphics card, '
  'OpenGL takes twenty times as long with them',
)  # fmt: skip
_FORMAT = flags.DEFINE_enum('format', 'jpeg', ['jpeg', 'png'], 'of the images')
_QUALITY = flags.DEFINE_integer(
  'quality', 92, 'of JPEG', lower_bound=1, upper_bound=95
)
_WORKERS = flags.DEFINE_integer(
  'workers', None, 'subprocesses; by default one a core for OpenGL, and none '
  'for the ray caster, which uses all cores by itself',
  lower_bound=0,
)  # fmt: skip
# What may differ when a dataset is continued.
_FREE = ('episodes',)


def main(_: Sequence[str]) -> int:
  setting = rendering.Setting(
    cameras=tuple(dict.fromkeys(_CAMERAS.value)),
    size=size(_SIZE.value),
    strength=_STRENGTH.value if _RANDOMISE.value else 0.0,
    seed=_SEED.value,
    shadows=_SHADOWS.value,
    format=cast(rendering.Format, _FORMAT.value),
    quality=_QUALITY.value,
    renderer=_named(_RENDERER.value),
  )
  scene = kept_scene.load(_DATA.value)
  rendering.Studio(scene, setting)  # complains before anything is written
  looks = max(1, _RANDOMISE.value)
  total = sum(1 for _ in _records()) * looks
  if not total:
    raise errors.SddError(
      f'{_DATA.value} holds no episode to draw. --split=all takes failures too.'
    )
  began = os.times()
  wall = time.monotonic()
  with derived.open_writer(
    _DATA.value, _OUT.value,
    run={'rendered': {**setting.to_json(), 'looks': looks}},
    free=_FREE, cameras=setting.cameras,
  ) as dataset:  # fmt: skip
    kept_scene.carry(_DATA.value, _OUT.value)
    done, frames = set(dataset.done), 0
    jobs = (
      (data, index * looks + k)
      for data in _records()
      for index in [record.index(data)]
      for k in range(looks)
      if index * looks + k not in done
    )
    try:
      with program.progress('Rendering', total, done=len(done)) as meter:
        for episode, views in studio.rendered(
          _DATA.value, setting, jobs, workers=_workers(setting)
        ):
          dataset.add(episode, views=views)
          frames += sum(len(each.images) for each in views.values())
          meter.advance(1, status=f'{frames} pictures')
    except KeyboardInterrupt:
      dataset.close()
      program.when_interrupted(
        f'Stopped. Every episode drawn so far is in {_OUT.value}; the same '
        'command goes on from there.'
      )
      raise
  ended = os.times()
  spent = sum(ended[:4]) - sum(began[:4])
  if frames:
    print(
      f'{frames} pictures in {time.monotonic() - wall:.0f} s; '
      f'{1000 * spent / frames:.1f} core-milliseconds each.'
    )
  print(f'The new dataset: {_OUT.value}')
  return 0


def size(text: str) -> tuple[int, int]:
  """Reads HEIGHTxWIDTH.

  Raises:
    errors.SddError: it is not that.
  """
  found = re.fullmatch(r'(\d+)x(\d+)', text.strip())
  if not found or not all(8 <= int(n) <= 4096 for n in found.groups()):
    raise errors.SddError(
      f'--size={text}: expected HEIGHTxWIDTH in pixels, 8 to 4096 each, such '
      'as 160x240.'
    )
  return int(found[1]), int(found[2])


def _named(name: str) -> str:
  """The renderer, `auto` resolved so that all processes use the same."""
  if name not in renderer.NAMES:
    raise errors.UnknownNameError('renderer', name, renderer.NAMES)
  if name != 'auto':
    return name
  graphics = gl_context.find()
  return 'gl' if graphics is not None and graphics.hardware else 'raycast'


def _workers(setting: rendering.Setting) -> int:
  if _WORKERS.value is not None:
    return _WORKERS.value
  return os.cpu_count() or 1 if setting.renderer == 'gl' else 0


def _records() -> Iterator[bytes]:
  split = None
  if _SPLIT.value != 'all':
    split = cast(listing.Split, _SPLIT.value)
  return reader.read_records(_DATA.value, split)


if __name__ == '__main__':
  program.run(main)
