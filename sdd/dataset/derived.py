"""A dataset made from the episodes of another, which stays as it is."""

import pathlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sdd.dataset import (
  directory,
  listing,
  reader,
  record,
  spec,
  view,
  writer,
)


def open_writer(
  path: pathlib.Path | str,
  out: pathlib.Path | str,
  *,
  run: Mapping[str, Any],
  free: Collection[str],
  cameras: Sequence[str] | None = None,
) -> writer.DatasetWriter:
  """Creates, or continues, a dataset beside the one it is made from.

  Args:
    path: the dataset.
    out: the new one.
    run: what to change in, or to add to, the dataset's own `run`.
    free: fields of it that may differ when continuing.
    cameras: those of the new one, if not the same.

  Raises:
    DatasetError: there is no dataset at `path`, or `out` holds anything
      else than what was made of it in the same way.
  """
  source = reader.load_spec(path)
  path, out = (
    pathlib.Path(each).expanduser().resolve() for each in (path, out)
  )
  if path == out:
    raise spec.DatasetError(
      f'{out} is the dataset that the new one is made from, which stays as it '
      'is. Name another directory.'
    )
  return writer.DatasetWriter(
    out,
    name=source.name,
    state_names=source.state_names,
    action_spec=source.action_spec,
    scenes=scene_texts(path),
    cameras=source.cameras if cameras is None else cameras,
    scene=source.scene,
    run={**source.run, **run},
    free=free,
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


def views(data: bytes, cameras: Sequence[str]) -> dict[str, view.View]:
  """What the cameras saw of a serialised episode."""
  paths = {name: f'steps/observation/{name}_' for name in cameras}
  if not paths:
    return {}
  columns = record.columns(data, only=tuple(paths.values()))
  return {
    name: view.View(
      images=columns[f'{path}image'],
      intrinsics=columns[f'{path}intrinsics'].reshape(-1, 3, 3),
      extrinsics=columns[f'{path}extrinsics'].reshape(-1, 4, 4),
    )
    for name, path in paths.items()
  }
