"""Draws what a policy might do: many action sequences from one observation.

As in the paper, which shows its policy as lines in the picture of the scene:
every line is an action sequence sampled from the same observation, blue at
its first action and red at its last. Where lines part, the data held several
ways to go on, and the policy has kept them apart.

The policy acts in an episode, and each time it is asked, --samples sequences
are drawn instead of one. They come as a page with the scene in three
dimensions, which the mouse turns, and the film of the episode; the film alone
(--mp4); or the picture of one moment (--png, --at):

  python -m experiments.draw_actions --policy=runs/policy.npz --scene=drawer \\
    --task="move the crayon box into the top drawer" --samples=64

The policy is an exported file or the --workdir of a training run. --mp4 and
--png write only these files, unless --out is given too.
"""

from __future__ import annotations

import pathlib
import shlex
import sys
from collections.abc import Iterator, Sequence

from absl import flags
from etils import epy

from experiments import program, urls
from sdd import errors

with epy.lazy_imports():
  from experiments import policies
  from sdd.dataset import durable
  from sdd.evaluation import (
    captions,
    film_strip,
    frames,
    imagined,
    imagined_page,
    report,
    video,
  )
  from sdd.scenes import registry
  from sdd.scenes import scene as scene_lib
  from sdd.simulation import action

_POLICY = flags.DEFINE_string(
  'policy', None, 'a policy.npz, or a training --workdir', required=True
)
urls.accept('policy', 'ws', 'wss')
_SCENE = flags.DEFINE_string('scene', 'drawer', 'the scene')
_TASK = flags.DEFINE_string('task', None, 'the sentence', required=True)
_SAMPLES = flags.DEFINE_integer(
  'samples', 64, 'action sequences from each observation', lower_bound=1
)
_INDEX = flags.DEFINE_integer(
  'index', 100_000, 'of the episode, as in experiments.evaluate',
  lower_bound=0,
)  # fmt: skip
_SECONDS = flags.DEFINE_float(
  'seconds', 20.0, 'simulated, at most', lower_bound=0.25
)
_OUT = flags.DEFINE_string(
  'out', None, 'the page, by default runs/actions.html'
)
_MP4 = flags.DEFINE_string('mp4', None, 'write the film to this file')
_PNG = flags.DEFINE_string(
  'png', None, 'write the picture of --at to this file'
)
_AT = flags.DEFINE_float(
  'at', 0.0, 'simulated seconds, of --png', lower_bound=0.0
)
_CAMERA = flags.DEFINE_string('camera', 'front', 'a camera of the scene')
_WIDTH = flags.DEFINE_integer(
  'width', 480, 'of a frame, pixels', lower_bound=16
)
_SUPERSAMPLE = flags.DEFINE_integer(
  'supersample', 1, 'samples per pixel and direction', lower_bound=1
)


def main(_: Sequence[str]) -> int:
  if _MP4.value:
    video.require_name(_MP4.value)
  if _PNG.value and pathlib.Path(_PNG.value).suffix != '.png':
    raise errors.SddError(f'--png={_PNG.value}: expected a .png file.')
  scene = registry.load(_SCENE.value)
  task = scene.task(_TASK.value).sentence
  frames.require_camera(scene.model, _CAMERA.value)
  policy = policies.load_many(_POLICY.value, scene)
  recording = _record(policy, scene, task)
  rate = action.ActionSpec().rate_hz
  if _PNG.value:
    _picture(recording, rate)
  if _OUT.value or _MP4.value or not _PNG.value:
    film = _film(recording, rate)
    if _MP4.value:
      print(f'Film: {video.write(_MP4.value, film)}')
    if _OUT.value or not _MP4.value:
      _page(recording, film, rate)
  return 0


def _view() -> frames.View:
  return frames.view(_CAMERA.value, _WIDTH.value, _SUPERSAMPLE.value)


def _record(
  policy: imagined.Many, scene: scene_lib.Scene, task: str
) -> imagined.Recording:
  seconds = min(_SECONDS.value, scene.time_limit)
  steps = round(seconds * action.ActionSpec().rate_hz)
  with program.progress('Acting', steps) as meter:
    return imagined.record(
      policy, scene, task, index=_INDEX.value, count=_SAMPLES.value,
      seconds=seconds, watch=lambda _: meter.advance(1),
    )  # fmt: skip


def _drawn(
  recording: imagined.Recording, step: int, picture: frames.Picture
) -> frames.Picture:
  camera = frames.camera(recording.stage, recording.qpos[step], _view())
  return imagined.draw(picture, recording.latest(step).chunks, camera)


def _film(recording: imagined.Recording, rate_hz: float) -> bytes:
  """A frame for every step; lines stay until the policy is asked again."""
  steps = len(recording.qpos)
  told = [
    (
      recording.outcome.task,
      f'{step / rate_hz:.1f} s: {_SAMPLES.value} action sequences from what '
      f'was seen at {recording.latest(step).step / rate_hz:.1f} s',
    )
    for step in range(steps)
  ]
  band = captions.Band(_view().width, told)
  pictures = frames.pictures(recording.stage, recording.qpos, _view())
  with program.progress('Drawing', steps) as meter:

    def captioned() -> Iterator[frames.Picture]:
      for step, picture in enumerate(pictures):
        yield band.below(_drawn(recording, step, picture), step)
        meter.advance(1)

    return video.encode(captioned(), rate_hz=rate_hz)


def _picture(recording: imagined.Recording, rate_hz: float) -> None:
  step = min(round(_AT.value * rate_hz), len(recording.qpos) - 1)
  states = recording.qpos[step : step + 1]
  (picture,) = frames.pictures(recording.stage, states, _view())
  content = film_strip.encode_png(_drawn(recording, step, picture))
  path = pathlib.Path(_PNG.value or '')
  path.parent.mkdir(parents=True, exist_ok=True)
  durable.write_bytes(path, content)
  print(f'Picture: {path}')


def _page(recording: imagined.Recording, film: bytes, rate_hz: float) -> None:
  page = imagined_page.Page(
    title=f'What {_POLICY.value} might do',
    recording=recording,
    view=_view(),
    rate_hz=rate_hz,
    film=film,
    command=shlex.join(
      ['python', '-m', 'experiments.draw_actions', *sys.argv[1:]]
    ),
  )
  out = _OUT.value or 'runs/actions.html'
  print(f'Page: {report.write_text(out, imagined_page.to_html(page))}')


if __name__ == '__main__':
  program.run(main)
