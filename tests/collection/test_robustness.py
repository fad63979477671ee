"""Robustness of recorded successes, really replayed in perturbed worlds."""

import dataclasses

import numpy as np
import pytest

from sdd import errors
from sdd.collection import collector, perturbation, robustness, session
from sdd.language import registry as providers
from sdd.language import task_tree
from sdd.predicates import predicate
from sdd.scenes import registry
from sdd.simulation import simulator

NONE = perturbation.Noise().scaled(0)


@pytest.fixture(scope='module')
def sim(scene):
  return simulator.make('mujoco', scene, size=4)


def root_of(episode, scene):
  tree = task_tree.TaskTree.from_json(
    episode.metadata.task_tree, scene.vocabulary
  )
  return tree.root.predicate


@pytest.fixture(scope='module')
def root(whole, scene):
  return root_of(whole, scene)


@pytest.fixture(scope='module')
def brief(whole, scene):
  """The first seconds, in which the arm does not yet touch anything."""
  short = {
    name: getattr(whole, name)[:6]
    for name in ('action', 'world', 'proprioception', 'state', 'verdict')
  }
  return dataclasses.replace(
    whole, **short, sub_task=whole.sub_task[:6], skill=whole.skill[:6]
  )


def code(scene, text):
  return predicate.compile_predicate(text, scene.vocabulary)


def measured(scene, root, episode, sim, copies=4, **more):
  return robustness.robustness(
    scene, root, episode, sim, copies=copies, seed=0, **more
  )


def test_without_noise_every_copy_of_a_success_succeeds(
  scene, root, whole, sim
):
  outcome = measured(scene, root, whole, sim, copies=1, noise=NONE)
  assert outcome == robustness.Outcome(copies=1, successes=1)
  assert outcome.share == 1
  made = robustness.labelled(whole, outcome).metadata
  assert (made.robustness, made.robustness_copies) == (1, 1)


@pytest.mark.parametrize('name', ['catapult', 'transport'])
def test_that_holds_in_scenes_with_rules_latches_and_shapes(name):
  scene = registry.load(name)
  infer = session.trees(scene, providers.make_provider('recorded'))
  job = collector.Job(0, scene.tasks[0].sentence)
  with session.collecting(scene, infer, seed=0, workers=0) as attempts:
    (episode,) = attempts.run([job])
  assert episode.metadata.success
  sim = simulator.make('mujoco', scene)
  found = measured(
    scene, root_of(episode, scene), episode, sim, copies=1, noise=NONE
  )
  assert found.share == 1
  assert sim.world(0).time == pytest.approx(episode.metadata.duration)
  np.testing.assert_array_equal(
    sim.world(0).qpos.astype(np.float32), episode.world[-1]
  )


def test_more_noise_does_not_help(scene, root, whole, sim):
  shares = [
    measured(
      scene, root, whole, sim, copies=2, noise=perturbation.Noise().scaled(by)
    ).share
    for by in (0.1, 8)
  ]
  assert 1 >= shares[0] > shares[1] >= 0


def test_the_size_of_the_batch_does_not_matter(scene, brief):
  """Nor does what the simulator did before."""
  pose = brief.metadata.initial_world.qpos[scene.free_qpos('crayon box')]
  moved = code(
    scene, f"get_pose(final_state, 'crayon box').position[0] > {pose:.4f}"
  )
  found = {
    measured(
      scene, moved, brief, simulator.make('mujoco', scene, size=size),
      copies=12,
    )
    for size in (1, 5, 16)
  }  # fmt: skip
  (outcome,) = found
  assert 0 < outcome.successes < 12


def test_what_nobody_can_say_is_no_success(scene, brief, sim):
  unknowable = code(
    scene, "1 / (get_pose(final_state, 'table').position[0] * 0) > 0"
  )
  outcome = measured(scene, unknowable, brief, sim)
  assert outcome == robustness.Outcome(copies=4, successes=0, unknown=4)
  assert outcome.share == 0


def test_the_floor_fails_a_copy_whatever_the_predicate_says(scene, brief, sim):
  qpos = brief.metadata.initial_world.qpos.copy()
  at = scene.free_qpos('crayon box')
  qpos[at : at + 3] = (1.2, -0.3, -0.55)
  initial = {**brief.metadata.initial, 'qpos': qpos}
  dropping = dataclasses.replace(
    brief, metadata=dataclasses.replace(brief.metadata, initial=initial)
  )
  always = code(scene, "get_pose(final_state, 'table').position[2] < 9")
  assert measured(scene, always, brief, sim).share == 1
  outcome = measured(scene, always, dropping, sim)
  assert outcome == robustness.Outcome(copies=4, successes=0, floor=4)


def test_a_foul_fails_a_copy_whatever_the_predicate_says(scene, brief, sim):
  strict = dataclasses.replace(
    scene,
    rules=dataclasses.replace(scene.rules, foul=lambda state: True),
  )
  always = code(scene, "get_pose(final_state, 'table').position[2] < 9")
  outcome = measured(strict, always, brief, sim)
  assert outcome == robustness.Outcome(copies=4, successes=0, foul=4)


def test_after_a_final_state_the_robot_holds_still(scene, brief, sim):
  """For the time that the scene takes to settle, and no longer."""
  ending = dataclasses.replace(
    scene,
    rules=dataclasses.replace(
      scene.rules, final=lambda state: True, settle=1.0
    ),
  )
  always = code(scene, "get_pose(final_state, 'table').position[2] < 9")
  assert measured(ending, always, brief, sim).share == 1
  for k in range(4):
    assert sim.world(k).time == pytest.approx(1 / 4 + 1.0)


def test_an_episode_without_actions_is_judged_where_it_begins(
  scene, brief, sim
):
  still = dataclasses.replace(brief, action=brief.action[:1])
  closed = code(scene, "check_closed(final_state, 'top drawer')")
  assert measured(scene, closed, still, sim).share == 1
  opened = code(scene, "check_opened(final_state, 'top drawer')")
  assert measured(scene, opened, still, sim).share == 0


def test_another_model_is_refused(scene, root, brief, sim):
  about = dataclasses.replace(brief.metadata, scene_sha256='f' * 64)
  other = dataclasses.replace(brief, metadata=about)
  with pytest.raises(errors.SddError, match='ffffffffffff'):
    measured(scene, root, other, sim)


def test_no_copies_are_refused(scene, root, brief, sim):
  with pytest.raises(errors.SddError, match='at least 1'):
    measured(scene, root, brief, sim, copies=0)
