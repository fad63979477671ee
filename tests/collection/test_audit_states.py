"""States for audits: what groups hold, and that they are what was seen."""

import dataclasses

import jax
import numpy as np
import pytest
import scripted

from sdd.collection import (
  audit_states,
  collector,
  judge,
  random_motion,
  recorder,
  session,
  witness,
)
from sdd.language import registry as providers
from sdd.planning import pool
from sdd.predicates import audit, predicate
from sdd.scenes import registry, robots
from sdd.simulation import action, simulator

TASK = 'balance the bus on the block'
SHARE = 24


@pytest.fixture(scope='module')
def balance():
  return registry.load('balance')


@pytest.fixture(scope='module')
def trees(balance):
  return session.trees(balance, providers.make_provider('recorded'))


def gathered(scene, trees, *, seed=0, planner=None, simulator_name='mujoco'):
  sim = simulator.make(simulator_name, scene, size=2)
  seen = []
  gathering = audit_states.Gathering(
    sim, seed, SHARE, lambda count, what: seen.append((what, count))
  )
  planner = planner or pool.make(0, scene.name)
  return audit_states.gather(gathering, trees, [TASK], planner), seen


@pytest.fixture(scope='module')
def groups(balance, trees):
  return gathered(balance, trees)


def test_there_are_enough_states_of_every_kind(groups):
  found, seen = groups
  names = [group.name for group in found]
  assert names == [
    'reset', 'waiting', 'random motion', 'scripted motion', 'holding still',
  ]  # fmt: skip
  for group in found[:4]:
    assert group.size >= SHARE, group.name
  assert not any(group.broken.any() for group in found)
  assert {what for what, _ in seen} == set(audit_states.STAGES)
  told = sum(count for _, count in seen)
  assert told >= sum(group.size for group in found[:4])


def test_runs_begin_at_reset(groups):
  for group in groups[0][:1] + groups[0][2:4]:
    begun = np.flatnonzero(~group.follows)
    for index in begun:
      for one, other in zip(
        jax.tree.leaves(group.initial),
        jax.tree.leaves(group.final),
        strict=True,
      ):
        np.testing.assert_array_equal(one[index], other[index])


def test_what_waited_is_compared_with_the_reset(groups):
  reset, waiting, *_ = groups[0]
  begun = np.flatnonzero(~waiting.follows)
  assert len(begun) <= reset.size
  for name in ('link_position', 'link_bounds', 'gripper_command'):
    np.testing.assert_array_equal(
      getattr(waiting.initial, name)[begun],
      getattr(reset.final, name)[: len(begun)],
    )


def test_worlds_are_those_of_a_collection_with_that_seed(
  groups, balance, trees
):
  with session.collecting(balance, trees, seed=0, workers=0) as attempts:
    sim = witness.Witness(attempts.sim, lambda count: None)
    attempts.sim = sim
    (episode,) = attempts.run([collector.Job(0, TASK)])
  assert len(sim.runs[0]) == len(episode.action)
  scripted = groups[0][3]
  for index, state in enumerate(sim.runs[0]):
    for one, other in zip(
      jax.tree.leaves(scripted.final), jax.tree.leaves(state), strict=True
    ):
      np.testing.assert_array_equal(one[index], np.asarray(other, one.dtype))


def test_the_same_seed_gives_the_same_states(groups, balance, trees):
  again, _ = gathered(balance, trees)
  for one, other in zip(groups[0], again, strict=True):
    jax.tree.map(np.testing.assert_array_equal, one.final, other.final)


def test_what_is_held_still_hardly_moves(groups):
  held = groups[0][-1]
  later = held.follows
  assert later.sum() >= 8
  assert held.still[later].mean() > 0.7
  moved = np.abs(np.diff(held.final.link_position, axis=0))[later[1:]]
  assert moved.max() > 1e-6  # but it does


def test_a_limit_at_which_something_happens_to_lie_flickers(groups, balance):
  held = groups[0][-1]
  bus = held.final.link_position[:, balance.vocabulary.index('bus'), 2]
  spells = [bus[held.spell == k] for k in range(held.spell[-1] + 1)]
  limits = [np.median(heights) for heights in spells if len(heights) > 4]
  codes = [
    f"get_pose(final_state, 'bus').position[2] > {limit:.9f}"
    for limit in limits
  ]
  tables = [
    audit.audit(predicate.compile_predicate(code, balance.vocabulary), [held])
    for code in codes
  ]
  found = [each.kind for table in tables for each in table.problems]
  assert 'flicker' in found


def test_the_recorded_predicates_have_no_problem(groups, balance, trees):
  found, _ = groups
  tree = trees(TASK)
  rule = balance.task(TASK).ground_truth
  judged = [group.judged(audit_states.truth(group, rule)) for group in found]
  table = audit.audit(tree.root.predicate, judged)
  assert table.usable, table.problems
  assert sum(row.both_true for row in table.rows)


def test_waiting_shows_what_holds_of_itself(balance, trees):
  def sample(this, rng):
    world = balance.sample(this, rng)
    world.qpos[balance.free_qpos('bus') + 2] += 0.002  # above the table
    return world

  scene = dataclasses.replace(balance, sample=sample)
  found, _ = gathered(scene, trees)
  code = "check_contact(final_state, 'bus', 'table')"
  made = predicate.compile_predicate(code, balance.vocabulary)
  table = audit.audit(made, found)
  reset, waiting, *_ = table.rows
  assert reset.true == 0
  assert waiting.true > 0
  assert table.problems[0].kind == 'reset'
  assert not table.usable


def test_a_world_that_blew_up_does_not_end_the_gathering(balance, trees):
  def sample(this, rng):
    world = balance.sample(this, rng)
    broken = np.full_like(world.qpos, np.nan)
    return dataclasses.replace(world, qpos=broken)

  scene = dataclasses.replace(balance, sample=sample)
  nothing = scripted.Planner(lambda request: None)
  found, _ = gathered(scene, trees, planner=nothing)
  table = audit.audit(trees(TASK).root.predicate, found)
  for row in table.rows:
    assert row.unknown == row.broken == row.n > 0
  assert ('unknown', 'warn') in {(p.kind, p.severity) for p in table.problems}


def test_random_motions_are_sensible(balance):
  sim = simulator.make('mujoco', balance, size=1)
  tool, state = sim.proprioception(0), sim.scene_state(0)
  for seed in range(50):
    rng = np.random.default_rng(seed)
    chunk = random_motion.chunk(balance, state, tool, rng, rate_hz=4.0)
    assert chunk.shape[1] == action.DIMENSION
    assert np.isfinite(chunk).all()
    position, rotation, opening = action.decode(np, chunk.astype(float))
    assert (np.linalg.norm(np.diff(position, axis=0), axis=1) < 0.08).all()
    assert rotation[-1, 2, 2] < -0.8  # points down
    assert opening[-1] in (0.0, np.float32(robots.DEFAULT.stroke))


def test_recorder_and_audit_see_the_same_states(balance, trees):
  sim = witness.Witness(
    simulator.make('mujoco', balance, size=1), lambda count: None
  )
  world = balance.initial(np.random.default_rng(0))
  sim.reset(0, world)
  origin = recorder.Origin(0, 0, TASK, trees(TASK))
  single = judge.SingleJudge(origin.tree)
  notes = recorder.Recorder(balance, origin, world, single)
  notes.observe(sim, 0)
  sim.step(sim.proprioception(0)[None], np.ones(1, bool))
  notes.observe(sim, 0)
  assert all(a is b for a, b in zip(notes.states, sim.runs[0], strict=True))


@pytest.mark.long
def test_mjx_shows_much_the_same(groups, balance, trees):
  found, _ = gathered(balance, trees, simulator_name='mjx')
  rule, root = balance.task(TASK).ground_truth, trees(TASK).root.predicate
  judged = [group.judged(audit_states.truth(group, rule)) for group in found]
  assert [g.name for g in found] == [g.name for g in groups[0]]
  np.testing.assert_allclose(
    found[0].final.link_position,
    groups[0][0].final.link_position,
    atol=1e-5,
  )
  table = audit.audit(root, judged)
  assert table.usable, table.problems
  assert not any(row.unknown for row in table.rows)
