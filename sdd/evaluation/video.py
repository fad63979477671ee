"""Films: pictures to an MP4 file that every browser plays."""

import contextlib
import itertools
import os
import pathlib
import subprocess
import tempfile
from collections.abc import Iterable

import imageio_ffmpeg
import numpy as np

from sdd import errors
from sdd.dataset import durable
from sdd.evaluation import frames as frames_lib

_RAW = ('-f', 'rawvideo', '-pix_fmt', 'rgb24')
# Any frame can be jumped to, and playing may begin before all is loaded.
_CODED = (
  '-an', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-crf', '23', '-g', '8',
  '-movflags', '+faststart',
)  # fmt: skip


def encode(frames: Iterable[frames_lib.Picture], *, rate_hz: float) -> bytes:
  """The bytes of an H.264 film in an MP4 container.

  Args:
    frames: of one size, both sides even.
    rate_hz: frames a second.

  Raises:
    errors.SddError: no frames, odd sizes, or frames that differ in size.
  """
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / 'film.mp4'
    _encode(path, frames, rate_hz)
    return path.read_bytes()


def write(path: str | os.PathLike[str], film: bytes) -> pathlib.Path:
  """Writes a film, atomically, and returns its path.

  Raises:
    errors.SddError: the name does not end in `.mp4`.
  """
  target = require_name(path)
  target.parent.mkdir(parents=True, exist_ok=True)
  durable.write_bytes(target, film)
  return target


def require_name(path: str | os.PathLike[str]) -> pathlib.Path:
  """The path; raises SddError if it is not that of an MP4 file."""
  target = pathlib.Path(path).expanduser()
  if target.suffix != '.mp4':
    raise errors.SddError(f'{target}: expected the name of an .mp4 file.')
  return target


def _encode(
  path: pathlib.Path, frames: Iterable[frames_lib.Picture], rate_hz: float
) -> None:
  images = iter(frames)
  first = next(images, None)
  if first is None:
    raise errors.SddError('A film of no frames; expected 1 or more.')
  size = _size(np.asarray(first))
  command = [
    imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-y', *_RAW,
    '-s', f'{size[0]}x{size[1]}', '-r', f'{rate_hz:g}', '-i', '-', *_CODED,
    str(path),
  ]  # fmt: skip
  with tempfile.TemporaryFile() as told:
    with subprocess.Popen(
      command, stdin=subprocess.PIPE, stderr=told
    ) as process:
      assert process.stdin is not None
      try:
        for number, frame in enumerate(itertools.chain([first], images)):
          process.stdin.write(_bytes(np.asarray(frame), number, size))
        process.stdin.close()
      except BrokenPipeError:  # it has ended, and says why
        with contextlib.suppress(BrokenPipeError):
          process.stdin.close()
      except BaseException:
        process.kill()
        raise
    if process.returncode:
      told.seek(0)
      raise errors.SddError(
        f'FFmpeg made no film: {told.read().decode(errors="replace").strip()}'
      )


def _bytes(image: np.ndarray, number: int, size: tuple[int, int]) -> bytes:
  if _size(image) != size:
    raise errors.SddError(
      f'Frame {number} of the film is {_size(image)} pixels; expected '
      f'{size} like the first.'
    )
  return image.tobytes()


def _size(image: np.ndarray) -> tuple[int, int]:
  """Width and height."""
  good = image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
  if not good or image.shape[0] % 2 or image.shape[1] % 2:
    raise errors.SddError(
      f'A frame of a film is {image.dtype} of shape {image.shape}; expected '
      f'uint8 RGB with even height and width.'
    )
  return int(image.shape[1]), int(image.shape[0])
