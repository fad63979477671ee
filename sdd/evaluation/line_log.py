"""Lines of JSON, written as they come, so that nothing is lost."""

import fcntl
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any, TextIO

from sdd import errors


class LineLog:
  """A file of results that one set of settings led to.

  The first line holds the settings; a file that was begun with others is not
  touched. A last line that a kill cut short is dropped, be it the first. It
  has one writer at a time, until that closes it or is killed.

  Attributes:
    path: of the file.
    settings: what led to the results.
    lines: what is in the file, the settings not included.
  """

  def __init__(
    self,
    path: str | os.PathLike[str],
    settings: Mapping[str, Any],
    *,
    what: str = 'results',
  ):
    """Opens the file, or begins it.

    Args:
      path: of the file.
      settings: what leads to the results, JSON values.
      what: the results are called, where the file is none of them.

    Raises:
      errors.SddError: it was begun with other settings, is no such file, or
        another process writes it.
    """
    self.path, self.settings = pathlib.Path(path), dict(settings)
    self.lines: list[dict[str, Any]] = []
    self.path.parent.mkdir(parents=True, exist_ok=True)
    self._file: TextIO = self.path.open('a', encoding='utf-8')
    try:
      self._be_alone()
      kept = 0
      if not self._hardly_begun():
        found, self.lines, kept = _read(self.path, what)
        require_same(self.path, found, self.settings)
      self._file.truncate(kept)
    except errors.SddError:
      self._file.close()
      raise
    if not kept:
      self._write(self.settings)

  def add(self, fields: Mapping[str, Any]) -> None:
    """Appends a line; it is on disk when this returns."""
    self.lines.append(dict(fields))
    self._write(fields)

  def close(self) -> None:
    self._file.close()

  def _be_alone(self) -> None:
    """Locks the file; the system frees it on a kill."""
    try:
      fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as problem:
      raise errors.SddError(
        f'{self.path} is being written by another process. Wait until it '
        'ends, or choose another --out.'
      ) from problem

  def _hardly_begun(self) -> bool:
    """Whether a kill came before the settings were written, or while."""
    found = self.path.read_bytes()
    return b'\n' not in found and _line(self.settings).encode().startswith(
      found
    )

  def _write(self, fields: Mapping[str, Any]) -> None:
    self._file.write(_line(fields))
    self._file.flush()


def load(
  path: str | os.PathLike[str], *, what: str = 'results'
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
  """Settings and lines of a log.

  Raises:
    errors.SddError: it is no such file.
  """
  settings, lines, _ = _read(pathlib.Path(path), what)
  return settings, lines


def require_same(
  path: str | os.PathLike[str],
  found: Mapping[str, Any],
  wanted: Mapping[str, Any],
) -> None:
  """Compares settings, those in a file with those of now.

  Raises:
    errors.SddError: they differ; it says in what.
  """
  differences = [
    f'{key}: {found.get(key)!r} there, {wanted.get(key)!r} now'
    for key in sorted(found.keys() | wanted.keys())
    if found.get(key) != wanted.get(key)
  ]
  if differences:
    raise errors.SddError(
      f'{path} was begun with other settings ({"; ".join(differences)}). '
      'Use the same, or another --out.'
    )


def damaged(
  path: str | os.PathLike[str], what: str, problem: Exception
) -> errors.SddError:
  """The complaint about a file that is no log of `what`."""
  return errors.SddError(
    f'{path} is no log of {what} ({type(problem).__name__}: {problem}). '
    'Move it away, or choose another --out.'
  )


def _read(
  path: pathlib.Path, what: str
) -> tuple[dict[str, Any], list[dict[str, Any]], int]:
  """Settings, lines, and the number of bytes that are whole lines."""
  text = path.read_bytes()
  whole = text[: text.rfind(b'\n') + 1]
  try:
    first, *lines = [json.loads(line) for line in whole.splitlines()] or [{}]
    if not all(isinstance(line, dict) for line in (first, *lines)):
      raise ValueError('a line that is no object')
  except ValueError as problem:
    raise damaged(path, what, problem) from problem
  return first, lines, len(whole)


def _line(fields: Mapping[str, Any]) -> str:
  return json.dumps(fields) + '\n'
