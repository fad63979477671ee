"""Worlds with other damping, servos, joint offset and latency."""

import dataclasses

import mujoco
import numpy as np
import pytest

from sdd import errors
from sdd.scenes import registry
from sdd.simulation import controller, simulator, tuning

SCENES = (
  'balance', 'catapult', 'transport', 'mailbox', 'drawer', 'drawer@panda',
)  # fmt: skip
ALL = np.ones(1, bool)
DRAWER = 'top drawer'
OFFSET = np.array([0.01, -0.008, 0.006, 0.012, -0.01, 0.015])


@pytest.fixture(scope='module')
def scene():
  return registry.load('drawer')


@pytest.fixture(scope='module')
def sim(scene):
  return simulator.make('mujoco', scene)


@pytest.fixture(scope='module')
def world(scene):
  return scene.initial(np.random.default_rng(0))


def changed(name, **factors):
  """Fields of the scene's model, and what the factors make of them."""
  scene = registry.load(name)
  model = scene.fresh_model()
  found = tuning.Tuning(scene).fields(
    lambda field: getattr(model, field), **factors
  )
  assert set(found) == set(tuning.FIELDS)
  return scene, model, found


@pytest.mark.parametrize('name', SCENES)
def test_factors_of_one_change_no_bit(name):
  _, model, found = changed(name, damping=1.0, gain=1.0)
  for field, value in found.items():
    np.testing.assert_array_equal(value, getattr(model, field), field)


@pytest.mark.parametrize('name', SCENES)
def test_only_joints_of_the_world_are_damped_more(name):
  scene, model, found = changed(name, damping=2.0, gain=1.0)
  mine = set(scene.vocabulary.joints)
  for dof in range(model.nv):
    joint = model.joint(model.dof_jntid[dof])
    factor = 2 if joint.name in mine else 1
    for field in ('dof_damping', 'dof_frictionloss'):
      assert found[field][dof] == factor * getattr(model, field)[dof]


@pytest.mark.parametrize('name', SCENES)
def test_stiffer_servos_are_as_well_damped(name):
  scene, model, found = changed(name, damping=1.0, gain=4.0)
  arm = [model.actuator(joint).id for joint in scene.robot.arm.joints]
  stiffness = found['actuator_gainprm'][:, 0] / model.actuator_gainprm[:, 0]
  bias = found['actuator_biasprm'][:, 1:3] / model.actuator_biasprm[:, 1:3]
  for servo in range(model.nu):
    expected = (4, 4, 2) if servo in arm else (1, 1, 1)
    assert (stiffness[servo], *bias[servo]) == expected


def act(sim, world, actions):
  """Every world on the way, the first one included."""
  sim.reset(0, world)
  met = [sim.world(0)]
  for action in actions:
    sim.step(action[None], ALL)
    met.append(sim.world(0))
  return met


def held(sim, world, count, by=(0.0, 0.0, 0.0)):
  """Actions that send the tool beside where it is."""
  sim.reset(0, world)
  action = sim.proprioception(0)
  action[:3] += by
  return np.repeat(action[None], count, axis=0)


def same(one, two):
  for mine, other in zip(
    dataclasses.astuple(one), dataclasses.astuple(two), strict=True
  ):
    np.testing.assert_array_equal(mine, other)


def test_the_scenes_own_values_change_no_bit(sim, world):
  actions = held(sim, world, 4, by=(0.05, 0.05, -0.1))
  plain = act(sim, world, actions)
  spelt = dataclasses.replace(
    world, damping=1.0, gain=1.0, offset=np.zeros(6), latency=0,
    earlier=np.append(world.arm_target, 0.02),
  )  # fmt: skip
  for one, other in zip(plain, act(sim, spelt, actions), strict=True):
    same(one, other)


def turning(scene, sim, world, gain):
  """By how much the first joint leads its command, in shares of its lag.

  The whole arm turns about the vertical, as fast as it may. What a command
  begins to do in a physics step is seen at the end of it.
  """
  sim.reset(0, world)
  action, turn = sim.proprioception(0), 2.0
  about = np.array(
    [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0] * 3]
  )
  about[2, 2] = 1
  action[:3] = about @ action[:3]
  rotation = np.vstack([action[3:9].reshape(2, 3), np.zeros(3)])
  rotation[2] = np.cross(rotation[0], rotation[1])
  action[3:9] = (about @ rotation)[:2].ravel()
  actions = np.repeat(action[None], 2, axis=0)
  end = act(sim, dataclasses.replace(world, gain=gain), actions)[-1]
  first = scene.arm_qpos[0]
  lag = controller.make(scene, sim.spec).lag[0]
  speed = scene.robot.arm.speed[0]
  ahead = (end.qpos[first] - end.arm_target[0]) / speed
  return (ahead - scene.model.opt.timestep) / lag


def test_the_feed_forward_is_wrong_by_the_root_of_the_gain(scene, sim, world):
  for gain in (1.0, 0.5, 2.0, 4.0):
    lead = turning(scene, sim, world, gain)
    assert lead == pytest.approx(1 - gain**-0.5, abs=0.02)


def test_latency_is_one_period(scene, sim, world):
  actions = held(sim, world, 6, by=(0.05, -0.08, 0.06))
  actions[:, 9] = 0.03
  prompt = act(sim, world, actions)
  late = act(sim, dataclasses.replace(world, latency=1), actions)
  robot = np.concatenate([scene.arm_qpos, scene.finger_qpos])
  np.testing.assert_allclose(
    [one.qpos[robot] for one in late[1:]],
    [one.qpos[robot] for one in prompt[:-1]],
    atol=1e-9,
  )
  assert np.ptp([one.qpos[robot] for one in prompt], axis=0).max() > 0.1
  for one, other in zip(late, prompt, strict=True):
    np.testing.assert_array_equal(one.arm_target, other.arm_target)
    assert one.gripper_target == other.gripper_target


def test_a_late_world_that_is_put_back_goes_on_alike(sim, world):
  late = dataclasses.replace(world, latency=1, offset=OFFSET, gain=0.8)
  actions = held(sim, late, 4, by=(0.05, -0.08, 0.06))
  met = act(sim, late, actions)
  again = act(sim, met[2], actions[2:])
  same(again[0], met[2])
  np.testing.assert_allclose(again[-1].qpos, met[-1].qpos, atol=1e-6)
  np.testing.assert_array_equal(again[-1].earlier, met[-1].earlier)


def test_the_tool_stands_beside_by_the_jacobian(scene, sim, world):
  model, data = scene.fresh_model(), mujoco.MjData(scene.model)
  actions = held(sim, world, 4, by=(0.03, 0.02, 0.02))
  beside = act(sim, dataclasses.replace(world, offset=OFFSET), actions)[-1]
  believed = sim.proprioception(0)
  plain = act(sim, world, actions)[-1]
  tools = []
  for end in (plain, beside):
    data.qpos[:] = end.qpos
    mujoco.mj_forward(model, data)
    tools.append(data.site('tcp').xpos.copy())
  data.qpos[:] = (plain.qpos + beside.qpos) / 2  # the chord's own slope
  mujoco.mj_forward(model, data)
  slope = np.zeros((3, model.nv))
  mujoco.mj_jacSite(model, data, slope, None, model.site('tcp').id)
  moves = slope[:, [model.joint(j).dofadr[0] for j in scene.robot.arm.joints]]
  np.testing.assert_allclose(tools[1] - tools[0], moves @ OFFSET, atol=5e-5)
  assert np.linalg.norm(tools[1] - tools[0]) > 0.005
  # Which the robot itself does not know.
  np.testing.assert_allclose(believed, sim.proprioception(0), atol=1e-4)
  np.testing.assert_array_equal(beside.arm_target, plain.arm_target)


def test_one_number_is_the_offset_of_all_joints(sim, world):
  one = dataclasses.replace(world, offset=np.array([0.01]))
  six = dataclasses.replace(world, offset=np.full(6, 0.01))
  actions = held(sim, world, 2)
  same(act(sim, one, actions)[-1], act(sim, six, actions)[-1])


def coasting(scene, sim, world, damping):
  """How far a drawer coasts that was given a push, metres."""
  joint = scene.model.joint(DRAWER)
  qvel = world.qvel.copy()
  qvel[joint.dofadr[0]] = 0.7
  pushed = dataclasses.replace(world, qvel=qvel, damping=damping)
  end = act(sim, pushed, held(sim, world, 4))[-1]
  return end.qpos[joint.qposadr[0]]


def test_twice_the_damping_is_half_the_way(scene, sim, world):
  """m v' = -c (d v + f) goes a distance in proportion to 1 / c."""
  way = coasting(scene, sim, world, 1.0)
  assert way > 0.03
  assert coasting(scene, sim, world, 2.0) == pytest.approx(way / 2, rel=0.1)
  assert coasting(scene, sim, world, 4.0) == pytest.approx(way / 4, rel=0.1)


def test_worlds_side_by_side_do_not_share_physics(scene, world):
  both = simulator.make('mujoco', scene, size=2)
  other = dataclasses.replace(
    world, damping=2.0, gain=0.5, offset=OFFSET, latency=1
  )
  alone = simulator.make('mujoco', scene)
  actions = held(alone, world, 3, by=(0.05, -0.08, 0.06))
  for k, each in enumerate((world, other)):
    both.reset(k, each)
  for action in actions:
    both.step(np.stack([action, action]), np.ones(2, bool))
  for k, each in enumerate((world, other)):
    same(both.world(k), act(alone, each, actions)[-1])


@pytest.mark.parametrize(
  ('values', 'told'),
  [
    ({'damping': 0.0}, 'the damping 0.0'),
    ({'gain': np.nan}, 'the gain nan'),
    ({'offset': np.zeros(5)}, 'expected 6 angles'),
    ({'offset': np.array([np.inf])}, 'expected 6 angles'),
    ({'latency': 2}, 'a latency of 2 periods'),
    ({'earlier': np.zeros(6)}, '6 angles and an opening'),
  ],
)
def test_bad_values_are_refused(sim, world, values, told):
  with pytest.raises(errors.SddError, match=told):
    sim.reset(0, dataclasses.replace(world, **values))
