"""Completions that ship with the package, so that nothing needs a key."""

import difflib
import functools
import json
import pathlib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from sdd import errors
from sdd.language import provider
from sdd.scenes import vocabulary

QUESTIONS: tuple[provider.Question, ...] = (
  'resolve',
  'plan',
  'ground',
  'success',
)


class MissingCompletionError(errors.SddError):
  """Nothing is recorded for this question about this instruction."""


class RecordsError(errors.SddError):
  """A file of recorded completions does not have the right form."""


class RecordedProvider:
  """Answers from one JSON file per scene.

  A file holds a `provenance`, which says who wrote the answers, and one
  object per question: instruction to answer; or just `{"as": NAME}` where
  another scene's answers hold too. An answer is a string, a list
  of lines, or an object, which stands for its JSON. Instructions match
  whatever their case, articles, spaces and final full stop.
  """

  def __init__(self, folder: pathlib.Path | None = None):
    """`folder` replaces the package's own records, `<scene>.json` each."""
    self._folder = folder or pathlib.Path(
      str(resources.files('sdd.language') / 'records')
    )

  def complete(self, request: provider.Request) -> provider.Completion:
    """The recorded answer; the prompt is not looked at.

    Raises:
      MissingCompletionError: there is none; says where it would belong.
      RecordsError: the scene's file does not have the right form.
    """
    path = self._folder / f'{request.scene}.json'
    records = _load(path) if path.is_file() else {}
    answers = records.get(request.question, {})
    for instruction, answer in answers.items():
      if _key(instruction) == _key(request.instruction):
        return provider.Completion(
          identifier=f'{path.name}/{request.question}/{instruction}',
          text=_text(answer),
          model='recorded',
          provenance=records['provenance'],
        )
    raise _missing(request, path, records)

  def tasks(self, scene: str) -> tuple[str, ...]:
    """The sentences that people may say, as far as they are recorded."""
    path = self._folder / f'{scene}.json'
    return _tasks(_load(path)) if path.is_file() else ()


@functools.lru_cache(maxsize=16)
def _load(path: pathlib.Path) -> Mapping[str, Any]:
  try:
    records = json.loads(path.read_text(encoding='utf-8'))
  except (OSError, ValueError, RecursionError) as error:
    raise RecordsError(f'{path} cannot be read as JSON: {error}.') from None
  if isinstance(records, dict) and set(records) == {'as'}:
    return _load(path.with_stem(str(records['as'])))
  keys = {'provenance', *QUESTIONS}
  if not isinstance(records, dict) or set(records) != keys:
    raise RecordsError(f'{path} must hold exactly the keys {sorted(keys)}.')
  for question in QUESTIONS:
    if not isinstance(records[question], dict):
      raise RecordsError(
        f'{path}: {question!r} must map instruction to answer.'
      )
  return records


def _missing(
  request: provider.Request, path: pathlib.Path, records: Mapping[str, Any]
) -> MissingCompletionError:
  known = {_key(each): each for each in records.get(request.question, {})}
  near = difflib.get_close_matches(_key(request.instruction), known, 1, 0.6)
  guess = f' Did you mean {known[near[0]]!r}?' if near else ''
  tasks = ', '.join(repr(task) for task in _tasks(records)) or 'none'
  return MissingCompletionError(
    f'No recorded {request.question!r} completion for '
    f'{request.instruction!r} in the scene {request.scene!r}.{guess} '
    f'Recorded tasks of this scene: {tasks}. To ask a live model, pass '
    f'--llm=gemini; to record an answer, add it under {request.question!r} '
    f'in {path}.'
  )


def _tasks(records: Mapping[str, Any]) -> tuple[str, ...]:
  return tuple(records.get('resolve', {}))


def _key(instruction: str) -> str:
  return vocabulary.normalise(instruction.strip().rstrip('.'))


def _text(answer: Any) -> str:
  if isinstance(answer, str):
    return answer
  if isinstance(answer, list):
    return '\n'.join(answer)
  return json.dumps(answer)
