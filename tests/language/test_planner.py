"""The planner asks, checks, asks again, and gives up with a reason."""

import json

import pytest

from sdd import errors
from sdd.language import (
  answers,
  grounding,
  planner,
  prompting,
  provider,
  skill,
)

TRUE = 'True'
GO = '{"instruction": "go"}'
GRASP = json.dumps({'verb': 'grasp', 'link': 'horse toy'})


class Scripted:
  """Answers each question about each instruction from a list, in order."""

  def __init__(self, script):
    self.script = {key: list(texts) for key, texts in script.items()}
    self.requests: list[provider.Request] = []

  def complete(self, request):
    self.requests.append(request)
    texts = self.script[request.question, request.instruction]
    text = texts.pop(0) if len(texts) > 1 else texts[0]
    name = f'{request.question}-{len(self.requests)}'
    return provider.Completion(name, text, 'scripted', 'A test.')


def _leaf(**changed):
  script = {
    'resolve': [GO],
    'plan': ['{"subtasks": []}'],
    'success': [TRUE],
    'ground': [GRASP],
  }
  script.update(changed)
  return Scripted({(question, 'go'): script[question] for question in script})


def _infer(vocabulary, scripted, task='go'):
  return planner.infer_task_tree(task, 'drawer', vocabulary, scripted)


@pytest.mark.parametrize(
  ('question', 'bad', 'good'),
  [
    ('resolve', 'You mean go.', GO),
    (
      'resolve',
      '{"instruction": " "}',
      '{"instruction": "go", "reasoning": ""}',
    ),
    ('resolve', '{"instruction": ["go"]}', GO),
    ('plan', 'I would grasp it.', '```json\n{"subtasks": []}\n```'),
    ('plan', '{"steps": []}', '{"reasoning": "One.", "subtasks": []}'),
    ('plan', '{"subtasks": ["Go"]}', '{"subtasks": []}'),
    ('plan', '{"subtasks": [""]}', '{"subtasks": []}'),
    ('plan', '{"subtasks": [1]}', '{"subtasks": []}'),
    ('plan', json.dumps({'subtasks': ['a'] * 9}), '{"subtasks": []}'),
    ('success', 'import os', TRUE),
    ('success', "check_grasped(final_state, 'cow')", f'```\n{TRUE}\n```'),
    ('ground', '{"verb": "grasp"}', GRASP),
    ('ground', '[' * 100_000, f'Sure: {GRASP}'),
  ],
)
def test_a_bad_answer_is_asked_again_with_the_problem(
  vocabulary, question, bad, good
):
  scripted = _leaf(**{question: [bad, good]})
  tree = _infer(vocabulary, scripted)
  assert tree.root.skill == skill.Skill('grasp', 'horse toy')
  first, second = (
    each for each in scripted.requests if each.question == question
  )
  assert second.prompt.startswith(first.prompt)
  assert bad[:1000] in second.prompt
  assert 'cannot be used' in second.prompt
  assert len(tree.completions) == 5


# Success code that does not compile, and what is said about it.
WRONG = (
  (
    'def success(init_state, final_state):\n'
    '  height = get_pose(final_state, "horse toy").position[2]\n'
    '  return height is 3',
    ('line 3, column 10', '`is`', '=='),
  ),
  (
    'def success(init_state, final_state):\n'
    "  return check_closed(final_state, 'top drawr')",
    ('line 2, column 10', "'top drawr'", "mean 'top drawer'"),
  ),
  ('```python\nimport os\nTrue\n```', ('line 2, column 1', 'Leave it out')),
)


def _asked(scripted, question):
  return [
    each.prompt for each in scripted.requests if each.question == question
  ]


@pytest.mark.parametrize('times', [1, 2])
def test_what_the_compiler_says_is_told_with_the_code(vocabulary, times):
  codes = [code for code, _ in WRONG[:times]]
  scripted = _leaf(success=[*codes, TRUE])
  tree = _infer(vocabulary, scripted)
  assert str(tree.root.predicate).endswith('return True')
  first, *later = _asked(scripted, 'success')
  assert len(later) == times
  for prompt, (code, told) in zip(later, WRONG, strict=False):
    assert prompt.startswith(first)
    assert code in prompt
    for each in told:
      assert each in prompt.removeprefix(first)
  for code in codes:
    assert code not in first


def test_wrong_answers_fail_in_the_end_and_all_are_shown(vocabulary):
  assert len(WRONG) == planner.ATTEMPTS
  scripted = _leaf(success=[code for code, _ in WRONG])
  with pytest.raises(planner.LanguageError) as caught:
    _infer(vocabulary, scripted)
  message = str(caught.value)
  assert "'success'" in message
  assert "'go'" in message
  assert '3 attempts' in message
  for code, told in WRONG:
    assert code in message
    for each in told:
      assert each in message
  assert len(_asked(scripted, 'success')) == planner.ATTEMPTS
  assert not _asked(scripted, 'ground')


def test_a_cycle_is_a_bad_plan(vocabulary):
  scripted = Scripted(
    {
      ('resolve', 'go'): [GO],
      ('plan', 'go'): ['{"subtasks": ["walk", "stop"]}'],
      ('plan', 'walk'): ['{"subtasks": ["go"]}'],
      ('success', 'go'): [TRUE],
      ('success', 'walk'): [TRUE],
    }
  )
  with pytest.raises(planner.LanguageError, match='repeats'):
    _infer(vocabulary, scripted)


class Endless:
  """Never comes to a leaf, or has ever more of them."""

  def __init__(self, depth: int, width: int):
    self.depth, self.width = depth, width

  def complete(self, request):
    steps = request.instruction.split('.')
    subtasks = [
      f'{request.instruction}.{index}'
      for index in range(self.width if len(steps) < self.depth else 0)
    ]
    drawer = ('top', 'middle', 'bottom')[int(steps[-1]) % 3 if steps[1:] else 0]
    fields = {'verb': 'move_joint', 'link': f'{drawer} drawer'}
    text = {
      'resolve': json.dumps({'instruction': request.instruction}),
      'plan': json.dumps({'subtasks': subtasks}),
      'success': TRUE,
      'ground': json.dumps({**fields, 'direction': 'max'}),
    }[request.question]
    return provider.Completion('x', text, 'endless', 'A test.')


@pytest.mark.parametrize(('depth', 'width'), [(99, 1), (5, 1), (3, 6)])
def test_trees_are_bounded(vocabulary, depth, width):
  with pytest.raises(planner.LanguageError, match='exceeds'):
    _infer(vocabulary, Endless(depth, width))


@pytest.mark.parametrize(('depth', 'width', 'nodes'), [(4, 2, 15), (3, 5, 31)])
def test_bounds_are_reachable(vocabulary, depth, width, nodes):
  tree = _infer(vocabulary, Endless(depth, width))
  assert len(tree.nodes) == nodes
  assert tree.completions == ('x',)


def test_what_is_meant_is_planned_and_what_was_said_is_kept(vocabulary):
  scripted = _leaf()
  scripted.script['resolve', 'off you go'] = ['{"instruction": " go "}']
  tree = _infer(vocabulary, scripted, 'off you go')
  assert (tree.task, tree.explicit) == ('off you go', 'go')
  assert tree.root.instruction == 'off you go'
  asked = {each.question: each.instruction for each in scripted.requests}
  assert asked == {
    'resolve': 'off you go',
    **dict.fromkeys(('plan', 'success', 'ground'), 'go'),
  }


def test_an_empty_task_is_refused(vocabulary):
  with pytest.raises(planner.LanguageError, match='empty'):
    _infer(vocabulary, _leaf(), ' ')


@pytest.mark.parametrize(
  ('fields', 'expected'),
  [
    ({'verb': 'grasp', 'link': 'The_Crayon box'}, 'grasp(crayon box)'),
    (
      {'verb': 'grasp', 'link': 'top drawer handle'},
      'grasp(top drawer handle)',
    ),
    (
      {'verb': 'place', 'link': 'crayon box', 'target': 'table'},
      'place(crayon box, table)',
    ),
    (
      {'verb': 'move_joint', 'link': 'top drawer', 'direction': 'min'},
      'move_joint(top drawer, min)',
    ),
  ],
)
def test_skills_that_fit(vocabulary, fields, expected):
  grounded = grounding.ground(fields, vocabulary)
  assert str(grounded) == expected
  assert grounding.ground(grounded.to_json(), vocabulary) == grounded


@pytest.mark.parametrize(
  'fields',
  [
    {},
    {'verb': 'throw', 'link': 'horse toy'},
    {'verb': 'grasp'},
    {'verb': 'grasp', 'link': 3},
    {'verb': 'grasp', 'link': 'cow'},
    {'verb': 'grasp', 'link': 'table'},
    {'verb': 'grasp', 'link': 'cabinet'},
    {'verb': 'grasp', 'link': 'left finger'},
    {'verb': 'grasp', 'link': 'horse toy', 'target': 'table'},
    {'verb': 'place', 'link': 'horse toy'},
    {'verb': 'place', 'link': 'horse toy', 'target': 'shelf'},
    {'verb': 'place', 'link': 'horse toy', 'target': 'horse toy'},
    {'verb': 'place', 'link': 'top drawer', 'target': 'table'},
    {'verb': 'move_joint', 'link': 'top drawer'},
    {'verb': 'move_joint', 'link': 'horse toy', 'direction': 'max'},
    {'verb': 'move_joint', 'link': 'top drawer', 'direction': 'up'},
  ],
)
def test_skills_that_do_not_fit(vocabulary, fields):
  with pytest.raises((grounding.GroundingError, errors.UnknownNameError)):
    grounding.ground(fields, vocabulary)
  with pytest.raises(errors.SddError):
    answers.ground(json.dumps(fields), vocabulary)


@pytest.mark.parametrize('question', ['resolve', 'plan', 'ground', 'success'])
def test_prompts_hold_the_scene_and_the_instruction(vocabulary, question):
  instruction = 'with the $lid {opened}, do "it"'
  prompt = prompting.fill(question, instruction, vocabulary)
  assert instruction in prompt
  assert vocabulary.describe() in prompt
  assert 'table, floor' in prompt
  assert ('check_inside(state' in prompt) == (question == 'success')
