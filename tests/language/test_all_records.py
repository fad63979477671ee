"""The recorded completions of every scene: whole, in use, and meant so."""

import json
from importlib import resources

import numpy as np
import pytest

from sdd.language import planner, recorded, task_tree
from sdd.scenes import registry
from sdd.simulation import simulator

SCENES = list(registry.SCENES)


@pytest.fixture(params=SCENES, scope='module')
def scene(request):
  return registry.load(request.param)


@pytest.fixture(scope='module')
def trees(scene):
  answers = recorded.RecordedProvider()
  return [
    planner.infer_task_tree(
      task.sentence, scene.name, scene.vocabulary, answers
    )
    for task in scene.tasks
  ]


def records(name):
  folder = resources.files('sdd.language') / 'records'
  return json.loads((folder / f'{name}.json').read_text(encoding='utf-8'))


def test_exactly_the_tasks_are_recorded(scene):
  tasks = {task.sentence for task in scene.tasks}
  assert set(recorded.RecordedProvider().tasks(scene.name)) == tasks


def test_every_record_is_used_and_says_who_wrote_it(scene, trees):
  found = records(scene.name)
  if 'as' in found:
    found = records(found['as'])
  assert 'Not sampled from a model' in found['provenance']
  every = {
    f'{scene.name}.json/{question}/{instruction}'
    for question in recorded.QUESTIONS
    for instruction in found[question]
  }
  used = {identifier for tree in trees for identifier in tree.completions}
  assert used == every


def test_trees_round_trip(scene, trees):
  for tree in trees:
    text = tree.to_json()
    again = task_tree.TaskTree.from_json(text, scene.vocabulary)
    assert again == tree
    assert again.to_json() == text


def test_nothing_is_done_before_it_is_begun(scene, trees):
  """Neither the whole task nor the first thing to do."""
  sim = simulator.make('mujoco', scene)
  for seed in range(3):
    sim.reset(0, scene.initial(np.random.default_rng(seed)))
    state = sim.scene_state(0)
    for tree in trees:
      first = next(node for node in tree.nodes if node.skill)
      for node in (tree.root, first):
        assert node.predicate.verdict(state, state, xp=np) == 0, (
          node.instruction
        )


def test_what_is_left_unsaid_is_made_explicit():
  mailbox = registry.load('mailbox')
  tree = planner.infer_task_tree(
    'send the package for return', 'mailbox', mailbox.vocabulary,
    recorded.RecordedProvider(),
  )  # fmt: skip
  for thing in ('lid', 'package', 'flag'):
    assert thing in tree.explicit
  assert tree.root.instruction == tree.task
  assert len(tree.root.children) >= 4
