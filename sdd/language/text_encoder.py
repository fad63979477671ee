"""What turns sentences into vectors for a learner."""

import functools
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.language import hashed_words

CLIP = 'clip:'  # and a folder, a file or a name on the model hub
FORMS = (hashed_words.NAME, f'{CLIP}FOLDER', f'{CLIP}NAME')


@runtime_checkable
class TextEncoder(Protocol):
  """Embeds sentences; the same sentence always gives the same vector.

  Attributes:
    name: what `load` takes; datasets and checkpoints note it.
    dimension: numbers in a vector.
  """

  name: str
  dimension: int

  def encode(self, sentences: Sequence[str]) -> Float[np.ndarray, 'N E']:
    """Embeds each sentence, float32, at unit length.

    Raises:
      SddError: a sentence has no word, or more than the encoder can take.
    """
    ...


def require_name(name: str) -> str:
  """The name itself; SddError if `load` would not know the kind."""
  if name == CLIP:
    raise errors.SddError(
      f'text_encoder is {name!r}; after the colon comes a folder with CLIP, '
      'its model.safetensors, or a name on the model hub.'
    )
  if name != hashed_words.NAME and not name.startswith(CLIP):
    raise errors.UnknownNameError('text_encoder', name, FORMS)
  return name


@functools.lru_cache(maxsize=4)
def load(name: str, dimension: int = hashed_words.DIMENSION) -> TextEncoder:
  """The encoder of that name, kept for the next time.

  Args:
    name: `hash`, or `clip:` and where its weights are, see `clip.load`.
    dimension: of `hash`; CLIP has its own.

  Raises:
    SddError: there is no such encoder, or its files cannot be used.
  """
  require_name(name)
  if name == hashed_words.NAME:
    return hashed_words.HashedWords(dimension)
  from sdd.language import clip  # Flax is not needed for anything else here.

  return clip.load(name)
