"""Task trees hang together, print themselves, and survive JSON."""

import json

import pytest
from rich import console

from sdd import errors
from sdd.language import planner, registry, skill, task_tree
from sdd.predicates import predicate, rejection

TASK = 'move the crayon box into the top drawer'


@pytest.fixture(scope='module')
def tree(vocabulary):
  return planner.infer_task_tree(
    TASK, 'drawer', vocabulary, registry.make_provider()
  )


def test_nodes_and_parents_are_pre_order(tree):
  assert tree.nodes[0] is tree.root
  assert tree.parents == (None, 0, 0, 2, 2, 0)
  for index, node in enumerate(tree.nodes):
    children = [n for n, p in zip(tree.nodes, tree.parents) if p == index]
    assert tuple(children) == node.children


def test_json_round_trips(tree, vocabulary):
  text = tree.to_json()
  again = task_tree.TaskTree.from_json(text, vocabulary)
  assert again == tree
  assert again.to_json() == text
  assert again.completions == tree.completions


def test_prints_every_instruction_skill_and_check(tree):
  plain = console.Console(width=100, color_system=None)
  with plain.capture() as captured:
    plain.print(tree)
  shown = captured.get()
  for node in tree.nodes:
    assert node.instruction in shown
    assert all(line.strip() in shown for line in node.predicate.source.split())
    if node.skill:
      assert str(node.skill) in shown
  ansi = console.Console(width=100, force_terminal=True, color_system='256')
  with ansi.capture() as colours:
    ansi.print(tree)
  assert '\x1b[' in colours.get()


def test_a_node_has_a_skill_or_children(vocabulary):
  true = predicate.compile_predicate('True', vocabulary)
  leaf = task_tree.TaskNode('grasp', true, skill.Skill('grasp', 'horse toy'))
  with pytest.raises(task_tree.TaskTreeError, match='either a skill or'):
    task_tree.TaskNode('nothing', true)
  with pytest.raises(task_tree.TaskTreeError, match='either a skill or'):
    task_tree.TaskNode('both', true, leaf.skill, (leaf,))


@pytest.mark.parametrize(
  'text',
  [
    '', 'null', '[]', '{}', '{"format": 1}', '{"format": 2}', '[' * 100_000,
    '{"format": 1, "task": "", "scene": "", "completions": [], "root": 3}',
  ],
)  # fmt: skip
def test_other_text_is_a_typed_error(vocabulary, text):
  with pytest.raises(task_tree.TaskTreeError):
    task_tree.TaskTree.from_json(text, vocabulary)


@pytest.mark.parametrize(
  ('name', 'value', 'expected'),
  [
    ('success', 'import os', rejection.PredicateError),
    ('success', "check_closed(final_state, 'lid')", errors.UnknownNameError),
    ('success', 3, task_tree.TaskTreeError),
    ('skill', 'grasp', task_tree.TaskTreeError),
    ('skill', {'verb': 'throw'}, errors.UnknownNameError),
    ('children', [], task_tree.TaskTreeError),
    ('children', [3], task_tree.TaskTreeError),
  ],
)
def test_a_tree_of_another_scene_is_a_typed_error(
  tree, vocabulary, name, value, expected
):
  fields = json.loads(tree.to_json())
  fields['root'][name] = value
  with pytest.raises(expected):
    task_tree.TaskTree.from_json(json.dumps(fields), vocabulary)
