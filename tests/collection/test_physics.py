"""Episodes in worlds with drawn physics, replayed to the bit."""

import dataclasses

import numpy as np
import pytest

from sdd.collection import collector, perturbation, robustness, session
from sdd.dataset import record
from sdd.evaluation import rollout
from sdd.language import registry as providers
from sdd.language import task_tree
from sdd.scenes import physics_variation, registry
from sdd.simulation import simulator

PHYSICS = physics_variation.Physics(latency=0.5, push=0.02)
COUNT = 4


@pytest.fixture(scope='module')
def scene():
  return registry.load('transport')


@pytest.fixture(scope='module')
def episodes(scene):
  """As a dataset gives them back."""
  infer = session.trees(scene, providers.make_provider('recorded'))
  task = scene.tasks[0].sentence
  jobs = [collector.Job(index, task) for index in range(COUNT)]
  with session.collecting(
    scene, infer, seed=0, workers=0, physics=PHYSICS
  ) as attempts:
    return [record.decode(record.encode(e)) for e in attempts.run(jobs)]


def test_they_are_all_different_and_some_late(episodes):
  worlds = [episode.metadata.initial_world for episode in episodes]
  assert len({world.mass for world in worlds}) == COUNT
  assert {world.latency for world in worlds} == {0, 1}
  assert all(np.all(world.offset != 0) for world in worlds)
  assert {world.push for world in worlds} == {0.02}
  assert len({world.push_seed for world in worlds}) == COUNT


def test_actions_replay_to_the_bit(scene, episodes):
  sim = simulator.make('mujoco', scene)
  for episode in episodes:
    sim.reset(0, episode.metadata.initial_world)
    for k, action in enumerate(episode.action[:-1]):
      sim.step(action[None], np.ones(1, bool))
      np.testing.assert_array_equal(
        sim.world(0).qpos.astype(np.float32), episode.world[k + 1]
      )
      np.testing.assert_array_equal(
        sim.proprioception(0).astype(np.float32), episode.proprioception[k + 1]
      )


def test_copies_without_noise_succeed_too(scene, episodes):
  won = [each for each in episodes if each.metadata.success]
  assert won
  for episode in won:
    tree = task_tree.TaskTree.from_json(
      episode.metadata.task_tree, scene.vocabulary
    )
    outcome = robustness.robustness(
      scene, tree.root.predicate, episode, simulator.make('mujoco', scene),
      copies=1, seed=0, noise=perturbation.Noise().scaled(0),
    )  # fmt: skip
    assert outcome.share == 1


def test_copies_keep_what_noise_does_not_change(scene, episodes):
  for episode in episodes:
    world = episode.metadata.initial_world
    copy = perturbation.perturbed(
      scene, world, np.random.default_rng(0), perturbation.Noise()
    )
    for name in ('damping', 'gain', 'latency', 'offset'):
      np.testing.assert_array_equal(getattr(copy, name), getattr(world, name))
    np.testing.assert_allclose(
      copy.qpos[scene.arm_qpos], copy.arm_target + world.offset
    )


class _Still:
  """A policy that holds what it feels."""

  execution_horizon = 1

  def reset(self, seed=0):
    del seed

  def infer(self, observation):
    return observation['proprioception'][None]

  def observe(self, observation):
    del observation


def test_a_policy_meets_the_worlds_of_the_generator(scene, episodes):
  calm = dataclasses.replace(PHYSICS, push=0.0)
  sim, met = simulator.make('mujoco', scene), []
  for index in range(2):
    worlds = []
    rollout.rollout(
      _Still(), scene, scene.tasks[0].sentence, seed=0, index=index, sim=sim,
      physics=calm, watch=lambda sim, to=worlds: to.append(sim.world(0)),
    )  # fmt: skip
    met.append(worlds[0])
    # Who holds what is felt stays there, beside the truth or not.
    np.testing.assert_allclose(
      worlds[-1].arm_target, worlds[0].arm_target, atol=2e-3
    )
  by_index = {each.metadata.index: each for each in episodes}
  for index, world in enumerate(met):
    initial = by_index[index].metadata.initial_world
    for name in ('qpos', 'mass', 'friction', 'damping', 'gain', 'offset'):
      np.testing.assert_array_equal(
        getattr(world, name), getattr(initial, name), name
      )
