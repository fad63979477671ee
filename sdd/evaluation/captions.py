"""What is going on, written below a picture: films that explain themselves."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sdd.collection import episode as episode_lib
from sdd.evaluation import film_strip
from sdd.evaluation import frames as frames_lib

_PAPER, _INK = (22, 25, 28), (236, 238, 240)
_TONES = (_INK, (158, 168, 178), (120, 180, 230))  # of a caption's parts
_MARGIN = 8  # pixels


class Band:
  """A band of text below frames, as high as the longest text needs.

  Attributes:
    height: pixels, even.
  """

  def __init__(self, width: int, captions: Sequence[Sequence[str]]):
    """Lays texts out.

    Args:
      width: of the frames, pixels.
      captions: for each frame its parts, as many for all: a part has its
        own lines and tone, the first one the brightest.
    """
    self._font: Any = ImageFont.load_default(size=max(10, min(width // 28, 20)))
    self._line = int(self._font.getbbox('Ág')[3]) + 3
    room = width - 2 * _MARGIN
    self._parts = [
      [film_strip.wrap(part, self._font, room) for part in caption]
      for caption in captions
    ]
    self._tops = [
      max((len(parts[at]) for parts in self._parts), default=0)
      for at in range(max(map(len, captions), default=0))
    ]
    text = self._line * sum(self._tops)
    self.height = (text + 2 * _MARGIN + 1) // 2 * 2

  def below(
    self, picture: frames_lib.Picture, index: int
  ) -> frames_lib.Picture:
    """The picture with the caption of that frame below it."""
    height, width = picture.shape[:2]
    sheet = Image.new('RGB', (width, height + self.height), _PAPER)
    sheet.paste(Image.fromarray(np.asarray(picture)), (0, 0))
    draw, top = ImageDraw.Draw(sheet), height + _MARGIN
    for at, (lines, room) in enumerate(zip(self._parts[index], self._tops)):
      tone = _TONES[min(at, len(_TONES) - 1)]
      for number, words in enumerate(lines):
        below = top + number * self._line
        draw.text((_MARGIN, below), words, fill=tone, font=self._font)
      top += room * self._line
    return np.asarray(sheet)


def of_episode(
  episode: episode_lib.Episode, *, rate_hz: float
) -> list[tuple[str, str, str]]:
  """Task, sub-task and skill of every step, the time with the last."""
  return [
    (
      episode.metadata.task,
      '' if sub == episode.metadata.task else sub,
      f'{step / rate_hz:.1f} s: {skill or "waiting, or back to rest"}',
    )
    for step, (sub, skill) in enumerate(
      zip(episode.sub_task, episode.skill, strict=True)
    )
  ]
