"""A scene's rules end episodes: fouls at once, final states after a while."""

import dataclasses

import numpy as np
import pytest
import scripted

from sdd.collection import collector
from sdd.evaluation import rollout
from sdd.scenes import scene as scene_lib
from sdd.simulation import simulator


def with_rules(scene, **rules):
  return dataclasses.replace(scene, rules=scene_lib.Rules(**rules))


def at_once(state):
  return bool(np.isfinite(state.link_position).all())


def attempt(scene, periods=100):
  tree = scripted.tree(scene, scene.tasks[0].sentence)
  planner = scripted.Planner(lambda _: scripted.hold(scene, periods))
  attempts = collector.Collector(
    scene, lambda _: tree, simulator.make('mujoco', scene), planner, seed=0
  )
  (made,) = attempts.run([collector.Job(0, tree.task)])
  return made


def test_a_foul_ends_the_episode_at_once_and_fails_it(scene):
  made = attempt(with_rules(scene, foul=at_once))
  assert made.metadata.ended == 'foul'
  assert not made.metadata.success
  assert not made.metadata.ground_truth
  assert len(made.action) == 2


@pytest.mark.parametrize('settle', [1.0, 2.5])
def test_after_a_final_state_the_robot_holds_still(scene, settle):
  made = attempt(with_rules(scene, final=at_once, settle=settle))
  assert made.metadata.ended == 'undone'
  assert made.metadata.duration == pytest.approx(0.25 + settle)
  assert np.ptp(made.action, axis=0).max() == 0
  assert made.metadata.trials[-1][:3] == (scripted.GRASP, 1, 1)


def test_what_is_the_case_after_a_final_state_counts(scene):
  always = dataclasses.replace(
    scene.tasks[0], ground_truth=lambda state: state is not None
  )
  scene = with_rules(
    dataclasses.replace(scene, tasks=(always,)), final=at_once, settle=1.0
  )
  assert attempt(scene).metadata.ground_truth


class Still:
  """A policy that stays where it is, two actions at a time."""

  execution_horizon = 2

  def __init__(self):
    self.asked = 0

  def reset(self, seed=0):
    pass

  def observe(self, observation):
    pass

  def infer(self, observation):
    self.asked += 1
    return np.tile(observation['proprioception'], (2, 1))


@pytest.mark.parametrize(
  ('rules', 'ended', 'seconds'),
  [
    ({'foul': at_once}, 'foul', 0.25),
    ({'final': at_once, 'settle': 1.5}, 'undone', 1.75),
  ],
)
def test_policies_are_under_the_same_rules(scene, rules, ended, seconds):
  policy, ruled = Still(), with_rules(scene, **rules)
  found = rollout.rollout(
    policy, ruled, scene.tasks[0].sentence, seed=0, index=0
  )
  assert (found.ended, found.seconds) == (ended, pytest.approx(seconds))
  assert policy.asked == 1
