"""From the text of an answer to what it says, or why it says nothing."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sdd import errors
from sdd.language import grounding, skill
from sdd.scenes import vocabulary as vocabulary_lib

MAX_SUBTASKS = 8
_REASONING = 'reasoning'  # Models think better aloud; we do not listen.


class AnswerError(errors.SddError):
  """An answer that does not have the form that was asked for."""


def resolve(text: str) -> str:
  """The sentence of `{"instruction": "..."}`.

  Raises:
    AnswerError: it has another form.
  """
  fields = _json_object(text)
  sentence = fields.get('instruction')
  if set(fields) != {'instruction'} or not isinstance(sentence, str):
    raise AnswerError(
      f'Answer with {{"instruction": "..."}}; given: {_shown(text)}.'
    )
  if not sentence.strip():
    raise AnswerError('The instruction must be a sentence; given: nothing.')
  return ' '.join(sentence.split())


def plan(text: str, ancestors: Sequence[str]) -> tuple[str, ...]:
  """The sub-tasks of `{"subtasks": [...]}`; none means one skill does it.

  Args:
    text: the answer.
    ancestors: the instruction itself last, before it those it is part of.

  Raises:
    AnswerError: it has another form, or repeats an ancestor.
  """
  fields = _json_object(text)
  subtasks = fields.get('subtasks')
  if set(fields) != {'subtasks'} or not isinstance(subtasks, list):
    raise AnswerError(
      'Answer with {"subtasks": [...]}, a list of sentences; given: '
      f'{_shown(text)}.'
    )
  if len(subtasks) > MAX_SUBTASKS:
    raise AnswerError(
      f'{len(subtasks)} sub-tasks; at most {MAX_SUBTASKS} may be.'
    )
  for subtask in subtasks:
    if not isinstance(subtask, str) or not subtask.strip():
      raise AnswerError(f'A sub-task must be a sentence; given: {subtask!r}.')
  sentences = tuple(' '.join(subtask.split()) for subtask in subtasks)
  known = {vocabulary_lib.normalise(each) for each in ancestors}
  for sentence in sentences:
    if vocabulary_lib.normalise(sentence) in known:
      raise AnswerError(
        f'The sub-task {sentence!r} repeats what it should be part of. If '
        'one skill does it, answer with an empty list.'
      )
  return sentences


def ground(text: str, vocabulary: vocabulary_lib.Vocabulary) -> skill.Skill:
  """The skill of `{"verb": ..., "link": ..., ...}`.

  Raises:
    AnswerError: it is not a JSON object.
    grounding.GroundingError, errors.UnknownNameError: it does not fit.
  """
  return grounding.ground(_json_object(text), vocabulary)


def _json_object(text: str) -> Mapping[str, Any]:
  """The JSON object in `text`, whatever prose or fence is around it."""
  start, end = text.find('{'), text.rfind('}')
  try:
    fields = json.loads(text[start : end + 1])
  except (ValueError, RecursionError):
    fields = None
  if start < 0 or not isinstance(fields, dict):
    raise AnswerError(
      f'Answer with one JSON object and nothing else; given: {_shown(text)}.'
    )
  return {key: fields[key] for key in fields if key != _REASONING}


def _shown(text: str) -> str:
  short = ' '.join(text.split())
  return repr(short if len(short) <= 200 else short[:197] + '...')
