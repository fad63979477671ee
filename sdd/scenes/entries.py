"""Entries of a settings file, read with errors that name the key."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from sdd import errors

_NONE = object()


@dataclasses.dataclass(frozen=True)
class Entry:
  """A value in a file, and where it is.

  Attributes:
    file: the file's name.
    key: path of keys to the value, e.g. `gripper.stroke`; empty at the top.
    value: as YAML or JSON gives it.
  """

  file: str
  key: str
  value: Any

  def wrong(self, expected: str) -> errors.SddError:
    """The error that says what should have been there."""
    where = f'`{self.key}`' if self.key else 'the whole'
    return errors.SddError(
      f'{self.file}: {where} is {self.value!r}; expected {expected}.'
    )

  def mapping(self) -> dict[str, Any]:
    """The value, which must have keys."""
    if not isinstance(self.value, dict):
      raise self.wrong('keys with values')
    return self.value

  def only(self, keys: Iterable[str]) -> None:
    """Raises if there are other keys than these."""
    for key in self.mapping():
      if key not in keys:
        raise self._unknown('key', str(key), keys)

  def get(self, key: str, otherwise: Any = _NONE) -> 'Entry':
    """The entry under a key."""
    inside = f'{self.key}.{key}' if self.key else key
    value = self.mapping().get(key, otherwise)
    if value is _NONE:
      raise errors.SddError(f'{self.file}: `{inside}` is missing.')
    return Entry(self.file, inside, value)

  def items(self, count: int | None = None) -> list['Entry']:
    """The entries of a list, of that length if one is given."""
    right = isinstance(self.value, list) and self.value
    if not right or count not in (None, len(self.value)):
      raise self.wrong(f'a list of {count}' if count else 'a list')
    return [
      Entry(self.file, f'{self.key}[{k}]', value)
      for k, value in enumerate(self.value)
    ]

  def text(self) -> str:
    if not isinstance(self.value, str) or not self.value:
      raise self.wrong('text')
    return self.value

  def flag(self) -> bool:
    if not isinstance(self.value, bool):
      raise self.wrong('true or false')
    return self.value

  def number(self) -> float:
    if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
      raise self.wrong('a number')
    return float(self.value)

  def positive(self) -> float:
    if not 0 < self.number() < float('inf'):
      raise self.wrong('a positive number')
    return self.number()

  def numbers(self, count: int, *, each: str = '') -> tuple[float, ...]:
    """A list of that many numbers."""
    if not isinstance(self.value, list) or len(self.value) != count:
      about = f', one for each {each}' if each else ''
      raise self.wrong(f'a list of {count} numbers{about}')
    return tuple(item.number() for item in self.items())

  def spread(self, count: int) -> tuple[float, ...]:
    """That many positive numbers, or one that holds for all."""
    if not isinstance(self.value, list):
      return (self.positive(),) * count
    self.numbers(count, each='joint of `arm`')
    return tuple(item.positive() for item in self.items())

  def name(self, kind: str, choices: Iterable[str]) -> str:
    """One of the choices."""
    if self.text() not in choices:
      raise self._unknown(kind, self.text(), choices)
    return self.text()

  def names(self, kind: str, choices: Iterable[str]) -> tuple[str, ...]:
    """A list of different choices."""
    found = tuple(item.name(kind, choices) for item in self.items())
    if len(set(found)) != len(found):
      raise self.wrong('every name once')
    return found

  def _unknown(
    self, kind: str, name: str, choices: Iterable[str]
  ) -> errors.SddError:
    where = f' in `{self.key}`' if self.key else ''
    return errors.UnknownNameError(
      f'{kind}{where} of {self.file}', name, choices
    )
