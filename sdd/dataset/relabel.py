"""Judging a stored dataset again, by other success code, without simulating.

States are rebuilt from the stored positions, see `sdd.collection.replay`.
The dataset itself stays as it is; a new one is written beside it.
"""

import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sdd.dataset import (
  derived,
  reader,
  record,
  relabel_episode,
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
    relabeller: made with the dataset's scene and the MJCF of its episodes.
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
      into.add(made, views=derived.views(data, cameras))
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
  before = reader.load_spec(path).run.get('relabelling', [])
  run = {
    'relabelled_from': str(pathlib.Path(path).expanduser().resolve()),
    'relabelling': [*before, dict(how)],
  }
  if task:
    run['tasks'] = [task]
  return derived.open_writer(path, out, run=run, free=FREE)
