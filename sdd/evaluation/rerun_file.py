"""An episode as a recording for the Rerun viewer; needs the extra `rerun`."""

import dataclasses
import importlib
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import numpy as np

from sdd import errors
from sdd.collection import episode as episode_lib
from sdd.dataset import durable
from sdd.evaluation import film_strip, timeline
from sdd.evaluation import frames as frames_lib
from sdd.scenes import scene as scene_lib
from sdd.simulation import action

_APPLICATION = 'sdd'
_JOINTS, _SCENE, _GRIPPER = 'joints/arm', 'joints/scene', 'tool/opening'

Kind = Literal['scalars', 'pose', 'text']


@dataclasses.dataclass(frozen=True, eq=False)
class Entry:
  """Something to be logged at one step.

  Attributes:
    path: in the viewer's tree, e.g. `tool/pose`.
    kind: how `value` is to be understood: `scalars` (n,), `pose` a pair of
      position (3,) and rotation (3, 3), or `text`.
    value: what is logged.
  """

  path: str
  kind: Kind
  value: Any


def names(scene: scene_lib.Scene) -> dict[str, list[str]]:
  """The name of every line of each group of scalars, by path."""
  return {
    _GRIPPER: ['measured', 'commanded'],
    _JOINTS: list(scene.robot.arm.joints),
    _SCENE: [scene.state_names[column] for column in _moving(scene)],
  }


def entries(
  scene: scene_lib.Scene,
  episode: episode_lib.Episode,
  rows: Iterable[timeline.Row],
) -> Iterator[list[Entry]]:
  """What is logged at each step, but for the picture.

  Verdicts are logged as 1, 0 and -1, and not before a node was asked about;
  text where it changes.
  """
  moving, rows = _moving(scene), list(rows)
  said: dict[str, str] = {}
  for step in range(len(episode.action)):
    tool, command = episode.proprioception[step], episode.action[step]
    position, rotation, _ = action.decode(np, tool)
    found = [
      Entry('tool/pose', 'pose', (position, rotation)),
      Entry(_GRIPPER, 'scalars', np.array([tool[9], command[9]])),
      Entry(_JOINTS, 'scalars', episode.world[step][scene.arm_qpos]),
    ]
    if moving:
      found.append(Entry(_SCENE, 'scalars', episode.state[step][moving]))
    found += [
      Entry(
        f'verdict/{number} {row.instruction}', 'scalars',
        np.array([float(episode.verdict[step, number])]),
      )
      for number, row in enumerate(rows)
      if row.states[step] != timeline.UNASKED
    ]  # fmt: skip
    for path, text in (
      ('language/task', episode.metadata.task),
      ('language/sub_task', episode.sub_task[step]),
      ('language/skill', episode.skill[step]),
    ):
      if said.get(path) != text:
        said[path] = text
        found.append(Entry(path, 'text', text))
    yield found


def write(
  path: pathlib.Path | str,
  scene: scene_lib.Scene,
  episode: episode_lib.Episode,
  *,
  rows: Iterable[timeline.Row],
  pictures: Iterable[frames_lib.Picture],
  camera: str,
  rate_hz: float,
) -> pathlib.Path:
  """Writes an `.rrd` file, one `step` and `time` for each frame.

  Raises:
    errors.SddError: the extra `rerun` is not installed.
  """
  rerun, target = load(), pathlib.Path(path).expanduser()
  target.parent.mkdir(parents=True, exist_ok=True)

  def fill(draft: pathlib.Path) -> None:
    about = episode.metadata
    recording = rerun.RecordingStream(
      _APPLICATION, recording_id=f'{about.scene}-{about.seed}-{about.index}'
    )
    recording.save(str(draft))
    with recording:  # whose end waits until all is in the file
      for group, lines in names(scene).items():
        recording.log(group, rerun.SeriesLines(names=lines), static=True)
      told = entries(scene, episode, rows)
      for step, (found, picture) in enumerate(zip(told, pictures, strict=True)):
        recording.set_time('step', sequence=step)
        recording.set_time('time', duration=step / rate_hz)
        recording.log(f'camera/{camera}', _image(rerun, picture))
        for entry in found:
          recording.log(_parts(entry.path), _logged(rerun, entry))

  durable.write(target, fill)
  return target


def load() -> Any:
  """The module `rerun`; raises SddError where it is not installed."""
  try:
    return importlib.import_module('rerun')
  except ImportError as problem:
    raise errors.SddError(
      "A Rerun recording needs the extra `rerun`: pip install 'sdd[rerun]'."
    ) from problem


def _logged(rerun: Any, entry: Entry) -> Any:
  if entry.kind == 'text':
    return rerun.TextLog(entry.value or 'waiting, or back to rest')
  if entry.kind == 'pose':
    position, rotation = entry.value
    return rerun.Transform3D(translation=position, mat3x3=rotation)
  return rerun.Scalars(np.asarray(entry.value, np.float64))


def _image(rerun: Any, picture: frames_lib.Picture) -> Any:
  content = film_strip.encode_png(picture)
  return rerun.EncodedImage(contents=content, media_type='image/png')


def _parts(path: str) -> list[str]:
  """The parts of a path; as a list, Rerun escapes what they contain."""
  return path.split('/', 1)


def _moving(scene: scene_lib.Scene) -> list[int]:
  """Columns of the state that are positions of joints."""
  return [
    column
    for column, name in enumerate(scene.state_names)
    if name.endswith('/position')
  ]
