"""Completions that people write and read; those of the package need no key.

They name the sentence they answer and nothing else, so that a change to a
prompt leaves them be, and one of them answers for every wording of a scene.
What a model answered is kept by `record_store` instead.
"""

import difflib
import functools
import json
import pathlib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from sdd import errors
from sdd.language import provider, record_store
from sdd.scenes import vocabulary

QUESTIONS = provider.QUESTIONS


class MissingCompletionError(errors.SddError):
  """Nothing is recorded for this question about this instruction."""


RecordsError = record_store.RecordsError


class RecordedProvider:
  """Answers from one JSON file per scene.

  A file holds a `provenance`, which says who wrote the answers, and one
  object per question: instruction to answer; or just `{"as": NAME}` where
  another scene's answers hold too. An answer is a string, a list
  of lines, or an object, which stands for its JSON. Instructions match
  whatever their case, articles, spaces and final full stop.
  """

  def __init__(self, path: pathlib.Path | None = None):
    """Reads nothing yet.

    Args:
      path: a folder with `<scene>.json` each, or one file, for whatever
        scene; by default the package's own folder.
    """
    self._path = path or pathlib.Path(
      str(resources.files('sdd.language') / 'records')
    )

  def complete(self, request: provider.Request) -> provider.Completion:
    """The recorded answer; the prompt is not looked at.

    Raises:
      MissingCompletionError: there is none; says where it would belong.
      RecordsError: the scene's file does not have the right form.
    """
    found = self.get(request)
    if found is None:
      raise missing(request, [self])
    return found

  def get(self, request: provider.Request) -> provider.Completion | None:
    """The recorded answer, or None; raises as `complete` does."""
    path = self.file(request.scene)
    instruction = _index(path).get(
      (request.question, _key(request.instruction))
    )
    if instruction is None:
      return None
    records = _records(path)
    return provider.Completion(
      identifier=f'{path.name}/{request.question}/{instruction}',
      text=_text(records[request.question][instruction]),
      model='recorded',
      provenance=records['provenance'],
    )

  def tasks(self, scene: str) -> tuple[str, ...]:
    """The sentences that people may say, as far as they are recorded."""
    return tuple(_records(self.file(scene)).get('resolve', {}))

  def instructions(self, request: provider.Request) -> tuple[str, ...]:
    """The sentences about which this question is answered."""
    records = _records(self.file(request.scene))
    return tuple(records.get(request.question, {}))

  def file(self, scene: str) -> pathlib.Path:
    """Where the answers of a scene are, or would be.

    Those of a user's scene, which is called by its path, lie beside it.
    """
    if self._path.is_file():
      return self._path
    if scene.endswith('.xml'):
      return pathlib.Path(scene).with_suffix('.records.json')
    return self._path / f'{scene}.json'


def _records(path: pathlib.Path) -> Mapping[str, Any]:
  """What a file holds; nothing if there is none."""
  return _load(path, path.stat().st_mtime_ns) if path.is_file() else {}


def _index(path: pathlib.Path) -> Mapping[tuple[str, str], str]:
  """Question and sentence, however it is spelt, to the sentence as written."""
  return _indexed(path, path.stat().st_mtime_ns) if path.is_file() else {}


@functools.lru_cache(maxsize=16)
def _indexed(path: pathlib.Path, changed: int) -> Mapping[tuple[str, str], str]:
  records = _load(path, changed)
  return {
    (question, _key(instruction)): instruction
    for question in QUESTIONS
    for instruction in records.get(question, {})
  }


@functools.lru_cache(maxsize=16)
def _load(path: pathlib.Path, changed: int) -> Mapping[str, Any]:
  del changed  # a new time of change is a new entry of the cache
  records = _read(path)
  if isinstance(records, dict) and set(records) == {'as'}:
    path = path.with_stem(str(records['as']))
    records = _read(path)
  keys = {'provenance', *QUESTIONS}
  if not isinstance(records, dict) or not {'provenance'} < set(records) <= keys:
    raise RecordsError(
      f'{path} must hold a provenance, and answers to some of the questions '
      f'{", ".join(QUESTIONS)}; nothing else.'
    )
  if not isinstance(records['provenance'], str):
    raise RecordsError(f'{path}: the provenance must be a sentence.')
  for question in set(records) - {'provenance'}:
    _require_answers(path, question, records[question])
  return records


def _read(path: pathlib.Path) -> Any:
  try:
    return json.loads(path.read_text(encoding='utf-8'))
  except (OSError, ValueError, RecursionError) as error:
    raise RecordsError(f'{path} cannot be read as JSON: {error}.') from None


def _require_answers(path: pathlib.Path, question: str, answers: Any) -> None:
  if not isinstance(answers, dict):
    raise RecordsError(f'{path}: {question!r} must map instruction to answer.')
  for instruction, answer in answers.items():
    lines = answer if isinstance(answer, list) else []
    if not isinstance(answer, (str, list, dict)) or not all(
      isinstance(line, str) for line in lines
    ):
      raise RecordsError(
        f'{path}: the {question!r} answer about {instruction!r} must be a '
        f'string, a list of lines or an object; it is {answer!r}.'
      )


def missing(
  request: provider.Request, sources: Iterable[Any]
) -> MissingCompletionError:
  """Says what nobody has answered, what comes near, and what to do."""
  written = [each for each in sources if isinstance(each, RecordedProvider)]
  known = {_key(s): s for each in written for s in each.instructions(request)}
  near = difflib.get_close_matches(_key(request.instruction), known, 1, 0.6)
  guess = f' Did you mean {known[near[0]]!r}?' if near else ''
  tasks = dict.fromkeys(
    t for each in written for t in each.tasks(request.scene)
  )
  listed = ', '.join(map(repr, tasks)) or 'none'
  places = [f'under {request.question!r} in {written[-1].file(request.scene)}'
            ] if written else []  # fmt: skip
  places.append(f'as the record {request.digest}.json')
  return MissingCompletionError(
    f'No recorded {request.question!r} completion for '
    f'{request.instruction!r} in the scene {request.scene!r}.{guess} '
    f'Recorded tasks of this scene: {listed}. To ask a live model, pass '
    '--llm=gemini:MODEL, --llm=openai:MODEL or --llm=paste, with '
    f'--record_mode=auto; to record an answer, add it {" or ".join(places)}.'
  )


def _key(instruction: str) -> str:
  return vocabulary.normalise(instruction.strip().rstrip('.'))


def _text(answer: Any) -> str:
  if isinstance(answer, str):
    return answer
  if isinstance(answer, list):
    return '\n'.join(answer)
  return json.dumps(answer)
