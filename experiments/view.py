"""Shows episodes of a dataset: a page with film and timeline, films, sheets.

The page of one episode needs nothing but a browser: its film, the verdict of
every node of the task tree over time and which one was worked on, traces of
gripper, tool and joints, and where the episode comes from. Pointing at the
timeline moves the film:

  python -m experiments.view --data=runs/data --episode=3
  python -m experiments.view --data=runs/data --episode=3 --mp4=runs/film.mp4

Many episodes at a glance, failures apart, as a page or a PNG picture:

  python -m experiments.view --data=runs/data --contact_sheet
  python -m experiments.view --data=runs/data --contact_sheet --out=sheet.png

--mp4 and --rerun write only these files, unless --out is given too. --rerun
needs the extra `rerun`. No graphics library is needed: pictures are drawn from
stored states.
"""

from __future__ import annotations

import pathlib
import shlex
from collections.abc import Iterator, Sequence

from absl import flags
from etils import epy

from experiments import program
from sdd import errors

with epy.lazy_imports():
  from experiments import collected
  from sdd.collection import episode as episode_lib
  from sdd.dataset import chosen, derived, durable, kept_scene, reader
  from sdd.evaluation import (
    contact_sheet,
    film_strip,
    frames,
    report,
    rerun_file,
    timeline,
    video,
    view_page,
  )
  from sdd.evaluation import film as film_lib
  from sdd.language import task_tree
  from sdd.scenes import scene as scene_lib

_DATA = flags.DEFINE_string('data', None, 'the dataset', required=True)
_EPISODE = flags.DEFINE_integer(
  'episode', None, 'index of the episode; by default the first there is'
)
_CONTACT_SHEET = flags.DEFINE_bool(
  'contact_sheet', False, 'a few frames of many episodes instead'
)
_OUT = flags.DEFINE_string(
  'out', None, 'the page, by default runs/view/episode_N.html or '
  'runs/view/contact_sheet.html; a sheet may also be a .png',
)  # fmt: skip
_MP4 = flags.DEFINE_string('mp4', None, 'write the film to this file')
_RERUN = flags.DEFINE_string(
  'rerun', None, 'write a recording for the Rerun viewer to this .rrd file'
)
_CAMERA = flags.DEFINE_string('camera', 'front', 'a camera of the scene')
_WIDTH = flags.DEFINE_integer(
  'width', None, 'of a frame, pixels; by default 480, in a sheet 180',
  lower_bound=16,
)  # fmt: skip
_SUPERSAMPLE = flags.DEFINE_integer(
  'supersample', 1, 'samples per pixel and direction', lower_bound=1
)
_MOST = flags.DEFINE_integer(
  'most', 24, 'episodes of a sheet, half of them failures if there are so '
  'many', lower_bound=1,
)  # fmt: skip
_FRAMES = flags.DEFINE_integer(
  'frames', 4, 'of each episode in a sheet', lower_bound=1
)
_FOLDER = 'runs/view'
_LARGE, _SMALL = 480, 180  # pixels


def main(_: Sequence[str]) -> int:
  if not derived.count(_DATA.value):
    raise errors.SddError(f'{_DATA.value} holds no episode yet.')
  scene = kept_scene.load(_DATA.value)
  frames.require_camera(scene.model, _CAMERA.value)
  if _CONTACT_SHEET.value:
    return _sheet(scene)
  return _one(scene)


def _view(width: int) -> frames.View:
  width = _WIDTH.value or width
  return frames.view(_CAMERA.value, width, _SUPERSAMPLE.value)


def _one(scene: scene_lib.Scene) -> int:
  if _RERUN.value:
    rerun_file.load()  # complain before anything is drawn
  if _MP4.value:
    video.require_name(_MP4.value)
  episode = chosen.episode(_DATA.value, _EPISODE.value)
  tree = task_tree.TaskTree.from_json(
    episode.metadata.task_tree, scene.vocabulary
  )
  rows = timeline.of_episode(tree, episode)
  rate = reader.load_spec(_DATA.value).action_spec.rate_hz
  pictures = _drawn(scene, episode)
  if _RERUN.value:
    pictures = list(pictures)  # they are needed twice
  film = film_lib.captioned(episode, pictures, rate_hz=rate)
  if _MP4.value:
    print(f'Film: {video.write(_MP4.value, film)}')
  if _RERUN.value:
    path = rerun_file.write(
      _RERUN.value, scene, episode, rows=rows, pictures=pictures,
      camera=_CAMERA.value, rate_hz=rate,
    )  # fmt: skip
    print(f'Rerun recording: {path}')
  if _OUT.value or not (_MP4.value or _RERUN.value):
    page = _page(scene, episode, film, rows, rate)
    out = _OUT.value or f'{_FOLDER}/{_name(episode.metadata.index)}'
    print(f'Page: {report.write_text(out, view_page.to_html(page))}')
  return 0


def _drawn(
  scene: scene_lib.Scene, episode: episode_lib.Episode
) -> Iterator[frames.Picture]:
  """A frame for every step."""
  stage = frames.stage_of(scene, episode)
  with program.progress('Drawing', len(episode.world)) as meter:
    for picture in frames.pictures(stage, episode.world, _view(_LARGE)):
      yield picture
      meter.advance(1)


def _page(
  scene: scene_lib.Scene,
  episode: episode_lib.Episode,
  film: bytes,
  rows: Sequence[timeline.Row],
  rate_hz: float,
) -> view_page.Page:
  index = episode.metadata.index
  return view_page.Page(
    title=f'Episode {index} of {_DATA.value}',
    episode=episode,
    film=film,
    rate_hz=rate_hz,
    rows=rows,
    traces=view_page.traces(scene, episode, rate_hz=rate_hz),
    origin=view_page.origin(
      scene, episode, data=_DATA.value,
      run=reader.load_spec(_DATA.value).run,
    ),
    commands=[collected.command(_DATA.value), _command(index)],
  )  # fmt: skip


def _command(index: int) -> str:
  return shlex.join(
    [
      'python', '-m', 'experiments.view', f'--data={_DATA.value}',
      f'--episode={index}',
    ]
  )  # fmt: skip


def _name(index: int) -> str:
  return f'episode_{index}.html'


def _sheet(scene: scene_lib.Scene) -> int:
  for name, flag in (('mp4', _MP4), ('rerun', _RERUN), ('episode', _EPISODE)):
    if flag.value is not None:
      raise errors.SddError(
        f'--{name} is of one episode; leave it out with --contact_sheet.'
      )
  out = pathlib.Path(_OUT.value or f'{_FOLDER}/contact_sheet.html')
  if out.suffix not in ('.html', '.png'):
    raise errors.SddError(f'--out={out}: expected an .html or .png file.')
  total, cards = derived.count(_DATA.value), []
  with program.progress('Drawing', min(_MOST.value, total)) as meter:
    for episode in chosen.some(_DATA.value, _MOST.value):
      cards.append(_card(scene, episode, out.parent))
      meter.advance(1)
  if out.suffix == '.html':
    shown = f'{len(cards)} of {total} episodes'
    page = contact_sheet.to_html(f'{_DATA.value}: {shown}', scene.name, cards)
    report.write_text(out, page)
  else:
    content = contact_sheet.to_png(cards)
    out.parent.mkdir(parents=True, exist_ok=True)
    durable.write_bytes(out, content)
  print(f'Contact sheet: {out}')
  return 0


def _card(
  scene: scene_lib.Scene, episode: episode_lib.Episode, folder: pathlib.Path
) -> contact_sheet.Card:
  about = episode.metadata
  steps = film_strip.key_frames(
    [f'{a}{b}' for a, b in zip(episode.sub_task, episode.skill)], _FRAMES.value
  )
  pictures = frames.pictures(
    frames.stage_of(scene, episode), episode.world[steps], _view(_SMALL)
  )
  page = _name(about.index)
  return contact_sheet.Card(
    about.index, about.success, about.task, contact_sheet.words(about),
    list(pictures), page if (folder / page).exists() else '',
  )  # fmt: skip


if __name__ == '__main__':
  program.run(main)
