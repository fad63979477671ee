"""Outcomes as they come, one line of JSON each, so that nothing is lost."""

import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any, TextIO

from sdd import errors
from sdd.evaluation import rollout

Key = tuple[str, str, int]  # scene, sentence, index


class OutcomeLog:
  """A file of outcomes that one set of settings led to.

  The first line holds the settings; a file that was begun with others is not
  touched. A last line that a kill cut short is dropped.

  Attributes:
    path: of the file.
    settings: what led to the outcomes.
    outcomes: what is in the file, by scene, sentence and index.
  """

  def __init__(self, path: str | os.PathLike[str], settings: Mapping[str, Any]):
    """Opens the file, or begins it.

    Raises:
      errors.SddError: it was begun with other settings, or is no such file.
    """
    self.path, self.settings = pathlib.Path(path), dict(settings)
    self.outcomes: dict[Key, rollout.Outcome] = {}
    if self.path.exists():
      found, self.outcomes, kept = _read(self.path)
      if found != self.settings:
        raise errors.SddError(_other(self.path, found, self.settings))
      with self.path.open('r+b') as file:
        file.truncate(kept)
    else:
      self.path.parent.mkdir(parents=True, exist_ok=True)
    self._file: TextIO = self.path.open('a', encoding='utf-8')
    if not self._file.tell():
      self._line(self.settings)

  def add(self, scene: str, outcome: rollout.Outcome) -> None:
    """Appends an outcome; it is on disk when this returns."""
    self.outcomes[scene, outcome.task, outcome.index] = outcome
    self._line({'scene': scene, **outcome.to_json()})

  def close(self) -> None:
    self._file.close()

  def _line(self, fields: Mapping[str, Any]) -> None:
    self._file.write(json.dumps(fields) + '\n')
    self._file.flush()


def load(
  path: str | os.PathLike[str],
) -> tuple[dict[str, Any], dict[Key, rollout.Outcome]]:
  """Settings and outcomes of a log.

  Raises:
    errors.SddError: it is no such file.
  """
  settings, outcomes, _ = _read(pathlib.Path(path))
  return settings, outcomes


def _read(
  path: pathlib.Path,
) -> tuple[dict[str, Any], dict[Key, rollout.Outcome], int]:
  """Settings, outcomes, and the number of bytes that are whole lines."""
  text = path.read_bytes()
  whole = text[: text.rfind(b'\n') + 1]
  try:
    first, *lines = [json.loads(line) for line in whole.splitlines()] or [{}]
    outcomes = {}
    for fields in lines:
      scene = fields.pop('scene')
      outcome = rollout.Outcome.from_json(fields)
      outcomes[scene, outcome.task, outcome.index] = outcome
  except (ValueError, KeyError, TypeError) as problem:
    raise errors.SddError(
      f'{path} is no log of outcomes ({type(problem).__name__}: {problem}). '
      'Move it away, or choose another --out.'
    ) from problem
  return first, outcomes, len(whole)


def _other(
  path: pathlib.Path, found: Mapping[str, Any], wanted: Mapping[str, Any]
) -> str:
  differences = [
    f'{key}: {found.get(key)!r} there, {wanted.get(key)!r} now'
    for key in sorted(found.keys() | wanted.keys())
    if found.get(key) != wanted.get(key)
  ]
  return (
    f'{path} was begun with other settings ({"; ".join(differences)}). '
    'Use the same, or another --out.'
  )
