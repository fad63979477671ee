"""Perturbed worlds: how far they are from the world they are copies of."""

import dataclasses

import mujoco
import numpy as np
import pytest

from sdd import errors
from sdd.collection import perturbation
from sdd.scenes import registry, world_state

SCENES = ('balance', 'catapult', 'transport', 'mailbox', 'drawer')
COPIES = 60


def drawn(scene, world, noise, count=COPIES):
  return [
    perturbation.perturbed(scene, world, np.random.default_rng(k), noise)
    for k in range(count)
  ]


def objects(scene, world):
  """Addresses in `qpos` of all free joints."""
  model = scene.shaped(world.shape).model
  free = model.jnt_type == mujoco.mjtJoint.mjJNT_FREE
  return model.jnt_qposadr[free]


def same(one, other):
  for field in dataclasses.fields(world_state.WorldState):
    np.testing.assert_array_equal(
      getattr(one, field.name), getattr(other, field.name), field.name
    )


@pytest.fixture(scope='module', params=SCENES)
def case(request):
  scene = registry.load(request.param)
  world = scene.initial(np.random.default_rng(0))
  return scene, world, drawn(scene, world, perturbation.Noise())


def test_no_noise_is_the_world_itself(case):
  scene, world, _ = case
  (copy,) = drawn(scene, world, perturbation.Noise().scaled(0), 1)
  same(copy, world)


def test_the_world_itself_stays_as_it_is(case):
  scene, world, copies = case
  assert all(copy.qpos is not world.qpos for copy in copies)
  same(scene.initial(np.random.default_rng(0)), world)


def test_the_same_generator_draws_the_same(case):
  scene, world, copies = case
  for one, other in zip(
    drawn(scene, world, perturbation.Noise(), 3), copies, strict=False
  ):
    same(one, other)


def test_nothing_else_differs_and_sizes_are_as_stated(case):
  scene, world, copies = case
  qpos = np.array([copy.qpos for copy in copies])
  arm = qpos[:, scene.arm_qpos] - world.qpos[scene.arm_qpos]
  assert arm.std() == pytest.approx(0.01, rel=0.15)
  targets = np.array([copy.arm_target for copy in copies]) - world.arm_target
  np.testing.assert_allclose(targets, arm, atol=1e-12)
  moved = set(scene.arm_qpos)
  for start in objects(scene, world):
    moved |= set(range(start, start + 7))
    shift = qpos[:, start : start + 2] - world.qpos[start : start + 2]
    assert 0.003 < shift.std() < 0.006  # less where the place is narrow
    lift = qpos[:, start + 2] - world.qpos[start + 2]
    assert lift.min() == 0
    assert lift.max() <= 0.004
    turns = qpos[:, start + 3 : start + 7]
    np.testing.assert_allclose(np.linalg.norm(turns, axis=1), 1, atol=1e-6)
    # The same side stays up: only the yaw is another.
    up = [_up(quaternion) for quaternion in turns]
    before = _up(world.qpos[start + 3 : start + 7])
    np.testing.assert_allclose(up, [before] * len(up), atol=1e-6)
  rest = sorted(set(range(len(world.qpos))) - moved)
  np.testing.assert_array_equal(
    qpos[:, rest], np.tile(world.qpos[rest], (COPIES, 1))
  )
  for name in ('qvel', 'mocap_pos', 'mocap_quat', 'gripper_target', 'shape'):
    for copy in copies:
      np.testing.assert_array_equal(getattr(copy, name), getattr(world, name))


def _up(quaternion):
  """The vertical in the object's own frame."""
  inverse, up = np.zeros(4), np.zeros(3)
  mujoco.mju_negQuat(inverse, np.asarray(quaternion, float))
  mujoco.mju_rotVecQuat(up, np.array([0.0, 0, 1]), inverse)
  return up


def test_factors_are_log_uniform_within_their_bounds(case):
  _, _, copies = case
  for name in ('mass', 'friction'):
    factors = np.log([getattr(copy, name) for copy in copies])
    assert np.abs(factors).max() <= np.log(1.4)
    assert factors.std() == pytest.approx(np.log(1.4) / 3**0.5, rel=0.15)
    assert abs(factors.mean()) < 0.1
  assert len({copy.mass / copy.friction for copy in copies}) == len(copies)


def test_nothing_is_thrown_out_of_what_it_overlaps_with(case):
  """Objects have hardly moved after a tenth of a second."""
  scene, world, copies = case
  model = scene.shaped(world.shape).model
  data = mujoco.MjData(model)
  for copy in copies[:20]:
    mujoco.mj_resetData(model, data)
    data.qpos[:] = copy.qpos
    data.mocap_pos[:], data.mocap_quat[:] = copy.mocap_pos, copy.mocap_quat
    data.ctrl[:] = scene.ctrl(copy.arm_target, copy.gripper_target)
    for _ in range(round(0.1 / model.opt.timestep)):
      mujoco.mj_step(model, data)
      for joint in np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE):
        start = model.jnt_dofadr[joint]
        # What falls freely for 4 mm is no faster than 0.28 m/s.
        assert np.linalg.norm(data.qvel[start : start + 3]) < 0.35


@pytest.mark.parametrize(
  'wrong',
  [{'position': -1.0}, {'yaw': np.nan}, {'mass': 0.5}, {'friction': 0.0}],
)
def test_what_is_no_noise_is_refused(wrong):
  with pytest.raises(errors.SddError, match=next(iter(wrong))):
    perturbation.Noise(**wrong)


def test_scaling_composes():
  noise = perturbation.Noise().scaled(2).scaled(0.5)
  for field in dataclasses.fields(noise):
    assert getattr(noise, field.name) == pytest.approx(
      getattr(perturbation.Noise(), field.name)
    )
