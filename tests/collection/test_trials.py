"""Every time a skill was to be done is noted, with what came of it."""

import dataclasses
import json

import numpy as np
import pytest

from sdd.collection import achievement, episode
from sdd.language import skill as skill_lib
from sdd.language import task_tree
from sdd.simulation import simulator

COLUMNS = episode.TRIAL


def test_a_success_is_made_of_trials_that_worked(scene, whole):
  about = whole.metadata
  tree = task_tree.TaskTree.from_json(about.task_tree, scene.vocabulary)
  leaves = [i for i, node in enumerate(tree.nodes) if node.skill]
  rows = [dict(zip(COLUMNS, row, strict=True)) for row in about.trials]
  assert {row['node'] for row in rows} == set(leaves)
  for leaf in leaves:
    last = [row for row in rows if row['node'] == leaf][-1]
    assert last['planned']
    assert last['verdict'] == episode.TRUE
    assert last['achieved']
  assert all(row['completed'] <= row['planned'] for row in rows)
  json.dumps(about.trials)


@pytest.fixture(scope='module')
def begin_and_end(scene):
  """State of a world, and of one with the crayon box in an open drawer."""
  sim = simulator.make('mujoco', scene)
  world = scene.initial(np.random.default_rng(0))
  sim.reset(0, world)
  begin = sim.scene_state(0)
  qpos = world.qpos.copy()
  joint = scene.vocabulary.joint_index('top drawer')
  qpos[scene.joint_qpos[joint]] = 0.2
  sim.reset(0, dataclasses.replace(world, qpos=qpos))
  inside = sim.scene_state(0).link_position[
    scene.vocabulary.index('top drawer')
  ]
  start = scene.free_qpos('crayon box')
  qpos[start : start + 3] = inside + np.array([0, 0, 0.02])
  sim.reset(0, dataclasses.replace(world, qpos=qpos))
  return begin, sim.scene_state(0)


@pytest.mark.parametrize(
  ('skill', 'before', 'after'),
  [
    (('place', 'crayon box', 'top drawer'), False, True),
    (('place', 'crayon box', 'middle drawer'), False, False),
    (('place', 'horse toy', 'top drawer'), False, False),
    (('move_joint', 'top drawer handle', None, 'max'), False, True),
    (('move_joint', 'top drawer', None, 'min'), True, False),
    (('grasp', 'crayon box'), False, False),
  ],
)
def test_the_rule_sees_what_was_done(
  scene, begin_and_end, skill, before, after
):
  skill = skill_lib.Skill(*skill)
  found = [achievement.achieved(scene, s, skill) for s in begin_and_end]
  assert found == [before, after]
