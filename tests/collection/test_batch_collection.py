"""Episodes collected in a batch: judged and stepped by one program."""

import jax
import numpy as np
import pytest

from sdd.collection import batch_judge, collector, judge, session
from sdd.language import registry as providers
from sdd.planning import pool
from sdd.scenes import registry
from sdd.simulation import action, mjx_simulator

FIELDS = ('proprioception', 'state', 'action', 'world', 'verdict')


@pytest.fixture(scope='module')
def balance():
  return registry.load('balance')


@pytest.fixture(scope='module')
def trees(balance):
  return session.trees(balance, providers.make_provider('recorded'))


def test_worlds_are_judged_before_anything_moves(scene, infer):
  sim = mjx_simulator.MjxSimulator(scene, size=3, spec=action.ActionSpec())
  tree = infer(scene.tasks[0].sentence)
  judges = batch_judge.BatchJudges(sim, [tree])
  for index in range(3):
    sim.reset(index, scene.initial(np.random.default_rng(index)))
  ours = [judges.enter(index, tree) for index in range(3)]
  alone = judge.SingleJudge(tree)
  alone.see(sim.scene_state(1))
  for each in ours:
    each.see(sim.scene_state(1))
  for node in range(len(tree.nodes)):
    assert ours[1].verdict(node) == alone.verdict(node)
  np.testing.assert_array_equal(ours[1].timeline(), alone.timeline())


def collect(balance, trees, size, lanes, count):
  """Episodes by index, from `size` worlds of which `lanes` move at once."""
  spec = action.ActionSpec()
  sim = mjx_simulator.MjxSimulator(balance, size=size, spec=spec, lanes=lanes)
  attempts = collector.Collector(
    balance, trees, sim, pool.InlinePlanner(), seed=0
  )
  jobs = [collector.Job(k, balance.tasks[0].sentence) for k in range(count)]
  return {made.metadata.index: made for made in attempts.run(jobs)}


@pytest.mark.long
def test_an_episode_is_its_own_whoever_moves_beside_it(balance, trees):
  alone = collect(balance, trees, 1, 1, 2)
  among = collect(balance, trees, 5, 2, 5)
  assert sorted(among) == [0, 1, 2, 3, 4]
  for made in among.values():
    assert made.metadata.success
    assert made.metadata.ground_truth
  for index, made in alone.items():
    other = among[index]
    assert other.metadata.ended == made.metadata.ended
    assert other.metadata.trials == made.metadata.trials
    jax.tree.map(
      lambda a, b: np.testing.assert_allclose(a, b, atol=1e-3),
      [getattr(made, name) for name in FIELDS],
      [getattr(other, name) for name in FIELDS],
    )
