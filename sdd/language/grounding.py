"""From an answer about a leaf to a skill that the scene allows."""

from collections.abc import Mapping
from typing import Any

from sdd import errors
from sdd.language import skill
from sdd.scenes import vocabulary as vocabulary_lib

DIRECTIONS = ('min', 'max')
FIELDS: dict[str, tuple[str, ...]] = {
  'grasp': ('verb', 'link'),
  'place': ('verb', 'link', 'target'),
  'move_joint': ('verb', 'link', 'direction'),
}


class GroundingError(errors.SddError):
  """A skill that makes no sense in the scene."""


def ground(
  fields: Mapping[str, Any], vocabulary: vocabulary_lib.Vocabulary
) -> skill.Skill:
  """The skill that `fields` describe, names as the vocabulary has them.

  Raises:
    GroundingError: fields are missing, superfluous or do not fit.
    errors.UnknownNameError: a verb, link or direction is unknown.
  """
  verb = _string(fields, 'verb')
  if verb not in FIELDS:
    raise errors.UnknownNameError('skill', verb, skill.VERBS)
  if set(fields) != set(FIELDS[verb]):
    raise GroundingError(
      f'The skill {verb!r} takes exactly the fields '
      f'{", ".join(FIELDS[verb])}; given: {", ".join(fields)}.'
    )
  link = vocabulary.find(_string(fields, 'link'))
  if verb == 'grasp':
    return _grasp(link)
  if verb == 'place':
    return _place(link, vocabulary.find(_string(fields, 'target')))
  vocabulary.joint_index(link.name)
  direction = _string(fields, 'direction')
  if direction == 'min' or direction == 'max':
    return skill.Skill('move_joint', link.name, direction=direction)
  raise errors.UnknownNameError('direction', direction, DIRECTIONS)


def _grasp(link: vocabulary_lib.Link) -> skill.Skill:
  if link.kind in ('object', 'part'):
    return skill.Skill('grasp', link.name)
  raise GroundingError(
    f'{link.name!r} cannot be grasped: it is {_a(link)}. Grasp an object, '
    'or the part of the furniture that moves.'
  )


def _place(
  link: vocabulary_lib.Link, target: vocabulary_lib.Link
) -> skill.Skill:
  if link.kind != 'object':
    raise GroundingError(
      f'{link.name!r} cannot be placed: it is {_a(link)}, not an object.'
    )
  if link == target:
    raise GroundingError(f'{link.name!r} cannot be placed on itself.')
  return skill.Skill('place', link.name, target=target.name)


def _a(link: vocabulary_lib.Link) -> str:
  words = {'part': 'part of the furniture', 'object': 'an object'}
  return words.get(link.kind, link.kind)


def _string(fields: Mapping[str, Any], name: str) -> str:
  value = fields.get(name)
  if not isinstance(value, str):
    raise GroundingError(
      f'The field {name!r} of a skill must be a string; given: {value!r}.'
    )
  return value
