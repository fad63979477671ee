"""Audits of success predicates: states of stored episodes, and the results.

The result of an audit is kept with the dataset, as `audits/<digest>.json`
with the digest of the audited predicate. No reader of episodes looks there.
"""

import dataclasses
import json
import pathlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import jax

from sdd.collection import episode as episodes
from sdd.collection import replay
from sdd.dataset import (
  derived,
  directory,
  durable,
  listing,
  reader,
  record,
  spec,
)
from sdd.predicates import audit_group
from sdd.scenes import scene as scene_lib
from sdd.simulation import scene_state

AUDITS = 'audits'  # folder within the dataset
_KINDS: dict[listing.Split, audit_group.Kind] = {
  'success': 'success',
  'failure': 'failure',
}
_NAMES = {'success': 'successes', 'failure': 'failures'}
Run = list[scene_state.SceneState]


def groups(
  path: pathlib.Path | str,
  scene: scene_lib.Scene,
  *,
  share: int,
  tasks: Collection[str] = (),
  seen: Callable[[int], object] = lambda count: None,
) -> list[audit_group.Group]:
  """Steps and ends of a dataset's successes and failures.

  Each state is compared with the episode's first. Groups that would be empty
  are left out.

  Args:
    path: the dataset.
    scene: its scene.
    share: how many states of steps, and how many of ends, a split gives at
      least, if it has them.
    tasks: sentences whose episodes count; all if empty.
    seen: told of states by their number, as they come.

  Raises:
    errors.SddError: there is no such dataset, it is damaged, or it does not
      fit the scene.
  """
  replays = {
    sha256: replay.Replay(dataclasses.replace(scene, mjcf=text, shapes=()))
    for sha256, text in derived.scene_texts(path).items()
  }
  found: list[audit_group.Group] = []
  for split, kind in _KINDS.items():
    steps: list[Run] = []
    ends: list[Run] = []
    before: Run = []
    for episode in _episodes(path, split, tasks):
      if len(ends) >= share:
        break
      run = _run(replays[episode.metadata.scene_sha256].states(episode))
      if sum(map(len, steps)) < share:
        steps.append(run)
        seen(len(run))
      before.append(run[0])
      ends.append(run[-1:])
    if ends:
      name = _NAMES[split]
      found += [
        audit_group.group(f'stored {name}', kind, steps),
        audit_group.group(f'ends of {name}', kind, ends, initial=before),
      ]
  return found


def keep(
  path: pathlib.Path | str, digest: str, result: Mapping[str, Any]
) -> pathlib.Path:
  """Keeps the result of an audit with the dataset; at once, or not at all.

  Args:
    path: the dataset.
    digest: of the audited predicate.
    result: JSON values.

  Returns:
    the file.

  Raises:
    DatasetError: there is no dataset at `path`, or it cannot be written.
  """
  path = pathlib.Path(path).expanduser()
  directory.require_dataset(path)
  return write(path / AUDITS / f'{digest}.json', result)


def write(file: pathlib.Path, result: Mapping[str, Any]) -> pathlib.Path:
  """Writes the result of an audit to a file; at once, or not at all.

  Raises:
    DatasetError: it cannot be written.
  """
  try:
    file.parent.mkdir(parents=True, exist_ok=True)
  except OSError as error:
    raise spec.DatasetError(
      f'{file} cannot be written: {error.strerror or error}. Name another '
      'file, or check the permissions.'
    ) from error
  text = json.dumps(result, indent=1, ensure_ascii=False)
  durable.write_text(file, f'{text}\n')
  return file


def _episodes(
  path: pathlib.Path | str, split: listing.Split, tasks: Collection[str]
) -> Iterator[episodes.Episode]:
  for data in reader.read_records(path, split):
    if not tasks or record.metadata(data).task in tasks:
      yield record.decode(data)


def _run(states: scene_state.SceneState) -> Run:
  steps = range(len(states.gripper_command))
  return [jax.tree.map(lambda x, k=k: x[k], states) for k in steps]
