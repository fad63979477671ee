"""The planar baseline points straight down, draws nothing, and may fail."""

import dataclasses

import driving
import numpy as np
import pytest

from sdd.language import skill as skill_lib
from sdd.planning import motion, skills
from sdd.simulation import action

GRASP = skill_lib.Skill('grasp', 'vitamin bottle')


def ask(world, skill, *, seed, holding=None):
  request = motion.Request('drawer', world, skill, holding, (seed,), 'planar')
  return skills.answer(request)


@pytest.fixture(scope='module')
def reachable(scene):
  """A world with the bottle in the middle of the table, clear of others."""
  world = scene.initial(np.random.default_rng(0))
  qpos = world.qpos.copy()
  start = scene.free_qpos('vitamin bottle')
  qpos[start : start + 7] = (0.5, -0.3, 0.043, 1, 0, 0, 0)
  for k, other in enumerate(('purple pencilcase', 'crayon box', 'horse toy')):
    start = scene.free_qpos(other)
    qpos[start : start + 2] = 0.3 + 0.15 * k, 0.1
  return dataclasses.replace(world, qpos=qpos)


def test_a_grasp_comes_from_straight_above_and_holds(sim, reachable):
  found = ask(reachable, GRASP, seed=0).motion
  assert found is not None
  _, rotation, _ = action.decode(np, found.actions[-1].astype(float))
  np.testing.assert_allclose(rotation, driving.DOWN, atol=1e-3)
  driving.execute(sim, reachable, found.actions)
  assert driving.held_by(sim.scene, sim.scene_state(0)) == 'vitamin bottle'


def test_what_was_grasped_can_be_put_down(sim, reachable):
  found = ask(reachable, GRASP, seed=0).motion
  assert found is not None
  driving.execute(sim, reachable, found.actions)
  skill = skill_lib.Skill('place', 'vitamin bottle', target='table')
  placed = ask(sim.world(0), skill, seed=0, holding='vitamin bottle').motion
  assert placed is not None
  driving.execute(sim, sim.world(0), placed.actions)
  state = sim.scene_state(0)
  assert driving.held_by(sim.scene, state) is None
  place = state.link_position[sim.scene.vocabulary.index('vitamin bottle')]
  table = state.link_position[sim.scene.vocabulary.index('table')]
  assert np.linalg.norm(place[:2] - table[:2]) < 0.05


def test_another_draw_ends_at_the_same_pose(reachable):
  poses = []
  for seed in (1, 2):
    found = ask(reachable, GRASP, seed=seed).motion
    assert found is not None
    assert found.holding is not None
    poses.append(found.actions[found.holding[0]])
  np.testing.assert_allclose(*poses, atol=1e-6)


def test_a_handle_before_a_cabinet_cannot_be_had_from_above(reachable):
  answer = ask(reachable, driving.opening('top'), seed=0)
  assert answer.motion is None
  assert answer.reason
