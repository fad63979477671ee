"""Film strips: an episode on one picture, with what is going on below."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from sdd import errors

_PAPER, _INK, _EDGE = (255, 255, 255), (58, 63, 70), (214, 218, 223)
_GAP = 10  # pixels between and around frames
_DROP = 5  # pixels from a frame down to its caption


def film_strip(
  frames: Sequence[UInt8[np.ndarray, 'height width 3']],
  captions: Sequence[str],
  *,
  columns: int = 4,
) -> UInt8[np.ndarray, 'strip_height strip_width 3']:
  """Lays frames out in rows, each above its caption.

  Captions are wrapped to the width of their frame.

  Args:
    frames: pictures of one size.
    captions: as many; may be empty strings.
    columns: frames in a row.

  Raises:
    errors.SddError: no frames, other than one caption for each, frames
      that are not uint8 RGB of one size, or columns below 1.
  """
  images = [np.asarray(frame) for frame in frames]
  _check(images, captions, columns)
  height, width = images[0].shape[:2]
  columns = min(columns, len(images))
  font = ImageFont.load_default(size=max(11, min(width // 17, 20)))
  line = int(font.getbbox('Ág')[3]) + 3
  cells = [
    (image, wrap(caption, font, width))
    for image, caption in zip(images, captions)
  ]
  rows = [cells[at : at + columns] for at in range(0, len(cells), columns)]
  tall = [
    height + _DROP + line * max(len(text) for _, text in row) for row in rows
  ]
  sheet_size = (
    _GAP + columns * (width + _GAP),
    _GAP + sum(tall) + _GAP * len(rows),
  )
  sheet = Image.new('RGB', sheet_size, _PAPER)
  draw = ImageDraw.Draw(sheet)
  top = _GAP
  for row, extent in zip(rows, tall):
    for column, (image, text) in enumerate(row):
      left = _GAP + column * (width + _GAP)
      sheet.paste(Image.fromarray(image), (left, top))
      edge = (left - 1, top - 1, left + width, top + height)
      draw.rectangle(edge, outline=_EDGE)
      for number, words in enumerate(text):
        below = top + height + _DROP + number * line
        draw.text((left, below), words, fill=_INK, font=font)
    top += extent + _GAP
  return np.asarray(sheet)


def encode_png(image: UInt8[np.ndarray, 'height width 3']) -> bytes:
  """The picture as a PNG file's bytes.

  Raises:
    errors.SddError: not a uint8 picture.
  """
  image = np.asarray(image)
  if image.dtype != np.uint8 or image.ndim not in (2, 3):
    raise errors.SddError(
      f'Cannot encode a {image.dtype} array of shape {image.shape} as PNG; '
      f'expected uint8 (height, width, 3).'
    )
  buffer = io.BytesIO()
  Image.fromarray(image).save(buffer, format='PNG', optimize=True)
  return buffer.getvalue()


def key_frames(labels: Sequence[str], count: int) -> list[int]:
  """Chooses the steps of an episode that tell its story.

  The first and the last, those where the label (sub-task, skill) changes,
  and then the middle of the widest gap until there are enough. With more
  changes than room, an even selection of them.

  Args:
    labels: one for each step.
    count: how many to choose at most.

  Returns:
    min(count, steps) ascending indices.

  Raises:
    errors.SddError: no labels, or a count below 1.
  """
  steps = len(labels)
  if not steps or count < 1:
    raise errors.SddError(
      f'Cannot choose {count} of {steps} steps; expected 1 or more of each.'
    )
  if count == 1:
    return [steps - 1]
  changes = [at for at in range(1, steps - 1) if labels[at] != labels[at - 1]]
  room = min(count, steps) - 2
  if len(changes) > room > 0:
    even = np.round(np.linspace(0, len(changes) - 1, room)).astype(int)
    changes = [changes[at] for at in even]
  chosen = sorted({0, steps - 1, *changes[: max(room, 0)]})
  while len(chosen) < min(count, steps):
    gaps = np.diff(chosen)
    widest = int(np.argmax(gaps))
    chosen.insert(widest + 1, chosen[widest] + int(gaps[widest]) // 2)
  return chosen


def wrap(caption: str, font: Any, width: int) -> list[str]:
  """Lines that fit `width` pixels; a word too long for one is broken."""
  lines: list[str] = []
  for word in caption.split():
    joined = f'{lines[-1]} {word}' if lines else word
    if lines and font.getlength(joined) <= width:
      lines[-1] = joined
      continue
    while font.getlength(word) > width and len(word) > 1:
      fits = len(word) - 1
      while fits > 1 and font.getlength(word[:fits]) > width:
        fits -= 1
      lines.append(word[:fits])
      word = word[fits:]
    lines.append(word)
  return lines


def _check(
  images: Sequence[np.ndarray], captions: Sequence[str], columns: int
) -> None:
  if not images or len(images) != len(captions):
    raise errors.SddError(
      f'A film strip of {len(images)} frames and {len(captions)} captions; '
      f'expected one caption for each of one or more frames.'
    )
  if columns < 1:
    raise errors.SddError(f'columns is {columns}; expected 1 or more.')
  for number, image in enumerate(images):
    good = image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    if not good or image.shape != images[0].shape:
      raise errors.SddError(
        f'Frame {number} is {image.dtype} of shape {image.shape}; expected '
        f'uint8 RGB, all of one size like the first, {images[0].shape}.'
      )
