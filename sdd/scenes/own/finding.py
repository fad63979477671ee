"""What there is to say about a user's scene, in plain words."""

import dataclasses
from typing import Literal

Weight = Literal['fatal', 'warning', 'note']


@dataclasses.dataclass(frozen=True)
class Finding:
  """One thing that a user should know.

  Attributes:
    weight: `fatal`: the scene cannot be used; `warning`: something will not
      work as it looks; `note`: something was changed or left out.
    text: a sentence or two, with what to do about it.
  """

  weight: Weight
  text: str


def fatal(text: str) -> Finding:
  """The scene cannot be used like this."""
  return Finding('fatal', text)


def warning(text: str) -> Finding:
  """Something will not work as it looks."""
  return Finding('warning', text)


def note(text: str) -> Finding:
  """Something was changed or left out."""
  return Finding('note', text)
