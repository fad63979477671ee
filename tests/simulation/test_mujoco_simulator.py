"""C MuJoCo behind the `Simulator` protocol."""

import dataclasses

import jax
import mujoco
import numpy as np
import pytest
from jax import numpy as jnp

from sdd import errors
from sdd.scenes import registry, robots
from sdd.simulation import action, extraction, simulator

ALL = np.ones(1, bool)


@pytest.fixture(scope='module')
def scene():
  return registry.load('drawer')


@pytest.fixture(scope='module')
def sim(scene):
  return simulator.make('mujoco', scene)


def start(scene, sim, seed=0):
  world = scene.initial(np.random.default_rng(seed))
  sim.reset(0, world)
  return world


def moved(sim, by, opening=0.11):
  """An action that shifts the tool from where it is."""
  command = sim.proprioception(0).astype(np.float32)
  command[:3] += np.asarray(by, np.float32)
  command[9] = opening
  return command[None]


def test_a_held_action_brings_the_tool_to_its_pose(scene, sim):
  start(scene, sim)
  command = moved(sim, (0.05, -0.08, 0.06), opening=0.05)
  for _ in range(6):
    sim.step(command, ALL)
  reached = sim.proprioception(0)
  np.testing.assert_allclose(reached[:3], command[0, :3], atol=2e-3)
  np.testing.assert_allclose(reached[3:9], command[0, 3:9], atol=5e-3)
  assert abs(reached[9] - 0.05) < 2e-3


def test_no_joint_moves_faster_than_it_may(scene, sim):
  world = start(scene, sim)
  sim.step(moved(sim, (-0.6, 1.0, 0.4)), ALL)
  step = np.abs(sim.world(0).arm_target - world.arm_target)
  assert np.all(step <= 0.25 * np.array(robots.DEFAULT.arm.speed) + 1e-9)


def test_the_same_actions_give_the_same_bits(scene, sim):
  ends = []
  for _ in range(2):
    start(scene, sim)
    command = moved(sim, (0.05, 0.05, -0.1))
    for _ in range(4):
      sim.step(command, ALL)
    ends.append(sim.world(0))
  for one, two in zip(
    dataclasses.astuple(ends[0]), dataclasses.astuple(ends[1]), strict=True
  ):
    np.testing.assert_array_equal(one, two)


def test_a_world_that_is_put_back_goes_on_alike(scene, sim):
  start(scene, sim)
  command = moved(sim, (0.04, 0.03, 0.02))
  sim.step(command, ALL)
  kept = sim.world(0)
  sim.step(command, ALL)
  once = sim.world(0)
  sim.reset(0, kept)
  again = sim.world(0)
  np.testing.assert_array_equal(again.qpos, kept.qpos)
  sim.step(command, ALL)
  # Nearly: the solver starts from other forces than it would have.
  np.testing.assert_allclose(sim.world(0).qpos, once.qpos, atol=1e-4)
  assert sim.world(0).time == pytest.approx(once.time)


def test_only_active_worlds_move(scene):
  sim = simulator.make('mujoco', scene, size=2)
  world = scene.initial(np.random.default_rng(1))
  for index in range(2):
    sim.reset(index, world)
  command = np.tile(moved(sim, (0.05, 0, 0)), (2, 1))
  sim.step(command, np.array([True, False]))
  assert sim.world(0).time == pytest.approx(0.25)
  assert sim.world(1).time == 0
  np.testing.assert_array_equal(sim.world(1).qpos, world.qpos)


def test_contacts_are_symmetric_and_point_from_first_to_second(scene, sim):
  start(scene, sim)
  stay = moved(sim, (0, 0, 0))
  for _ in range(2):
    sim.step(stay, ALL)
  state, words = sim.scene_state(0), scene.vocabulary
  np.testing.assert_array_equal(state.contact, state.contact.T)
  np.testing.assert_allclose(
    state.contact_normal, -np.swapaxes(state.contact_normal, 0, 1)
  )
  table = words.index('table')
  for name in ('crayon box', 'horse toy'):
    assert state.contact[table, words.index(name)]
    up = state.contact_normal[table, words.index(name)]
    np.testing.assert_allclose(up, (0, 0, 1), atol=1e-3)


def test_bounds_hold_every_corner(scene, sim):
  world = start(scene, sim, seed=5)
  state, model = sim.scene_state(0), scene.model
  data = mujoco.MjData(model)
  data.qpos[:] = world.qpos
  data.mocap_pos[:], data.mocap_quat[:] = world.mocap_pos, world.mocap_quat
  mujoco.mj_kinematics(model, data)
  corners = np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T
  for index, link in enumerate(scene.vocabulary.links):
    lower, upper = state.link_bounds[index]
    for name in link.geoms:
      geom = model.geom(name).id
      if model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_BOX:
        turned = data.geom_xmat[geom].reshape(3, 3)
        points = (
          data.geom_xpos[geom] + corners * model.geom_size[geom] @ turned.T
        )
        assert np.all(points >= lower - 1e-9)
        assert np.all(points <= upper + 1e-9)


def test_extraction_is_the_same_in_jax(scene, sim):
  start(scene, sim)
  sim.step(moved(sim, (0, 0, 0)), ALL)
  model, world = scene.model, sim.world(0)
  data = mujoco.MjData(model)
  data.qpos[:] = world.qpos
  data.mocap_pos[:], data.mocap_quat[:] = world.mocap_pos, world.mocap_quat
  mujoco.mj_forward(model, data)
  physics = {
    'qpos': data.qpos,
    'xpos': data.xpos,
    'xquat': data.xquat,
    'geom_xpos': data.geom_xpos,
    'geom_xmat': data.geom_xmat.reshape(-1, 3, 3),
    'contact_geom': data.contact.geom,
    'contact_distance': data.contact.dist,
    'contact_normal': data.contact.frame[:, :3],
  }
  table = extraction.link_table(scene)
  mine, others = (
    extraction.extract(
      xp,
      table,
      extraction.Physics(**{k: xp.asarray(v) for k, v in physics.items()}),
      xp.asarray(0.1),
    )
    for xp in (np, jnp)
  )
  for one, two in zip(
    jax.tree.leaves(mine), jax.tree.leaves(others), strict=True
  ):
    np.testing.assert_allclose(one, two, atol=1e-5)


def test_unknown_simulators_are_explained(scene):
  with pytest.raises(errors.UnknownNameError, match="mean 'mujoco'"):
    simulator.make('mujuco', scene)
  assert action.ActionSpec().rate_hz == 4
