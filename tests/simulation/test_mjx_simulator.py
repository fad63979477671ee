"""MJX behind the `Simulator` protocol, and against C MuJoCo.

One batch of two worlds serves all tests, because its program takes a minute
to compile where it has not been compiled before.
"""

import dataclasses

import jax
import numpy as np
import pytest
import record_replay
import throws

from sdd.scenes import physics_variation, registry, world_state
from sdd.simulation import simulator

BOTH, FIRST = np.ones(2, bool), np.array([True, False])


@pytest.fixture(scope='module')
def scene():
  return registry.load('drawer')


@pytest.fixture(scope='module')
def sim(scene):
  return simulator.make('mjx', scene, size=2)


def start(scene, sim, seeds=(0, 1)):
  worlds = [scene.initial(np.random.default_rng(seed)) for seed in seeds]
  for index, world in enumerate(worlds):
    sim.reset(index, world)
  return worlds


def moved(sim, by):
  """Actions that shift the tools from where they are."""
  command = np.stack([sim.proprioception(i) for i in range(sim.size)])
  command[:, :3] += by
  return command


def same(one, two):
  for mine, other in zip(
    dataclasses.astuple(one), dataclasses.astuple(two), strict=True
  ):
    np.testing.assert_array_equal(mine, other)


def test_both_simulators_agree_on_a_recorded_episode(scene, sim):
  recorded = record_replay.load()
  referee = simulator.make('mujoco', scene)
  _, idle = start(scene, sim)
  referee.reset(0, recorded.initial)
  sim.reset(0, recorded.initial)
  touching = []
  for action in recorded.action[:-1]:
    referee.step(action[None], np.ones(1, bool))
    sim.step(np.stack([action, action]), FIRST)
    touching.append(
      referee.scene_state(0).contact == sim.scene_state(0).contact
    )
  truth = scene.task(recorded.task).ground_truth
  here, there = sim.scene_state(0), referee.scene_state(0)
  assert truth(there)
  assert truth(here)
  assert sim.world(0).time == pytest.approx(referee.world(0).time)
  np.testing.assert_allclose(
    sim.proprioception(0), referee.proprioception(0), atol=1e-3
  )
  np.testing.assert_allclose(
    here.joint_position, there.joint_position, atol=2e-3
  )
  # What falls may come to lie elsewhere, within the drawer.
  np.testing.assert_allclose(here.link_position, there.link_position, atol=0.08)
  assert np.mean(touching) > 0.99
  np.testing.assert_array_equal(
    sim.world(1).mocap_pos, np.float32(idle.mocap_pos)
  )
  np.testing.assert_array_equal(sim.world(1).qpos, np.float32(idle.qpos))


def test_what_is_seen_is_what_c_mujoco_sees(scene, sim):
  worlds = start(scene, sim)
  referee = simulator.make('mujoco', scene, size=2)
  for index, world in enumerate(worlds):
    referee.reset(index, world)
  stay = moved(sim, 0)
  for _ in range(2):
    sim.step(stay, BOTH)
    referee.step(stay, BOTH)
  for index in range(2):  # the cabinet and all in it stand elsewhere in each
    here, there = sim.scene_state(index), referee.scene_state(index)
    for name in ('link_position', 'link_quaternion', 'link_bounds'):
      np.testing.assert_allclose(
        getattr(here, name), getattr(there, name), atol=2e-3, err_msg=name
      )
    np.testing.assert_array_equal(here.contact, there.contact)
    np.testing.assert_allclose(
      here.contact_normal, there.contact_normal, atol=5e-3
    )
    assert here.contact.any()


def test_mass_and_friction_matter_as_in_c_mujoco(scene, sim):
  referee = simulator.make('mujoco', scene, size=2)
  slides = [throws.sliding(scene), throws.sliding(scene, friction=0.5)]
  here, there = (throws.travel(scene, s, slides) for s in (sim, referee))
  assert here[1, 0] == pytest.approx(2 * here[0, 0], rel=0.05)
  np.testing.assert_allclose(here, there, atol=1e-3)
  flights = [throws.flying(scene), throws.flying(scene, mass=2.0)]
  here, there = (throws.travel(scene, s, flights) for s in (sim, referee))
  assert here[1, 1] > 2 * here[0, 1]
  np.testing.assert_allclose(here[:, 1], there[:, 1], atol=1e-3)
  assert [sim.world(k).mass for k in range(2)] == [1, 2]
  assert sim.world(1).friction == 1


@pytest.mark.long
def test_all_physics_act_as_in_c_mujoco(scene, sim):
  """Beside a world with the scene's own, in the program that both share."""
  start(scene, sim)
  sim.step(moved(sim, 0), BOTH)
  compiled = sim.compiling
  physics = physics_variation.Physics(latency=1.0, push=0.02).scaled(2)
  joint = scene.model.joint('top drawer')
  worlds = [
    physics_variation.initial(scene, seed=0, index=3, physics=each)
    for each in (None, physics)
  ]
  referee = simulator.make('mujoco', scene, size=2)
  for index, world in enumerate(worlds):
    world.qvel[joint.dofadr[0]] = 0.7
    sim.reset(index, world)
    referee.reset(index, world)
  # Gently: where torques are at their limits, MJX integrates otherwise.
  command = moved(sim, 0)
  command[:, 9] = 0.04
  for _ in range(6):
    command[:, :3] += 0.012, 0.014, 0.01
    sim.step(command, BOTH)
    referee.step(command, BOTH)
    for index in range(2):
      agree(scene, sim, referee, index)
  coasted = [sim.world(k).qpos[joint.qposadr[0]] for k in range(2)]
  damping = worlds[1].damping
  assert damping < 0.8
  assert coasted[1] == pytest.approx(coasted[0] / damping, rel=0.1)
  assert sim.compiling == compiled


def agree(scene, sim, referee, index):
  """One of the worlds of two simulators is the same, physics and all."""
  here, there = sim.world(index), referee.world(index)
  for name in ('arm_target', 'gripper_target', 'offset', 'earlier'):
    np.testing.assert_allclose(
      getattr(here, name), getattr(there, name), atol=1e-4, err_msg=name
    )
  for name in (*world_state.FACTORS, 'latency', 'push', 'push_seed'):
    assert getattr(here, name) == pytest.approx(getattr(there, name))
  arm = scene.arm_qpos
  np.testing.assert_allclose(here.qpos[arm], there.qpos[arm], atol=3e-4)
  np.testing.assert_allclose(
    sim.proprioception(index), referee.proprioception(index), atol=1e-3
  )
  np.testing.assert_allclose(
    sim.scene_state(index).joint_position,
    referee.scene_state(index).joint_position,
    atol=1e-3,
  )


def test_the_same_actions_give_the_same_bits(scene, sim):
  ends = []
  for _ in range(2):
    start(scene, sim)
    command = moved(sim, (0.05, 0.05, -0.1))
    for _ in range(3):
      sim.step(command, BOTH)
    ends.append([sim.world(0), sim.world(1)])
  for one, two in zip(*ends, strict=True):
    same(one, two)


def test_a_world_that_is_put_back_goes_on_as_it_did(scene, sim):
  start(scene, sim)
  command = moved(sim, (0.04, 0.03, 0.02))
  sim.step(command, BOTH)
  kept, other = sim.world(0), sim.world(1)
  sim.step(command, BOTH)
  once, seen = sim.world(0), sim.scene_state(1)
  sim.reset(0, kept)
  same(sim.world(0), kept)
  sim.step(command, FIRST)
  same(sim.world(0), once)
  # The other one has neither been put back nor moved since.
  assert sim.world(1).time == other.time + 0.25
  jax.tree.map(np.testing.assert_array_equal, sim.scene_state(1), seen)


def test_what_was_read_does_not_change_later(scene, sim):
  start(scene, sim)
  state, world = sim.scene_state(0), sim.world(0)
  before = state.link_position.copy(), world.qpos.copy()
  start(scene, sim, seeds=(2, 3))
  assert not np.array_equal(sim.world(0).qpos, before[1])
  np.testing.assert_array_equal(state.link_position, before[0])
  np.testing.assert_array_equal(world.qpos, before[1])


def test_a_world_that_blew_up_stays_so_and_leaves_the_other_alone(scene, sim):
  whole, _ = start(scene, sim)
  command = moved(sim, (0.02, 0.0, 0.0))
  sim.step(command, BOTH)
  alone = sim.world(0)
  speed = np.zeros_like(whole.qvel)
  speed[-1] = 1e30
  sim.reset(0, whole)
  sim.reset(1, dataclasses.replace(whole, qvel=speed))
  for _ in range(2):
    sim.step(command, BOTH)
    if sim.world(0).time < 0.3:
      same(sim.world(0), alone)
  assert np.isfinite(sim.world(0).qpos).all()
  assert not np.isfinite(sim.world(1).qpos).all()
  state = sim.scene_state(1)
  assert not any(task.ground_truth(state) for task in scene.tasks)


def test_there_are_no_other_worlds(scene, sim):
  world = scene.initial(np.random.default_rng(0))
  with pytest.raises(IndexError):
    sim.reset(2, world)
  with pytest.raises(IndexError):
    sim.scene_state(2)


def test_nothing_is_compiled_twice(scene, sim):
  start(scene, sim, (4, 5))
  sim.step(moved(sim, 0), BOTH)
  once = sim.compiling
  assert once > 0
  start(scene, sim, (6, 7))
  sim.step(moved(sim, 0), BOTH)
  sim.step(moved(sim, 0), FIRST)
  assert sim.compiling == once
