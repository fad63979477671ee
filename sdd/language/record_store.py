"""Completions on disk: one JSON file each, named by what was asked.

A folder of records is all that a run needs of its language model: the same
records give the same task trees, with no key, no network and no package.
"""

import dataclasses
import json
import os
import pathlib
from typing import Any

from sdd import errors
from sdd.language import provider

FORMAT = 1
_FIELDS = {field.name for field in dataclasses.fields(provider.Completion)}


class RecordsError(errors.SddError):
  """Recorded completions that cannot be read or written."""


class RecordStore:
  """The records of one folder.

  A file `<digest of the request>.json` holds the request, for people to
  read, and the completion. It is written at once, so that a killed process
  leaves none by halves.
  """

  def __init__(self, folder: pathlib.Path | str):
    """The folder need not exist; it is made when first written to."""
    self.folder = pathlib.Path(folder).expanduser()

  def get(self, request: provider.Request) -> provider.Completion | None:
    """The recorded answer, or None.

    Raises:
      RecordsError: there is a record that cannot be read.
    """
    path = self._path(request)
    try:
      text = path.read_text(encoding='utf-8')
    except FileNotFoundError:
      return None
    except OSError as error:
      raise RecordsError(f'{path} cannot be read: {error.strerror}.') from None
    return _completion(path, text)

  def put(
    self, request: provider.Request, completion: provider.Completion
  ) -> None:
    """Records an answer, in place of an older one.

    Raises:
      RecordsError: the folder cannot be written to.
    """
    record = {
      'format': FORMAT,
      'request': request.content,
      'completion': dataclasses.asdict(completion),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False) + '\n'
    path = self._path(request)
    part = path.with_suffix(f'.part{os.getpid()}')
    try:
      self.folder.mkdir(parents=True, exist_ok=True)
      part.write_text(text, encoding='utf-8')
      part.replace(path)
    except OSError as error:
      raise RecordsError(
        f'{path} cannot be written: {error.strerror}. Check the folder given '
        'with --records.'
      ) from None

  def _path(self, request: provider.Request) -> pathlib.Path:
    return self.folder / f'{request.digest}.json'


def _completion(path: pathlib.Path, text: str) -> provider.Completion:
  try:
    record: Any = json.loads(text)
    if record['format'] != FORMAT:
      raise RecordsError(
        f'{path} has format {record["format"]!r}; this version reads {FORMAT}.'
      )
    fields = record['completion']
    if set(fields) != _FIELDS or fields['finish'] not in provider.FINISHES:
      raise ValueError(f'unexpected fields {sorted(fields)}')
    if not all(isinstance(fields[k], str) for k in ('identifier', 'text')):
      raise ValueError('a text that is none')
  except (ValueError, KeyError, TypeError, RecursionError) as error:
    raise RecordsError(
      f'{path} is no record of a completion ({type(error).__name__}: {error}). '
      'Restore it from a copy, or delete it to have it asked anew.'
    ) from None
  return provider.Completion(**fields)
