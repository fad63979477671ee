"""CLIP's byte-pair tokens, from its `vocab.json` and `merges.txt`.

A text is cleaned and cut into words, each word into the characters that
stand for its bytes, the last marked as the end of the word; then neighbours
are merged, the pair that stands first in `merges.txt` first.
"""

import functools
import json
import pathlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from sdd import errors

START, END = '<|startoftext|>', '<|endoftext|>'
_LAST = '</w>'  # marks the end of a word
_SHORT = re.compile("'(?:s|t|re|ve|m|ll|d)")
# Kinds of characters: letters together, numbers alone, the rest together.
_WORD = re.compile('l+|n|o+')


class Tokenizer:
  """Turns sentences into numbers of tokens.

  Attributes:
    end: number of the token that ends a text.
    size: one more than the largest number.
  """

  def __init__(self, vocabulary: Mapping[str, int], merges: Sequence[str]):
    """Takes the vocabulary and the lines of the merges, best first.

    Raises:
      SddError: a token that every text needs is not in the vocabulary.
    """
    letters = set(byte_letters())
    needed = {START, END, *letters, *(letter + _LAST for letter in letters)}
    if missing := sorted(needed - set(vocabulary)):
      raise errors.SddError(
        f"This is not CLIP's vocabulary: it lacks {len(missing)} tokens, "
        f'{missing[0]!r} among them.'
      )
    self._vocabulary = dict(vocabulary)
    pairs = (tuple(line.split()) for line in merges)
    self._rank = {pair: rank for rank, pair in enumerate(pairs)}
    self._merged = functools.lru_cache(maxsize=4096)(self._merge)
    self.end = vocabulary[END]
    self.size = max(vocabulary.values()) + 1

  def __call__(self, sentence: str) -> list[int]:
    """The numbers of a sentence's tokens, between those of start and end.

    Raises:
      SddError: the merges make a token that the vocabulary lacks.
    """
    tokens = [token for word in words(sentence) for token in self._merged(word)]
    try:
      numbers = [self._vocabulary[token] for token in tokens]
    except KeyError as error:
      raise errors.SddError(
        f'The vocabulary lacks {error}, which the merges make: the files of '
        'this tokenizer do not belong together.'
      ) from error
    return [self._vocabulary[START], *numbers, self.end]

  def _merge(self, word: str) -> tuple[str, ...]:
    letters = byte_letters()
    parts = [letters[byte] for byte in word.encode()]
    parts[-1] += _LAST
    while len(parts) > 1:
      pairs = list(zip(parts, parts[1:], strict=False))
      best = min(pairs, key=lambda pair: self._rank.get(pair, len(self._rank)))
      if best not in self._rank:
        break
      parts = list(_joined(parts, best))
    return tuple(parts)


def read(folder: pathlib.Path) -> Tokenizer:
  """The tokenizer whose files lie in a folder.

  Raises:
    SddError: a file is missing or is not what it should be.
  """
  try:
    vocabulary = json.loads((folder / 'vocab.json').read_text(encoding='utf-8'))
    lines = (folder / 'merges.txt').read_text(encoding='utf-8').splitlines()
  except (OSError, ValueError) as error:
    raise errors.SddError(
      f"CLIP's tokenizer needs vocab.json and merges.txt in {folder}: {error}."
    ) from error
  merges = [line for line in lines if line and not line.startswith('#version')]
  return Tokenizer(vocabulary, merges)


def words(text: str) -> Iterator[str]:
  """The words of a text, in lower case; without spaces."""
  text = unicodedata.normalize('NFC', text).lower()
  kinds, place = ''.join(map(_kind, text)), 0
  while place < len(text):
    found = _SHORT.match(text, place) or _WORD.match(kinds, place)
    if found:
      yield text[place : found.end()]
    place = found.end() if found else place + 1


def _kind(character: str) -> str:
  if character.isspace():
    return ' '
  category = unicodedata.category(character)[0]
  return {'L': 'l', 'N': 'n'}.get(category, 'o')


def _joined(parts: Sequence[str], pair: tuple[str, str]) -> Iterator[str]:
  place = 0
  while place < len(parts):
    both = tuple(parts[place : place + 2]) == pair
    yield ''.join(pair) if both else parts[place]
    place += 2 if both else 1


@functools.cache
def byte_letters() -> tuple[str, ...]:
  """A visible character for every byte; most stand for themselves."""
  own = {*range(33, 127), *range(161, 173), *range(174, 256)}
  other = iter(range(256, 512))
  return tuple(chr(byte if byte in own else next(other)) for byte in range(256))
