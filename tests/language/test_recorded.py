"""The recorded completions: complete, honest about their origin, helpful."""

import json
import re
from importlib import resources

import pytest

from sdd import errors
from sdd.language import planner, recorded, registry, skill
from sdd.predicates import predicate


@pytest.fixture(scope='module')
def trees(vocabulary, twelve_tasks):
  answers = registry.make_provider('recorded')
  return {
    task: planner.infer_task_tree(task, 'drawer', vocabulary, answers)
    for task, _, _ in twelve_tasks
  }


def test_all_twelve_tasks_have_the_same_tree(trees, twelve_tasks):
  for task, name, drawer in twelve_tasks:
    tree = trees[task]
    opened = f'with the {drawer} opened, '
    assert [(node.instruction, node.skill) for node in tree.nodes] == [
      (task, None),
      (
        f'open the {drawer}',
        skill.Skill('move_joint', f'{drawer} handle', direction='max'),
      ),
      (f'{opened}put the {name} in the {drawer}', None),
      (f'{opened}pick up the {name}', skill.Skill('grasp', name)),
      (
        f'{opened}place the {name} in the {drawer}',
        skill.Skill('place', name, target=drawer),
      ),
      (
        f'close the {drawer}',
        skill.Skill('move_joint', drawer, direction='min'),
      ),
    ]


def test_all_checks_mean_what_the_task_says(trees, twelve_tasks, vocabulary):
  for task, name, drawer in twelve_tasks:
    inside = f"check_inside(final_state, '{name}', '{drawer}')"
    closed = f"check_closed(final_state, '{drawer}')"
    released = f"not check_grasped(final_state, '{name}')"
    expected = [
      ({f'{inside} and {closed}'}),
      ({f"check_opened(final_state, '{drawer}')"}),
      ({f'{inside} and {released}', f'{released} and {inside}'}),
      ({f"check_grasped(final_state, '{name}')"}),
      ({f'{inside} and {released}', f'{released} and {inside}'}),
      ({closed}),
    ]
    for node, choices in zip(trees[task].nodes, expected, strict=True):
      assert node.predicate in {
        predicate.compile_predicate(choice, vocabulary) for choice in choices
      }


def test_records_say_first_who_wrote_them():
  path = resources.files('sdd.language') / 'records' / 'drawer.json'
  text = path.read_text(encoding='utf-8')
  assert next(iter(json.loads(text))) == 'provenance'
  assert 'Written by the authors of sdd' in text[:100]
  assert 'Not sampled' in text[:300]


def test_instructions_match_tolerantly(vocabulary):
  answers = recorded.RecordedProvider()
  tree = planner.infer_task_tree(
    ' Move crayon_box  into top drawer. ', 'drawer', vocabulary, answers
  )
  assert len(tree.nodes) == 6


def test_a_misspelt_task_is_suggested(vocabulary):
  wrong = 'move the crayon box in the top drawr'
  with pytest.raises(recorded.MissingCompletionError) as caught:
    planner.infer_task_tree(
      wrong, 'drawer', vocabulary, registry.make_provider()
    )
  message = str(caught.value)
  assert repr(wrong) in message
  assert "Did you mean 'move the crayon box into the top drawer'?" in message
  assert '--llm=gemini' in message
  assert re.search(r'records/drawer\.json', message)


def test_a_scene_without_records(vocabulary):
  with pytest.raises(recorded.MissingCompletionError, match=r'moon\.json'):
    planner.infer_task_tree('fly', 'moon', vocabulary, registry.make_provider())


@pytest.mark.parametrize(
  'text', ['', '[]', '{}', '{"as": "nothing"}', '{"provenance": "", '
  '"resolve": {}, "plan": [], "ground": {}, "success": {}}']
)  # fmt: skip
def test_malformed_records_are_a_typed_error(vocabulary, tmp_path, text):
  (tmp_path / 'drawer.json').write_text(text)
  with pytest.raises(recorded.RecordsError):
    planner.infer_task_tree(
      'fly', 'drawer', vocabulary, recorded.RecordedProvider(tmp_path)
    )


def test_unknown_provider_is_suggested():
  with pytest.raises(errors.UnknownNameError, match="mean 'gemini'"):
    registry.make_provider('gemni')
