"""Robots of one's own: what is read, what is made of it, and what is wrong."""

import pathlib

import mujoco
import numpy as np
import pytest
import yaml

from sdd import errors
from sdd.scenes import registry, robot_file

FOLDER = pathlib.Path(__file__).parents[2] / 'experiments/robots'
EXAMPLE = FOLDER / 'bench_arm.yaml'
MESH = """
<mujoco>
  <asset>
    <mesh name="bar" vertex="0 0 0  .3 0 0  0 .1 0  0 0 .1  .3 .1 .1  .3 0 .1
      .3 .1 0  0 .1 .1"/>
  </asset>
  <worldbody>
    <geom type="plane" size="1 1 1"/>
    <light pos="0 0 2"/>
    <body name="one">
      <joint name="a" axis="0 0 1"/>
      <geom type="mesh" mesh="bar" name="solid"/>
      <geom type="mesh" mesh="bar" name="look" contype="0" conaffinity="0"/>
      <body name="two" pos="0.3 0 0">
        <joint name="b" axis="0 1 0" range="-90 90"/>
        <geom type="cylinder" size="0.02 0.1" name="tube"/>
        <body pos="0 0 0.1">
          <joint name="c" axis="0 1 0"/>
          <geom size="0.02"/>
          <body pos="0 0 0.1">
            <joint name="d" axis="1 0 0"/>
            <geom size="0.02"/>
            <body pos="0 0 0.1">
              <joint name="e" axis="0 1 0"/>
              <geom size="0.02"/>
              <body name="last" pos="0 0 0.1">
                <joint name="f" axis="0 0 1"/>
                <geom size="0.02"/>
              </body>
            </body>
          </body>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator><motor joint="a"/></actuator>
  <keyframe><key qpos="0 0 0 0 0 0"/></keyframe>
</mujoco>
"""


def fields():
  found = yaml.safe_load(EXAMPLE.read_text())
  found['mjcf'] = str(FOLDER / found['mjcf'])
  return found


def written(folder, found):
  path = folder / 'mine.yaml'
  path.write_text(yaml.safe_dump(found))
  return str(path)


def test_the_example_is_short_and_complete():
  assert len(EXAMPLE.read_text().splitlines()) <= 40
  found = robot_file.load(str(EXAMPLE))
  assert found.name == str(EXAMPLE)
  assert found.arm.joints[0] == 'robot/turn'
  assert found.stroke == 0.08
  assert found.arm.speed == (2.5,) * 6


def test_its_own_actuators_make_room_for_our_servos():
  model = registry.load(f'drawer@{EXAMPLE}').model
  names = [model.actuator(i).name for i in range(model.nu)]
  joints = ('turn', 'lift', 'elbow', 'roll', 'pitch', 'spin', 'left', 'right')
  assert names == [f'robot/{joint}' for joint in joints]
  assert model.actuator('robot/turn').gainprm[0] == 4000


def test_limits_in_degrees_stay_what_they_are():
  model = registry.load(f'drawer@{EXAMPLE}').model
  own = mujoco.MjModel.from_xml_path(str(FOLDER / 'bench_arm.xml'))
  for name in ('turn', 'elbow', 'left'):
    np.testing.assert_allclose(
      model.joint(f'robot/{name}').range, own.joint(name).range, atol=1e-5
    )


def test_a_gripper_of_ours_can_be_mounted(tmp_path):
  found = fields()
  del found['tool']
  found['gripper'] = {'name': 'wide', 'body': 'flange', 'position': [0, 0, 0.1]}
  scene = registry.load(f'drawer@{written(tmp_path, found)}')
  assert scene.robot.stroke == 0.110
  data = mujoco.MjData(scene.model)
  data.qpos[:] = scene.rest.qpos
  mujoco.mj_kinematics(scene.model, data)
  away = data.site('tcp').xpos - data.body('robot/flange').xpos
  np.testing.assert_allclose(away, [0, 0, -0.265], atol=2e-3)


def test_meshes_and_cylinders_become_capsules(tmp_path):
  (tmp_path / 'mesh.xml').write_text(MESH)
  found = {
    'mjcf': 'mesh.xml', 'arm': list('abcdef'), 'rest': [0] * 6, 'speed': 1,
    'servo': {'kp': 100, 'kv': 10, 'torque': 10},
    'gripper': {'name': 'hand', 'body': 'last'},
  }  # fmt: skip
  scene = registry.load(f'drawer@{written(tmp_path, found)}')
  model = scene.model
  assert model.nmesh == 0
  assert 'robot/look' not in scene.mjcf
  capsule = mujoco.mjtGeom.mjGEOM_CAPSULE
  for name in ('solid', 'tube'):
    geom = model.geom(f'robot/{name}')
    assert geom.type[0] == capsule
    assert (geom.contype[0], geom.conaffinity[0]) == (1, 0)
  solid = model.geom('robot/solid')
  np.testing.assert_allclose(solid.pos, [0.15, 0.05, 0.05], atol=1e-6)
  # A joint without limits gets some; nothing of its world comes along.
  assert model.joint('robot/a').range[1] > 6
  planes = [
    np.sum(each.geom_type == mujoco.mjtGeom.mjGEOM_PLANE)
    for each in (model, registry.load('drawer').model)
  ]
  assert planes[0] == planes[1]


def changed(key, value):
  """The example with one entry changed; None takes it away."""
  found = fields()
  *above, last = key.split('.')
  inside = found
  for name in above:
    inside = inside[int(name) if name.isdigit() else name]
  if value is None:
    del inside[last]
  else:
    inside[last] = value
  return found


@pytest.mark.parametrize(
  ('key', 'value', 'told'),
  [
    ('rset', [0] * 6, ['key of', "'rset'", "Did you mean 'rest'"]),
    ('rest', None, ['`rest` is missing']),
    ('arm', ['turn', 'lft'], ['joint in `arm[1]`', "Did you mean 'lift'"]),
    ('arm', ['turn', 'turn'], ['`arm`', 'every name once']),
    ('arm', ['turn', 'lift'], ['6 joints or more']),
    (
      'arm',
      ['lift', 'turn', 'elbow', 'roll', 'pitch', 'spin'],
      ["['turn', 'lift', 'elbow'", 'in that order'],
    ),
    ('arm', [], ['`arm` is []', 'expected a list']),
    ('rest', [0.0] * 5, ['`rest`', '6 numbers', 'each joint of `arm`']),
    ('rest', [0, 0, 9, 0, 0, 0], ["'elbow' between 0.08727 and 2.793"]),
    ('speed', 0, ['`speed` is 0; expected a positive number']),
    ('speed', [1, 2], ['`speed`', '6 numbers']),
    ('servo.kp', 'stiff', ["`servo.kp` is 'stiff'", 'number']),
    ('servo.torqe', 1, ["Did you mean 'torque'"]),
    ('tool.body', 'flnge', ['body in `tool.body`', "Did you mean 'flange'"]),
    ('tool.position', [0, 0], ['`tool.position`', '3 numbers']),
    ('tool.position', [0, 0, 0.3], ['`tool`', 'in the middle of', '-0.15']),
    ('tool.quaternion', [0, 0, 0, 0], ['`tool.quaternion`', 'a rotation']),
    ('tool.quaternion', [1, 0, 0, 1], ['y axis', 'fingers close']),
    ('tool', {'site': 'tip'}, ['site in `tool.site`', 'Choices: none']),
    ('gripper.stroke', 0.2, ['`gripper.stroke`', 'about 0.080']),
    ('gripper.fingers', [], ['`gripper.fingers`', 'a list of 2']),
    ('gripper.fingers.0.open', 0.0, ['another value than `closed`']),
    ('gripper.fingers.0.geoms', ['pad'], ["'left pad'"]),
    ('gripper', {'name': 'wild'}, ['`gripper.body` is missing']),
    ('gripper', {'name': 'wild', 'body': 'flange'}, ["Did you mean 'wide'"]),
    ('mjcf', 'nothing.xml', ['nothing.xml', 'no MJCF model']),
    ('base.yaw', 1.0, ["'yaw'", "'position', 'quaternion'"]),
  ],
)
def test_what_is_wrong_is_said(tmp_path, key, value, told):
  path = written(tmp_path, changed(key, value))
  with pytest.raises(errors.SddError) as caught:
    robot_file.load(path)
  for part in told:
    assert part in str(caught.value)


@pytest.mark.parametrize('text', ['', '- 1', 'just text', '{a: [}', '\x00'])
def test_a_file_of_another_kind_is_refused(tmp_path, text):
  path = tmp_path / 'mine.yaml'
  path.write_text(text)
  with pytest.raises(errors.SddError, match=r'mine\.yaml'):
    robot_file.load(str(path))
