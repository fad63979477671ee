"""What an episode says about itself is so."""

import dataclasses
import json

import jax
import numpy as np
import pytest

from sdd.collection import episode, judge, recorder
from sdd.language import task_tree
from sdd.simulation import simulator


@pytest.fixture(scope='module')
def tree(whole, scene):
  return task_tree.TaskTree.from_json(
    whole.metadata.task_tree, scene.vocabulary
  )


@pytest.fixture(scope='module')
def replayed(whole, scene):
  """Worlds and scene states when the actions are carried out again."""
  sim = simulator.make('mujoco', scene)
  sim.reset(0, whole.metadata.initial_world)
  worlds, states = [sim.world(0).qpos], [sim.scene_state(0)]
  for action in whole.action[:-1]:
    sim.step(action[None], np.ones(1, bool))
    worlds.append(sim.world(0).qpos)
    states.append(sim.scene_state(0))
  return np.array(worlds), states


def test_a_whole_task_succeeds(whole):
  assert whole.metadata.ended == 'success'
  assert whole.metadata.success
  assert whole.metadata.ground_truth
  assert whole.metadata.error == ''


def test_every_field_has_one_entry_a_step(whole, scene):
  count = len(whole.action)
  assert whole.proprioception.shape == whole.action.shape == (count, 10)
  assert whole.state.shape == (count, len(scene.state_names))
  assert whole.world.shape == (count, scene.model.nq)
  assert whole.verdict.shape == (count, len(whole.metadata.nodes))
  assert len(whole.sub_task) == len(whole.skill) == count
  assert whole.metadata.duration == pytest.approx((count - 1) / 4)
  for values in (whole.proprioception, whole.state, whole.action):
    assert values.dtype == np.float32
    assert np.all(np.isfinite(values))


def test_labels_are_nodes_of_the_tree(whole, tree):
  children = [node.instruction for node in tree.root.children]
  assert list(dict.fromkeys(whole.sub_task)) == children
  skills = {str(node.skill) for node in tree.nodes if node.skill}
  assert set(whole.skill) <= skills | {''}
  assert set(whole.skill) >= skills


def test_the_skill_belongs_to_the_sub_task(whole, tree):
  below = {
    child.instruction: {
      str(node.skill)
      for node in task_tree.TaskTree('', '', child).nodes
      if node.skill
    }
    for child in tree.root.children
  }
  for sub_task, skill in zip(whole.sub_task, whole.skill, strict=True):
    assert not skill or skill in below[sub_task]


def test_verdicts_tell_the_story(whole, tree):
  assert set(np.unique(whole.verdict)) <= {-1, 0, 1}
  assert whole.verdict[-1, 0] == episode.TRUE
  assert whole.verdict[0, 0] == episode.FALSE
  opened = whole.verdict[:, 1] == episode.TRUE
  begin = list(whole.sub_task).index(tree.root.children[1].instruction)
  assert opened[begin]  # a sub-task begins when the one before it is done


def test_a_world_that_blew_up_is_unknown_and_so_a_failure(
  whole, tree, scene, tmp_path, monkeypatch
):
  assert episode.has_unknown(whole.verdict) == (False, False)
  monkeypatch.chdir(tmp_path)  # MuJoCo writes its warnings to a log here
  sim = simulator.make('mujoco', scene)
  world = scene.initial(np.random.default_rng(0))
  speed = np.full_like(world.qvel, 1e30)
  world = dataclasses.replace(world, qvel=speed)
  sim.reset(0, world)
  origin = recorder.Origin(0, 0, whole.metadata.task, tree)
  notes = recorder.Recorder(scene, origin, world, judge.SingleJudge(tree))
  notes.observe(sim, 0)
  hold = sim.proprioception(0).astype(np.float32)
  sim.step(hold[None], np.ones(1, bool))
  notes.act(hold, node=1, skill='')
  notes.observe(sim, 0)
  assert notes.verdict(0) == episode.UNKNOWN
  made = notes.finish(ended='final', problem='', retries=(), duration=0.25)
  assert made.verdict[-1, 0] == episode.UNKNOWN
  assert episode.has_unknown(made.verdict) == (True, True)
  assert not made.metadata.success
  assert not made.metadata.ground_truth
  assert made.metadata.ended == 'undone'


def test_the_last_action_repeats_the_one_before(whole):
  np.testing.assert_array_equal(whole.action[-1], whole.action[-2])
  assert whole.skill[-1] == whole.skill[-2]
  assert whole.sub_task[-1] == whole.sub_task[-2]


def test_metadata_say_where_it_comes_from(whole, scene, tree):
  about = whole.metadata
  assert about.nodes == tuple(node.instruction for node in tree.nodes)
  assert about.scene_sha256 == scene.sha256
  assert about.completions == tree.completions
  assert len(about.retries) == len(about.nodes)
  assert about.versions == recorder.versions()
  assert json.loads(about.task_tree)['task'] == about.task == tree.task


def test_the_actions_can_be_carried_out_again(whole, replayed, scene):
  worlds, states = replayed
  np.testing.assert_array_equal(worlds.astype(np.float32), whole.world)
  np.testing.assert_array_equal(
    scene.state_vector(judge.stack(states)).astype(np.float32), whole.state
  )


def test_one_moment_is_judged_like_many(tree, replayed):
  _, states = replayed
  first = judge.stack([states[0]] * len(tree.nodes))
  together = judge.verdicts(
    tree,
    jax.tree.map(lambda x: np.stack([x] * 5), first),
    judge.stack(states[-5:]),
  )
  for row, state in zip(together, states[-5:], strict=True):
    np.testing.assert_array_equal(judge.verdicts(tree, first, state), row)
