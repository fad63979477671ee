"""Finished episodes on their way into a dataset: one file each, or none.

Whoever makes an episode puts it here under a name that its number gives.
Made again, because a worker died or was slow, it is the same file.
"""

import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shutil
import uuid
from collections.abc import Iterator
from typing import Any

from launch import episode_work
from sdd.dataset import durable, spec

_NAME = re.compile(r'.*episode-(\d{8})')


def is_remote(path: str) -> bool:
  """Whether a path is a URL, such as gs://bucket/folder."""
  return re.match('[a-z0-9]+:/', path) is not None


@dataclasses.dataclass(frozen=True)
class Pieces:
  """A folder of finished episodes that the workers share; travels to them.

  Attributes:
    folder: a directory, or a URL that Beam can write to.
  """

  folder: str

  def has(self, index: int) -> bool:
    """Whether that episode is here."""
    path = self._path(index)
    if is_remote(self.folder):
      return _beam(self.folder).exists(path)
    return os.path.exists(path)

  def put(self, index: int, made: episode_work.Made) -> None:
    """Keeps an episode: when this returns it is here, and never half of it."""
    header = {
      'sha256': hashlib.sha256(made.record).hexdigest(),
      'spent': made.spent,
    }
    content = json.dumps(header).encode() + b'\n' + made.record
    path = self._path(index)
    if is_remote(self.folder):  # where an object appears when it is closed
      with _beam(self.folder).create(path) as file:
        file.write(content)
      return
    folder = pathlib.Path(self.folder)
    folder.mkdir(parents=True, exist_ok=True)
    # Two workers may be at the same episode: a name for each.
    mine = folder / f'part-{uuid.uuid4().hex}'
    durable.write_bytes(mine, content)
    os.replace(mine, path)

  def indices(self) -> set[int]:
    """The episodes that are here."""
    return {
      int(found[1])
      for name in self._names()
      if (found := _NAME.fullmatch(name))
    }

  def get(self, index: int) -> episode_work.Made:
    """An episode that is here.

    Raises:
      DatasetError: it is damaged.
    """
    path = self._path(index)
    if is_remote(self.folder):
      with _beam(self.folder).open(path) as file:
        content = file.read()
    else:
      content = pathlib.Path(path).read_bytes()
    try:
      header, _, data = content.partition(b'\n')
      fields: dict[str, Any] = json.loads(header)
      whole = fields['sha256'] == hashlib.sha256(data).hexdigest()
    except (ValueError, KeyError, TypeError):
      fields, data, whole = {}, b'', False
    if not whole:
      raise spec.DatasetError(
        f'{path} is damaged. Remove it, and the same command makes that '
        'episode again.'
      )
    return episode_work.Made(data, fields['spent'])

  def clear(self) -> None:
    """Removes everything here."""
    if not is_remote(self.folder):
      shutil.rmtree(self.folder, ignore_errors=True)
    elif names := list(self._names()):
      _beam(self.folder).delete(names)

  def _path(self, index: int) -> str:
    return f'{self.folder}/episode-{index:08d}'

  def _names(self) -> Iterator[str]:
    if is_remote(self.folder):
      (found,) = _beam(self.folder).match([f'{self.folder}/*'])
      yield from (each.path for each in found.metadata_list)
    elif os.path.isdir(self.folder):
      yield from os.listdir(self.folder)


def require_usable(folder: str) -> None:
  """Checks that Beam can write to a URL.

  Raises:
    DatasetError: it cannot, from here.
  """
  if is_remote(folder):
    try:
      _beam(folder).exists(folder)
    except (ImportError, ValueError) as error:
      raise spec.DatasetError(
        f'Beam cannot write to {folder} here ({error}). gs:// needs '
        'apache-beam[gcp], s3:// needs apache-beam[aws].'
      ) from error


def _beam(path: str) -> Any:
  from apache_beam.io import filesystems

  return filesystems.FileSystems.get_filesystem(path)
