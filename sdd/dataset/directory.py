"""A dataset's directory: recognising, creating and opening it.

dataset_info.json, features.json    what TFDS reads
<name>-<split>-g<generation>.array_record-<number>    the episodes
sdd.json    the DatasetSpec
scenes/<sha256>.xml    the MJCF of every scene
audits/<digest>.json    audits of success predicates; no reader needs them
.sdd.lock    held by the one writer
"""

import hashlib
import json
import pathlib
import re
from collections.abc import Collection, Mapping

from sdd.dataset import durable, listing, schema, spec


def require_usable(path: pathlib.Path) -> None:
  """Raises DatasetError unless `path` is new, empty or a dataset of ours.

  Changes nothing.
  """
  if re.match('[a-z0-9]+:/', str(path)):
    raise spec.DatasetError(
      f'{path} is not a local directory. Write the dataset to a local '
      'directory and copy it afterwards.'
    )
  if path.exists() and not path.is_dir():
    raise spec.DatasetError(
      f'{path} is a file, and a dataset is a directory. Name another one.'
    )
  names = _names(path)
  if listing.SIDECAR in names or not names:
    return
  if listing.INFO in names:
    found = 'a TFDS dataset that sdd did not write'
  else:
    found = f'other files ({", ".join(sorted(names)[:3])}...)'
  raise spec.DatasetError(
    f'{path} holds {found}. Nothing was changed. Name a new or empty '
    'directory, or one that sdd wrote.'
  )


def create(
  path: pathlib.Path, dataset: spec.DatasetSpec, scenes: Mapping[str, str]
) -> listing.Listing:
  """Makes an empty dataset in a locked, usable directory.

  Also completes one whose creation was interrupted. `dataset_info.json`
  comes last: it is what makes the directory a dataset.
  """
  if any(listing.is_shard(name) for name in _names(path)):
    raise spec.DatasetError(
      f'{path} holds episodes but no {listing.INFO}, which lists them. '
      'Restore that file from a copy, or collect into a new directory.'
    )
  write_spec(path, dataset)
  (path / listing.SCENES).mkdir(exist_ok=True)
  durable.remove_temporary(path / listing.SCENES)
  for digest, text in scenes.items():
    durable.write_text(path / listing.SCENES / f'{digest}.xml', text)
  features = schema.features(
    state_size=len(dataset.state_names),
    cameras=dataset.cameras,
    embedding_size=dataset.language_dimension,
  )
  features.save_config(path)
  durable.synchronise(path / listing.FEATURES)
  created = listing.Listing.empty(dataset.name)
  created.write(path)
  return created


def write_spec(path: pathlib.Path, dataset: spec.DatasetSpec) -> None:
  """Writes `sdd.json`."""
  text = json.dumps(dataset.to_json(), indent=1, sort_keys=True)
  durable.write_text(path / listing.SIDECAR, text)


def read_spec(path: pathlib.Path) -> spec.DatasetSpec:
  """Reads `sdd.json`.

  Raises:
    DatasetError: if it is damaged, or of a newer format.
  """
  file = path / listing.SIDECAR
  try:
    fields = json.loads(file.read_text(encoding='utf-8'))
    version = fields['format_version']
    if version != spec.FORMAT_VERSION:
      raise spec.DatasetError(
        f'{file} has format version {version}, and this version of sdd '
        f'reads version {spec.FORMAT_VERSION}. Use the version of sdd that '
        'wrote it.'
      )
    return spec.DatasetSpec.from_json(fields)
  except (OSError, ValueError, KeyError, TypeError) as error:
    raise spec.DatasetError(
      f'{file} cannot be read: {error!r}. Restore it from a copy, or collect '
      'into a new directory.'
    ) from error


def require_same(
  path: pathlib.Path,
  dataset: spec.DatasetSpec,
  *,
  free: Collection[str],
) -> None:
  """Raises DatasetError naming the fields in which the directory differs."""
  differing = spec.differences(read_spec(path), dataset, free=free)
  if differing:
    raise spec.DatasetError(
      f'{path} holds a dataset of another configuration. '
      f'{"; ".join(differing)}. Nothing was changed. Ask for the same '
      'configuration to continue it, or name another directory.'
    )


def require_dataset(path: pathlib.Path) -> listing.Listing:
  """The listing of an existing dataset.

  Raises:
    DatasetError: if there is none at `path`, or it is damaged.
  """
  try:
    found = path.is_dir()
  except OSError as error:
    raise spec.DatasetError(f'{path} cannot be read: {error}.') from error
  if not found:
    raise spec.DatasetError(
      f'There is no dataset at {path}: no such directory. Collect one '
      'first, or check the path.'
    )
  require_usable(path)
  if not {listing.SIDECAR, listing.INFO} <= _names(path):
    raise spec.DatasetError(
      f'There is no dataset at {path}: it holds no complete {listing.INFO} '
      f'and {listing.SIDECAR}. Collect one first, or check the path.'
    )
  return listing.read(path)


def require_scenes(scenes: Mapping[str, str]) -> None:
  """Raises DatasetError unless each key is its text's SHA-256."""
  for digest, text in scenes.items():
    actual = hashlib.sha256(text.encode()).hexdigest()
    if digest != actual:
      raise spec.DatasetError(
        f'The MJCF text given as scene {digest} has the SHA-256 {actual}. '
        'Key each scene by the SHA-256 of its UTF-8 text.'
      )


def _names(path: pathlib.Path) -> set[str]:
  """What is in a directory, apart from the lock and half-written files."""
  try:
    names = {entry.name for entry in path.iterdir()}
  except FileNotFoundError:
    return set()
  except OSError as error:
    raise spec.DatasetError(
      f'{path} cannot be read: {error.strerror}. Check its permissions or '
      'name another directory.'
    ) from error
  return {
    name
    for name in names
    if name != durable.LOCK and not name.startswith(durable.TEMPORARY)
  }
