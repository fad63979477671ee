"""A dataset with the robustness of its successes, measured afterwards.

The dataset itself stays as it is; a new one is written beside it.
"""

import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sdd.collection import episode as episodes
from sdd.dataset import derived, reader, record, spec, writer
from sdd.scenes import scene as scene_lib

# What may differ when measuring is continued: the dataset may have grown or
# been moved since.
FREE = ('episodes', 'measured_from')
Measure = Callable[[episodes.Episode], episodes.Episode]


def measured(
  path: pathlib.Path | str, measure: Measure, *, into: writer.DatasetWriter
) -> Iterator[episodes.EpisodeMetadata]:
  """Adds every episode that `into` does not hold yet, successes measured.

  Failures are taken over as they are.

  Args:
    path: the dataset.
    measure: the same episode with its robustness.
    into: where to add them.

  Yields:
    the metadata of each as it was added.

  Raises:
    DatasetError: there is no such dataset, or it is damaged.
  """
  cameras, done = reader.load_spec(path).cameras, into.done
  for data in reader.read_records(path):
    if record.index(data) in done:
      continue
    episode = record.decode(data)
    if episode.metadata.success:
      episode = measure(episode)
    into.add(episode, views=derived.views(data, cameras))
    yield episode.metadata


def open_writer(
  path: pathlib.Path | str, out: pathlib.Path | str, *, how: Mapping[str, Any]
) -> writer.DatasetWriter:
  """Creates, or continues, the measured copy of a dataset.

  Its `run` is that of the dataset with `how` as `robustness`.

  Args:
    path: the dataset.
    out: the new one.
    how: what is measured (copies, noise, simulator, seed); JSON values.

  Raises:
    DatasetError: there is no dataset at `path`, or `out` holds anything
      else than an unfinished or finished measurement of this kind.
  """
  source = str(pathlib.Path(path).expanduser().resolve())
  run = {'measured_from': source, 'robustness': dict(how)}
  return derived.open_writer(path, out, run=run, free=FREE)


def require_same_models(
  path: pathlib.Path | str, scene: scene_lib.Scene
) -> None:
  """Refuses a dataset whose episodes were collected in other models.

  Raises:
    DatasetError: the scene has no longer all the models of the dataset.
  """
  other = [
    sha256
    for sha256 in reader.load_spec(path).scenes
    if sha256 not in scene.texts
  ]
  if other:
    raise spec.DatasetError(
      f'{path} was collected in other models of the scene {scene.name!r} '
      f'than those of today: {", ".join(name[:12] for name in other)}. Its '
      'actions say nothing there. Use the version of sdd that collected it, '
      'or collect it again.'
    )
