"""A batch's program judges as a judge of each single world does."""

import jax
import numpy as np
import pytest

from sdd.collection import batch_judge, judge, replay
from sdd.simulation import action, simulator

WORLDS, MOMENTS = 3, 12


class Playback:
  """Worlds that go through stored states, watched like those of a batch."""

  lanes, compiling = WORLDS, 0.0

  def __init__(self, scene, states):
    self.scene, self.size, self.spec = scene, WORLDS, action.ActionSpec()
    self._states = states  # (moments, worlds, ...)
    self.moment = np.zeros(WORLDS, int)

  def now(self):
    worlds = np.arange(WORLDS)
    return jax.tree.map(lambda x: x[self.moment, worlds], self._states)

  def watch(self, watch, asked):
    self._look = jax.jit(jax.vmap(watch.look))
    self._memory = jax.vmap(watch.memory)(self.now())
    self.look(asked)

  def look(self, asked):
    now = self.now()
    self._memory, self._reading = self._look(self._memory, asked, now, now)

  def step(self, actions, active, asked=None):
    before, memory, reading = self.now(), self._memory, self._reading
    self.moment = self.moment + active
    found = self._look(memory, asked, before, self.now())
    keep = [
      np.where(active.reshape(-1, *(1,) * (new.ndim - 1)), new, old)
      for new, old in zip(
        jax.tree.leaves(found), jax.tree.leaves((memory, reading)), strict=True
      )
    ]
    self._memory, self._reading = jax.tree.unflatten(
      jax.tree.structure(found), keep
    )

  def reading(self, index):
    return np.asarray(self._reading[index])

  def scene_state(self, index):
    return jax.tree.map(lambda x: x[index], self.now())

  def reset(self, index, world):
    raise AssertionError('not used')

  def world(self, index):
    raise AssertionError('not used')

  def proprioception(self, index):
    raise AssertionError('not used')


@pytest.fixture(scope='module')
def states(whole, scene):
  """(moments, worlds, ...): three stretches of a stored episode."""
  found = replay.Replay(scene).states(whole)
  last = len(whole.action) - MOMENTS
  starts = np.array([0, last // 2, last])
  moments = starts + np.arange(MOMENTS)[:, None]
  return jax.tree.map(lambda x: np.asarray(x, x.dtype)[moments], found)


@pytest.fixture(scope='module')
def trees(scene, infer):
  """Of tasks that share sub-tasks, and of different sizes."""
  sentences = [task.sentence for task in scene.tasks]
  assert len({len(infer(task).nodes) for task in sentences}) >= 1
  return [infer(task) for task in sentences[:3]]


@pytest.mark.parametrize('alike', [True, False])
def test_a_batch_judges_as_single_judges_do(scene, states, trees, alike):
  trees = [trees[0]] * WORLDS if alike else trees
  sim = Playback(scene, states)
  assert isinstance(sim, simulator.WatchingSimulator)
  batch = batch_judge.BatchJudges(sim, trees)
  ours = [batch.enter(k, trees[k]) for k in range(WORLDS)]
  theirs = [judge.SingleJudge(tree) for tree in trees]
  rng = np.random.default_rng(0)
  for k in range(WORLDS):
    ours[k].see(sim.scene_state(k))
    theirs[k].see(sim.scene_state(k))
  for _ in range(30):
    _begin_some(rng, ours, theirs, trees)
    for k in range(WORLDS):
      for node in range(len(trees[k].nodes)):
        assert ours[k].verdict(node) == theirs[k].verdict(node)
    active = (rng.random(WORLDS) < 0.6) & (sim.moment < MOMENTS - 1)
    batch.step(np.zeros((WORLDS, 10), np.float32), active)
    for k in np.flatnonzero(active):
      ours[k].see(sim.scene_state(k))
      theirs[k].see(sim.scene_state(k))
  found = [each.timeline() for each in ours]
  for mine, other in zip(found, theirs, strict=True):
    np.testing.assert_array_equal(mine, other.timeline())
  assert len(np.unique(np.concatenate(found, axis=None))) > 1


def test_a_new_attempt_forgets_the_one_before(scene, states, trees):
  sim = Playback(scene, states)
  batch = batch_judge.BatchJudges(sim, trees)
  batch.enter(0, trees[0]).see(sim.scene_state(0))
  active = np.ones(WORLDS, bool)
  for _ in range(5):
    batch.step(np.zeros((WORLDS, 10), np.float32), active)
  anew, alone = batch.enter(0, trees[1]), judge.SingleJudge(trees[1])
  for each in (anew, alone):
    each.see(sim.scene_state(0))
  np.testing.assert_array_equal(anew.timeline(), alone.timeline())


def test_what_trees_have_in_common_is_computed_once(trees):
  program = batch_judge.TreeWatch(tuple(trees))
  entries, order = program._entries
  assert len(entries) < sum(len(tree.nodes) for tree in trees)
  for row, tree in zip(order, trees, strict=True):
    found = [entries[k].predicate for k in row[: len(tree.nodes)]]
    assert found == [node.predicate for node in tree.nodes]


def _begin_some(rng, ours, theirs, trees):
  for mine, other, tree in zip(ours, theirs, trees, strict=True):
    for node in np.flatnonzero(rng.random(len(tree.nodes)) < 0.15):
      mine.begin(int(node))
      other.begin(int(node))
