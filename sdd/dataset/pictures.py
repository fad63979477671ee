"""Pictures for training: decoded once, on disk, mapped into memory.

A thousand episodes from three cameras are gigabytes of pixels, so they are
neither decoded for every batch nor held in memory. They are decoded and
resized once into one file of bytes, a row for each step, that is mapped into
memory: the system keeps what is in use, several runs share it, and a run
that is resumed does not decode again. The file's name is a hash of what is
in it.
"""

import dataclasses
import hashlib
import io
import json
import math
import pathlib
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import PIL
from jaxtyping import Int, UInt8
from PIL import Image

from sdd import errors
from sdd.dataset import durable, reader, record, rows_on_disk, spec

VERSION = 1  # of the files; raise it when they would hold something else
_SPARE = 64 * 2**20  # bytes to leave on the disk


@dataclasses.dataclass(frozen=True)
class Wanted:
  """Which pictures to learn from.

  Attributes:
    cameras: of the dataset.
    size: height and width to which they are resized.
    folder: where the decoded ones are kept; made if need be.
  """

  cameras: tuple[str, ...]
  size: tuple[int, int]
  folder: pathlib.Path


@dataclasses.dataclass(frozen=True)
class PictureSpec:
  """What a camera has to deliver to whoever learnt from these pictures.

  Attributes:
    cameras: in the order in which they are laid out.
    sizes: height and width of each as stored, before resizing.
    shadows: whether lights cast shadows in them.
    renderer: what drew them; empty if they were not drawn.
  """

  cameras: tuple[str, ...] = ()
  sizes: tuple[tuple[int, int], ...] = ()
  shadows: bool = False
  renderer: str = ''

  def to_json(self) -> dict[str, Any]:
    """Everything as JSON values."""
    return {
      **dataclasses.asdict(self),
      'cameras': list(self.cameras),
      'sizes': [list(size) for size in self.sizes],
    }

  @classmethod
  def from_json(cls, fields: Mapping[str, Any]) -> 'PictureSpec':
    """The inverse of `to_json`. Raises KeyError or TypeError if malformed."""
    return cls(
      cameras=tuple(fields['cameras']),
      sizes=tuple((int(h), int(w)) for h, w in fields['sizes']),
      shadows=bool(fields['shadows']),
      renderer=str(fields['renderer']),
    )


NONE = PictureSpec()


def resized(
  picture: UInt8[np.ndarray, 'h w 3'], size: tuple[int, int]
) -> UInt8[np.ndarray, 'height width 3']:
  """A picture at another size, averaged where it shrinks; the one way."""
  if picture.shape[:2] == tuple(size):
    return picture
  height, width = size
  resampling = Image.Resampling.BILINEAR
  return np.asarray(
    Image.fromarray(picture).resize((width, height), resampling)
  )


def load(
  path: pathlib.Path | str,
  wanted: Wanted,
  *,
  episodes: Sequence[int],
  lengths: Int[np.ndarray, ' episodes'],
  content: bytes,
) -> tuple[rows_on_disk.RowsOnDisk, PictureSpec]:
  """The pictures of some episodes, one after the other.

  Rows are uint8 of shape (cameras, height, width, 3).

  Args:
    path: the dataset's directory.
    wanted: which pictures.
    episodes: indices, in the order of the rows.
    lengths: steps of each.
    content: what else tells these episodes from any others.

  Raises:
    DatasetError: the dataset lacks pictures, they are damaged, or the disk
      is too small for them.
    UnknownNameError: it has pictures, but none of such a camera.
  """
  dataset = reader.load_spec(path)
  _require_cameras(path, dataset.cameras, wanted.cameras)
  shape = (int(np.sum(lengths)), len(wanted.cameras), *wanted.size, 3)
  how = dataset.run.get('rendered', {})
  name = _digest(
    VERSION, PIL.__version__, dataset.to_json(), list(episodes),
    list(wanted.cameras), shape, hashlib.sha256(content).hexdigest(),
  )  # fmt: skip
  wanted.folder.mkdir(parents=True, exist_ok=True)
  file, about = (wanted.folder / f'{name}.{kind}' for kind in ('npy', 'json'))
  # Whoever else wants the same pictures waits for them.
  with durable.lock(wanted.folder, wait=True):
    if not (file.exists() and about.exists()):
      _require_space(wanted.folder, shape)
      durable.remove_temporary(wanted.folder)
      starts = np.cumsum(lengths) - lengths
      rows = dict(zip(episodes, starts, strict=True))
      sizes: dict[str, tuple[int, int]] = {}
      durable.write(
        file,
        lambda target: _decode_all(path, wanted, shape, rows, sizes, target),
      )
      stored = [sizes[camera] for camera in wanted.cameras]
      durable.write_text(about, json.dumps({'sizes': stored}) + '\n')
  sizes_there = json.loads(about.read_text(encoding='utf-8'))['sizes']
  return rows_on_disk.RowsOnDisk(file), PictureSpec(
    cameras=wanted.cameras,
    sizes=tuple((h, w) for h, w in sizes_there),
    shadows=bool(how.get('shadows', False)),
    renderer=str(how.get('renderer', '')),
  )


def _decode_all(
  path: pathlib.Path | str,
  wanted: Wanted,
  shape: tuple[int, ...],
  rows: Mapping[int, int],
  sizes: dict[str, tuple[int, int]],
  target: pathlib.Path,
) -> None:
  """Fills a new file, an episode at a time; notes sizes as stored."""
  fields = {
    camera: f'steps/observation/{camera}_image' for camera in wanted.cameras
  }
  # Through a handle, because the name does not end in .npy.
  with open(target, 'w+b') as handle:
    header = {'descr': '|u1', 'fortran_order': False, 'shape': shape}
    np.lib.format.write_array_header_1_0(handle, header)
    offset = handle.tell()
    handle.truncate(offset + math.prod(shape))
    pixels = np.memmap(handle, np.uint8, 'r+', offset=offset, shape=shape)
    for data in reader.read_records(path):
      index = record.index(data)
      if index not in rows:
        continue
      columns = record.columns(data, only=tuple(fields.values()))
      for number, (camera, field) in enumerate(fields.items()):
        for step, encoded in enumerate(columns[field]):
          picture = _decoded(encoded, camera, index, sizes)
          row = rows[index] + step
          pixels[row, number] = resized(picture, wanted.size)
    pixels.flush()


def _decoded(
  encoded: bytes, camera: str, index: int, sizes: dict[str, tuple[int, int]]
) -> UInt8[np.ndarray, 'h w 3']:
  try:
    picture = np.asarray(Image.open(io.BytesIO(encoded)).convert('RGB'))
  except OSError as error:
    raise spec.DatasetError(
      f'A picture of camera {camera} in episode {index} cannot be decoded: '
      f'{error}. Draw the dataset again.'
    ) from error
  height, width = picture.shape[:2]
  first = sizes.setdefault(camera, (height, width))
  if first != (height, width):
    raise spec.DatasetError(
      f'Camera {camera} has pictures of {first[0]}x{first[1]} pixels, and in '
      f'episode {index} of {height}x{width}; expected one size.'
    )
  return picture


def _require_cameras(
  path: pathlib.Path | str, there: Sequence[str], wanted: Sequence[str]
) -> None:
  if not there:
    raise spec.DatasetError(
      f'{path} has no pictures, and the configuration wants those of '
      f'{", ".join(wanted)}. Draw them first, with experiments.render.'
    )
  for camera in wanted:
    if camera not in there:
      raise errors.UnknownNameError(f'camera of {path}', camera, there)


def _require_space(folder: pathlib.Path, shape: tuple[int, ...]) -> None:
  needed, free = math.prod(shape), shutil.disk_usage(folder).free
  if needed + _SPARE > free:
    raise spec.DatasetError(
      f'The decoded pictures take {needed / 1e9:.1f} GB, and {folder} has '
      f'{free / 1e9:.1f} GB left. Name another folder for them, or take '
      'smaller pictures, fewer cameras or fewer episodes.'
    )


def _digest(*parts: Any) -> str:
  text = json.dumps(parts, sort_keys=True, default=list)
  return hashlib.sha256(text.encode()).hexdigest()[:24]
