"""What an answer says, whatever is around it."""

import json

import pytest

from sdd import errors
from sdd.language import answers, form, prompting, skill

GRASP = {'verb': 'grasp', 'link': 'horse toy'}


@pytest.mark.parametrize(
  'around',
  [
    '{}', 'Sure:\n```json\n{}\n```\nAnything else?',
    '<think>Is it {{}}? No.</think>{}', 'I wonder {{...\n</think>\n{}',
    '<think>a</think>\n<think>{{b}}</think>{}',
    '{}<think>And now', '{}<think>That was it.</think>',
  ],
)  # fmt: skip
def test_thoughts_and_prose_are_left_out(vocabulary, around):
  text = around.format('<>').replace('<>', json.dumps(GRASP))
  assert answers.ground(text, vocabulary) == skill.Skill('grasp', 'horse toy')


def test_thoughts_are_left_out_of_success_code(vocabulary):
  code = "check_grasped(final_state, 'horse toy')"
  thought = (
    f'<think>def success(): no\n```\nx\n```</think>\n```python\n{code}\n```'
  )
  assert answers.success(thought, vocabulary) == answers.success(
    code, vocabulary
  )


@pytest.mark.parametrize(
  'more',
  [
    {},
    {'reasoning': 'It is a horse.'},
    {'target': 'none', 'direction': 'none'},
    {'target': 'None', 'direction': None, 'reasoning': None},
  ],
)
def test_what_a_skill_has_not_may_be_said_to_be_none(vocabulary, more):
  found = answers.ground(json.dumps({**GRASP, **more}), vocabulary)
  assert found == skill.Skill('grasp', 'horse toy')


@pytest.mark.parametrize('question', ['resolve', 'plan', 'ground'])
def test_forms_stay_within_what_servers_know(vocabulary, question):
  schema = form.of(question, vocabulary)
  assert schema is not None
  assert set(schema) == {
    'type', 'properties', 'required', 'additionalProperties',
  }  # fmt: skip
  assert schema['required'] == list(schema['properties'])
  assert next(iter(schema['properties'])) == 'reasoning'
  for each in schema['properties'].values():
    assert set(each) <= {'type', 'enum', 'items', 'maxItems'}
    assert all(each.get('enum', ['x']))
  assert form.of('success', vocabulary) is None


@pytest.mark.parametrize(
  'fields',
  [
    {'instruction': '', 'impossible': ''},
    {'instruction': 'go', 'impossible': 'no'},
    {'instruction': 3},
    {'instruction': 'go', 'mood': 'fine'},
    {},
  ],
)
def test_a_meaning_is_a_sentence_or_a_reason(vocabulary, fields):
  with pytest.raises(errors.SddError):
    answers.resolve(json.dumps(fields), vocabulary)


def test_every_bad_enum_value_is_told_with_its_choices(vocabulary):
  with pytest.raises(errors.UnknownNameError, match="mean 'horse toy'"):
    answers.ground(json.dumps({**GRASP, 'link': 'horse'}), vocabulary)


def test_a_long_bad_answer_is_shown_again_in_part(vocabulary):
  attempt = prompting.provider.Attempt('x' * 100_000, 'Too long.')
  asked = prompting.request(
    'plan', 'go', vocabulary, scene='s', attempts=[attempt]
  )
  assert len(asked.prompt) < 20_000
  assert 'and 96000 characters' in asked.prompt
  assert asked.content['attempts'][0]['answer'] == attempt.answer
