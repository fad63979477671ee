"""Sentences as vectors without weights: hashed words and their pieces.

Each word, pair of neighbouring words and three- or four-letter piece of a
word owns a direction of random signs, drawn from a stable hash of its
spelling. A sentence is the weighted sum at unit length. So it needs no
download, is the same in every process and on every machine, tells `top` from
`bottom`, and puts `drawers` next to `drawer`.

Datasets and checkpoints hold such vectors: what a sentence's vector is must
never change under the name `hash`.
"""

import functools
import hashlib
import itertools
import re
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from sdd import errors

NAME = 'hash'
DIMENSION = 64
WORD, PAIR, PIECES = 1.0, 0.5, 1.0  # weights
FILLERS = frozenset('a an the and of to in into on onto from with it'.split())
FILLER = 0.25  # weight of a word that says little


class HashedWords:
  """The default `TextEncoder`; of any dimension.

  Case, punctuation and spacing do not matter; the order of words does.
  """

  def __init__(self, dimension: int = DIMENSION):
    self.name, self.dimension = NAME, dimension

  def encode(self, sentences: Sequence[str]) -> Float[np.ndarray, 'N E']:
    """Embeds each at unit length; raises SddError if one has no word."""
    rows = [_embedded(sentence, self.dimension) for sentence in sentences]
    return np.array(rows, np.float32).reshape(len(rows), self.dimension)


@functools.lru_cache(maxsize=1024)
def _embedded(sentence: str, dimension: int) -> tuple[float, ...]:
  words = require_words(sentence)
  total = np.zeros(dimension)
  for feature, weight in _features(words):
    total += weight * _direction(feature, dimension)
  return tuple((total / np.linalg.norm(total)).astype(np.float32).tolist())


def require_words(sentence: str) -> list[str]:
  """The words of a sentence, in lower case; SddError if there is none."""
  words = re.findall(r'\w+', sentence.lower())
  if not words:
    raise errors.SddError(
      f'The instruction {sentence!r} has no word in it; expected a sentence '
      "such as 'open the drawer'."
    )
  return words


def _features(words: Sequence[str]) -> Iterator[tuple[str, float]]:
  for word in words:
    weight = FILLER if word in FILLERS else WORD
    yield f'word {word}', weight
    framed = f'<{word}>'
    pieces = [
      framed[start : start + size]
      for size in (3, 4)
      for start in range(len(framed) - size + 1)
    ]
    for piece in pieces:
      yield f'piece {piece}', PIECES * weight / len(pieces) ** 0.5
  content = [word for word in words if word not in FILLERS]
  for first, second in itertools.pairwise(content):
    yield f'pair {first} {second}', PAIR


def _direction(feature: str, dimension: int) -> Float[np.ndarray, 'dimension']:
  """A unit vector of random signs that only depends on the spelling."""
  needed = -(-dimension // 8)
  stream = b''.join(
    hashlib.blake2b(
      f'{block} {feature}'.encode(), digest_size=min(64, needed)
    ).digest()
    for block in range(-(-needed // 64))
  )
  bits = np.unpackbits(np.frombuffer(stream, np.uint8))[:dimension]
  return (2.0 * bits - 1.0) / dimension**0.5
