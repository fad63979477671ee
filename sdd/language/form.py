"""The forms of answers: JSON schemas, asked for and checked here.

Servers know different parts of JSON Schema, so these stay within what all
know: one flat object, strings, lists of strings, enums, every field required.
"""

from collections.abc import Mapping
from typing import Any

from sdd import errors
from sdd.language import grounding, provider, skill
from sdd.scenes import vocabulary as vocabulary_lib

MAX_SUBTASKS = 8
NONE = 'none'  # what a skill does not have
# What may be left out, and what is meant then.
DEFAULTS: dict[provider.Question, dict[str, str]] = {
  'resolve': {'reasoning': '', 'impossible': '', 'instruction': ''},
  'plan': {'reasoning': ''},
  'ground': {'reasoning': '', 'target': NONE, 'direction': NONE},
}

_TEXT: dict[str, Any] = {'type': 'string'}


class FormError(errors.SddError):
  """An answer that does not have the form that was asked for."""


def of(
  question: provider.Question, vocabulary: vocabulary_lib.Vocabulary
) -> dict[str, Any] | None:
  """The JSON schema of the answers to `question`; None for success code.

  Closed choices are enums: which skill, which thing, which place, which way.
  """
  if question == 'success':
    return None
  if question == 'resolve':
    return _object(instruction=_TEXT, impossible=_TEXT)
  if question == 'plan':
    steps = {'type': 'array', 'items': _TEXT, 'maxItems': MAX_SUBTASKS}
    return _object(subtasks=steps)
  names = vocabulary.names
  things = [
    link.name for link in vocabulary.links if link.kind in ('object', 'part')
  ]
  return _object(
    verb=_choice(*skill.VERBS),
    link=_choice(*(things or names)),
    target=_choice(*names, NONE),
    direction=_choice(*grounding.DIRECTIONS, NONE),
  )


def complete(
  question: provider.Question,
  fields: Mapping[str, Any],
  vocabulary: vocabulary_lib.Vocabulary,
) -> dict[str, Any]:
  """The fields of an answer, those that may be left out included.

  Raises:
    FormError: a field is missing, unknown or of another type.
    errors.UnknownNameError: a value is none of its choices, matched as
      tolerantly as names are everywhere.
  """
  schema = of(question, vocabulary)
  assert schema is not None
  found = {**DEFAULTS[question]}
  found.update({k: v for k, v in fields.items() if v is not None})
  wanted = schema['properties']
  if set(found) != set(wanted):
    raise FormError(
      f'Answer with a JSON object of the fields {", ".join(wanted)}; given: '
      f'{", ".join(map(str, fields)) or "none"}.'
    )
  for name, value in found.items():
    _check(name, value, wanted[name])
  return found


def _check(name: str, value: Any, schema: Mapping[str, Any]) -> None:
  if schema['type'] == 'string':
    if not isinstance(value, str):
      raise FormError(f'The field {name!r} must be a string; given: {value!r}.')
    choices = schema.get('enum')
    if choices and not _is_one_of(value, choices):
      raise errors.UnknownNameError(name, value, choices)
    return
  if not isinstance(value, list):
    raise FormError(f'The field {name!r} must be a list; given: {value!r}.')
  if len(value) > schema['maxItems']:
    raise FormError(
      f'{name!r} lists {len(value)}; at most {schema["maxItems"]} may be.'
    )
  for index, item in enumerate(value):
    _check(f'{name}[{index}]', item, schema['items'])


def _is_one_of(value: str, choices: list[str]) -> bool:
  wanted = vocabulary_lib.normalise(value)
  return any(vocabulary_lib.normalise(choice) == wanted for choice in choices)


def _choice(*values: str) -> dict[str, Any]:
  return {'type': 'string', 'enum': list(values)}


def _object(**properties: Any) -> dict[str, Any]:
  """An object of these fields, after room to think aloud."""
  fields = {'reasoning': _TEXT, **properties}
  return {
    'type': 'object',
    'properties': fields,
    'required': list(fields),
    'additionalProperties': False,
  }
