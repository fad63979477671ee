"""From the text of an answer to what it says, or why it says nothing."""

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sdd import errors
from sdd.language import form, grounding, skill
from sdd.predicates import predicate
from sdd.scenes import vocabulary as vocabulary_lib

# What a model thinks aloud; the end where servers cut off the beginning; the
# beginning where an answer was cut off before it came to the point.
_THOUGHTS = re.compile(
  r'<think>.*?</think>|\A(?:(?!<think>).)*</think>|<think>.*\Z', re.DOTALL
)


class AnswerError(errors.SddError):
  """An answer that does not have the form that was asked for."""


@dataclasses.dataclass(frozen=True)
class Meaning:
  """What a sentence was taken to mean.

  Attributes:
    instruction: the explicit sentence; empty if it cannot be done.
    impossible: why it cannot be done; empty if it can.
  """

  instruction: str
  impossible: str = ''


def resolve(text: str, vocabulary: vocabulary_lib.Vocabulary) -> Meaning:
  """The meaning of `{"instruction": ...}` or of `{"impossible": ...}`.

  Raises:
    AnswerError, form.FormError: it has another form, or says both or neither.
  """
  fields = form.complete('resolve', _json_object(text), vocabulary)
  meaning = Meaning(
    instruction=' '.join(fields['instruction'].split()),
    impossible=' '.join(fields['impossible'].split()),
  )
  if bool(meaning.instruction) == bool(meaning.impossible):
    raise AnswerError(
      'Either "instruction" is a sentence, or "impossible" says why there is '
      f'none; given: {_shown(text)}.'
    )
  return meaning


def plan(
  text: str,
  ancestors: Sequence[str],
  vocabulary: vocabulary_lib.Vocabulary,
) -> tuple[str, ...]:
  """The sub-tasks of `{"subtasks": [...]}`; none means one skill does it.

  Args:
    text: the answer.
    ancestors: the instruction itself last, before it those it is part of.
    vocabulary: the scene's names.

  Raises:
    AnswerError, form.FormError: it has another form, or repeats an ancestor.
  """
  subtasks = form.complete('plan', _json_object(text), vocabulary)['subtasks']
  sentences = tuple(' '.join(subtask.split()) for subtask in subtasks)
  known = {vocabulary_lib.normalise(each) for each in ancestors}
  for sentence in sentences:
    if not sentence:
      raise AnswerError('A sub-task must be a sentence; given: nothing.')
    if vocabulary_lib.normalise(sentence) in known:
      raise AnswerError(
        f'The sub-task {sentence!r} repeats what it should be part of. If '
        'one skill does it, answer with an empty list.'
      )
  return sentences


def ground(text: str, vocabulary: vocabulary_lib.Vocabulary) -> skill.Skill:
  """The skill of `{"verb": ..., "link": ..., ...}`.

  Raises:
    AnswerError, form.FormError: it has another form.
    grounding.GroundingError, errors.UnknownNameError: it does not fit.
  """
  fields = form.complete('ground', _json_object(text), vocabulary)
  left_out = ['reasoning']
  for name in ('target', 'direction'):
    if vocabulary_lib.normalise(fields[name]) == form.NONE:
      left_out.append(name)
  said = {k: v for k, v in fields.items() if k not in left_out}
  return grounding.ground(said, vocabulary)


def success(
  text: str, vocabulary: vocabulary_lib.Vocabulary
) -> predicate.Predicate:
  """The success code in an answer, with or without prose around it.

  Raises:
    rejection.PredicateError, errors.UnknownNameError: see
      `predicate.compile_predicate`.
  """
  return predicate.compile_predicate(without_thoughts(text), vocabulary)


def without_thoughts(text: str) -> str:
  """An answer without its `<think>` blocks."""
  return _THOUGHTS.sub('', text) if 'think>' in text else text


def _json_object(text: str) -> Mapping[str, Any]:
  """The JSON object in `text`, whatever prose or fence is around it."""
  text = without_thoughts(text)
  start, end = text.find('{'), text.rfind('}')
  try:
    fields = json.loads(text[start : end + 1])
  except (ValueError, RecursionError):
    fields = None
  if start < 0 or not isinstance(fields, dict):
    raise AnswerError(
      f'Answer with one JSON object and nothing else; given: {_shown(text)}.'
    )
  return fields


def _shown(text: str) -> str:
  short = ' '.join(text.split())
  return repr(short if len(short) <= 200 else short[:197] + '...')
