"""Many episodes at a glance: a few frames of each, failures apart."""

import base64
import dataclasses
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from sdd import errors
from sdd.collection import episode as episode_lib
from sdd.evaluation import film_strip, report
from sdd.evaluation import frames as frames_lib

_JPEG = 82  # quality
_COLUMNS = 2  # of a PNG sheet
_BLANK = 240  # grey level


@dataclasses.dataclass(frozen=True, eq=False)
class Card:
  """One episode.

  Attributes:
    index: of the episode in its dataset.
    success: by its own success code.
    task: the sentence.
    words: how it went, in a few words.
    pictures: a few frames, in order.
    link: a page about it, or how to make one; empty for neither.
  """

  index: int
  success: bool
  task: str
  words: str
  pictures: Sequence[frames_lib.Picture]
  link: str = ''

  def row(self, room: int) -> frames_lib.Picture:
    """The frames side by side, and blanks up to `room` of them."""
    blank = np.full_like(self.pictures[0], _BLANK)
    row = [*self.pictures, *[blank] * (room - len(self.pictures))]
    return np.concatenate(row, axis=1)


def words(about: episode_lib.EpisodeMetadata) -> str:
  """How an episode went, in a few words."""
  retries = sum(about.retries)
  found = [f'{about.duration:.0f} s', f'ended: {about.ended}']
  if retries:
    found.append(f'{retries} {"retry" if retries == 1 else "retries"}')
  if about.judged and about.ground_truth != about.success:
    found.append(f'ground truth says {str(about.ground_truth).lower()}')
  return ', '.join(found)


def to_html(title: str, subtitle: str, cards: Sequence[Card]) -> str:
  """The sheet as one HTML document.

  Raises:
    errors.SddError: no cards.
  """
  room = _most_pictures(cards)
  groups = [
    (name, [(card, _data_url(card.row(room))) for card in group])
    for name, group in _groups(cards)
  ]
  template = report.environment().get_template('contact.html')
  return template.render(title=title, subtitle=subtitle, groups=groups)


def to_png(cards: Sequence[Card]) -> bytes:
  """The sheet as one picture, the successes first.

  Raises:
    errors.SddError: no cards.
  """
  room = _most_pictures(cards)
  sheets = [
    film_strip.film_strip(
      [card.row(room) for card in group],
      [f'{name} #{card.index}: {card.task} ({card.words})' for card in group],
      columns=min(_COLUMNS, max(len(found) for _, found in _groups(cards))),
    )
    for name, group in _groups(cards)
  ]
  width = max(sheet.shape[1] for sheet in sheets)
  padded = [
    np.pad(
      sheet, ((0, 0), (0, width - sheet.shape[1]), (0, 0)),
      constant_values=255,
    )
    for sheet in sheets
  ]  # fmt: skip
  return film_strip.encode_png(np.concatenate(padded))


def _groups(cards: Sequence[Card]) -> list[tuple[str, list[Card]]]:
  """Successes and failures; a group without any is left out."""
  found = [
    ('success', [card for card in cards if card.success]),
    ('failure', [card for card in cards if not card.success]),
  ]
  return [(name, group) for name, group in found if group]


def _most_pictures(cards: Sequence[Card]) -> int:
  """Raises SddError if there is no card."""
  if not cards:
    raise errors.SddError('A contact sheet of no episodes; expected 1 or more.')
  return max(len(card.pictures) for card in cards)


def _data_url(picture: frames_lib.Picture) -> str:
  buffer = io.BytesIO()
  Image.fromarray(picture).save(buffer, format='JPEG', quality=_JPEG)
  content = base64.b64encode(buffer.getvalue()).decode('ascii')
  return f'data:image/jpeg;base64,{content}'
