"""What holds for every robot, and for the Panda-like one."""

import pathlib

import mujoco
import numpy as np
import pytest

from sdd.scenes import panda, registry, robot, robots

EXAMPLE = pathlib.Path(__file__).parents[2] / 'experiments/robots'
NAMES = (
  'ur5e', 'panda', 'ur5e+hand', 'panda+wide',
  str(EXAMPLE / 'bench_arm.yaml'),
)  # fmt: skip
RNG = np.random.default_rng


@pytest.fixture(scope='module', params=NAMES, ids=lambda name: name[-14:])
def scene(request):
  return registry.load(f'drawer@{request.param}')


def at_rest(scene):
  data = mujoco.MjData(scene.model)
  data.qpos[:] = scene.rest.qpos
  mujoco.mj_forward(scene.model, data)
  return data


def test_a_robot_is_a_value(scene):
  spec = scene.robot
  assert hash(spec) == hash(robots.find(spec.name))
  assert spec == robots.find(spec.name)
  count = len(spec.arm.joints)
  assert len(spec.home) == len(spec.arm.speed) == count
  assert len(spec.servos) == count + len(spec.driven)


def test_the_tool_rests_above_the_table_and_points_down(scene):
  site = at_rest(scene).site(scene.robot.arm.tool)
  np.testing.assert_allclose(site.xmat[[2, 5]], 0, atol=2e-3)
  assert site.xmat[8] < -0.999
  assert np.all(np.abs(site.xpos[:2] - (0.40, 0.0)) < 0.05)
  assert 0.2 < site.xpos[2] < 0.45


def test_home_is_well_within_the_limits(scene):
  model = scene.model
  for name, angle in zip(scene.robot.arm.joints, scene.robot.home, strict=True):
    lower, upper = model.joint(name).range
    assert lower + 0.3 < angle < upper - 0.3


def test_the_finger_joints_are_the_opening(scene):
  spec, model = scene.robot, scene.model
  for opening in np.linspace(0, spec.stroke, 4):
    joints = spec.finger_positions(opening)
    assert spec.opening(joints) == pytest.approx(opening)
    for name, value in zip(spec.finger_joints, joints, strict=True):
      lower, upper = model.joint(name).range
      assert lower - 1e-9 <= value <= upper + 1e-9


def test_fingertips_are_as_far_apart_as_they_open(scene):
  model, data = scene.model, mujoco.MjData(scene.model)
  pads = [finger.geoms[0] for finger in scene.robot.gripper.fingers]
  gaps = []
  for opening in (0.0, scene.robot.stroke):
    data.qpos[:] = scene.rest.qpos
    data.qpos[scene.finger_qpos] = scene.robot.finger_positions(opening)
    mujoco.mj_kinematics(model, data)
    left, right = (data.geom(name).xpos for name in pads)
    middle = (left + right) / 2
    tool = data.site(scene.robot.arm.tool)
    np.testing.assert_allclose(middle, tool.xpos, atol=2e-3)
    gaps.append((left - right) @ tool.xmat.reshape(3, 3)[:, 1])
  assert gaps[1] - gaps[0] == pytest.approx(scene.robot.stroke)


def test_the_gripper_is_as_large_as_it_says(scene):
  gripper, model = scene.robot.gripper, scene.model
  pad = model.geom(gripper.fingers[0].geoms[0])
  np.testing.assert_allclose(pad.size[[0, 2]], gripper.pad)
  assert 0 < gripper.widest < gripper.stroke
  lower, upper = gripper.closed
  assert np.all(lower < 0)
  assert np.all(upper > 0)
  inside = np.abs(gripper.probes) < gripper.pad
  assert inside.all()


def test_servos_hold_the_arm_at_rest(scene):
  model, data = scene.model, at_rest(scene)
  data.ctrl[:] = scene.ctrl(scene.rest.arm_target, scene.rest.gripper_target)
  for _ in range(200):
    mujoco.mj_step(model, data)
  off = data.qpos[scene.arm_qpos] - scene.rest.arm_target
  assert np.abs(off).max() < 2e-3
  opening = scene.robot.opening(data.qpos[scene.finger_qpos])
  assert opening == pytest.approx(scene.robot.stroke, abs=1e-3)


def test_the_actuators_are_sent_what_they_are_for():
  scene = registry.load('drawer@panda')
  order = [scene.model.actuator(i).name for i in range(scene.model.nu)]
  assert order == list(scene.robot.servos)
  sent = scene.ctrl(np.arange(7.0), 0.08)
  np.testing.assert_allclose(sent, [*range(7), 0.04])


def craig(a, alpha, d, theta):
  """One step of Craig's convention, written out."""
  c, s, ca, sa = np.cos(theta), np.sin(theta), np.cos(alpha), np.sin(alpha)
  return np.array(
    [
      [c, -s, 0, a],
      [s * ca, c * ca, -sa, -d * sa],
      [s * sa, c * sa, ca, d * ca],
      [0, 0, 0, 1],
    ]
  )


def test_the_panda_is_where_its_published_parameters_put_it():
  scene = registry.load('drawer@panda')
  right = np.pi / 2
  table = [
    (0, 0, 0.333), (0, -right, 0), (0, right, 0.316), (0.0825, right, 0),
    (-0.0825, -right, 0.384), (0, right, 0), (0.088, right, 0),
  ]  # fmt: skip
  data = mujoco.MjData(scene.model)
  limits = np.transpose(
    [scene.model.joint(name).range for name in panda.ARM.joints]
  )
  for q in RNG(0).uniform(limits[0], limits[1], (20, 7)):
    data.qpos[scene.arm_qpos] = q
    mujoco.mj_kinematics(scene.model, data)
    frame = np.eye(4)
    for (a, alpha, d), angle in zip(table, q, strict=True):
      frame = frame @ craig(a, alpha, d, angle)
    hand = data.body(robot.HAND).xpos
    np.testing.assert_allclose(hand, frame[:3] @ (0, 0, 0.107, 1), atol=1e-9)
    tool = data.site(robot.TCP).xpos
    np.testing.assert_allclose(tool, frame[:3] @ (0, 0, 0.2104, 1), atol=1e-9)
