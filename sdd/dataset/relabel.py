"""Judging a stored dataset again, by other success code, without simulating.

States are rebuilt from the stored positions, see `sdd.collection.replay`.
The dataset itself stays as it is; a new one is written beside it.
"""

import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sdd.dataset import (
  directory,
  listing,
  reader,
  record,
  relabel_episode,
  spec,
  verdict_change,
  writer,
)

# What may differ when a relabelling is continued: the dataset may have grown
# or been moved since.
FREE = ('episodes', 'relabelled_from')
# What to judge an episode by, given its task sentence.
Labels = Callable[[str], relabel_episode.Label]


def changes(
  path: pathlib.Path | str,
  labels: Labels,
  *,
  relabeller: relabel_episode.Relabeller,
  into: writer.DatasetWriter | None = None,
) -> Iterator[verdict_change.Change]:
  """Judges every episode of a dataset again, and keeps the results.

  Episodes that `into` holds already are judged once more, which takes little,
  so that what is yielded does not depend on interruptions.

  Args:
    path: the dataset.
    labels: what to judge an episode of that sentence by.
    relabeller: made with the dataset's scene and `scene_texts`.
    into: where to add the relabelled episodes that it does not yet hold;
      nothing is written if left out.

  Raises:
    errors.SddError: there is no such dataset, it is damaged, or it does not
      fit the scene or the writer.
  """
  cameras = reader.load_spec(path).cameras
  done = into.done if into else frozenset()
  for data in reader.read_records(path):
    episode = record.decode(data)
    made, change = relabeller(episode, labels(episode.metadata.task))
    if into is not None and change.index not in done:
      into.add(made, images=_images(data, cameras))
    yield change


def open_writer(
  path: pathlib.Path | str,
  out: pathlib.Path | str,
  *,
  how: Mapping[str, Any],
  task: str | None = None,
) -> writer.DatasetWriter:
  """Creates, or continues, the relabelled copy of a dataset.

  Its `run` is that of the dataset with `relabelling`, a list to which `how`
  is added: the latest comes last.

  Args:
    path: the dataset.
    out: the new one.
    how: what the labels come from; JSON values.
    task: the sentence of all relabelled episodes, if it is a new one.

  Raises:
    DatasetError: there is no dataset at `path`, or `out` holds anything
      else than an unfinished or finished relabelling of this kind.
  """
  source = reader.load_spec(path)
  path, out = (
    pathlib.Path(each).expanduser().resolve() for each in (path, out)
  )
  if path == out:
    raise spec.DatasetError(
      f'{out} is the dataset that is to be relabelled, which stays as it is. '
      'Name another directory for the relabelled copy.'
    )
  run = {
    **source.run,
    'relabelled_from': str(path),
    'relabelling': [*source.run.get('relabelling', []), dict(how)],
  }
  return writer.DatasetWriter(
    out,
    name=source.name,
    state_names=source.state_names,
    action_spec=source.action_spec,
    scenes=scene_texts(path),
    cameras=source.cameras,
    scene=source.scene,
    run={**run, 'tasks': [task]} if task else run,
    free=FREE,
  )


def count(path: pathlib.Path | str) -> int:
  """How many episodes a dataset holds.

  Raises:
    DatasetError: there is no dataset at `path`, or it is damaged.
  """
  found = directory.require_dataset(pathlib.Path(path).expanduser())
  return sum(sum(shards.lengths) for shards in found.splits.values())


def scene_texts(path: pathlib.Path | str) -> dict[str, str]:
  """The MJCF of every scene of a dataset, by its SHA-256.

  Raises:
    DatasetError: one is missing or is another text.
  """
  path, texts = pathlib.Path(path).expanduser(), {}
  for sha256 in reader.load_spec(path).scenes:
    file = path / listing.SCENES / f'{sha256}.xml'
    try:
      texts[sha256] = file.read_bytes().decode()
    except (OSError, ValueError) as error:
      raise spec.DatasetError(
        f'The model {file} of the dataset cannot be read: {error}. Restore it '
        'from a copy: without it nobody knows what the positions mean.'
      ) from error
  directory.require_scenes(texts)
  return texts


def _images(data: bytes, cameras: tuple[str, ...]) -> dict[str, list[bytes]]:
  paths = {name: f'steps/observation/{name}_image' for name in cameras}
  if not paths:
    return {}
  columns = record.columns(data, only=tuple(paths.values()))
  return {name: columns[path] for name, path in paths.items()}
