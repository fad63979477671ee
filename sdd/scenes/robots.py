"""The robots by name: `ARM`, `ARM+GRIPPER`, or the path of a robot file."""

import functools

from sdd import errors
from sdd.scenes import grippers, panda, robot, robot_file, ur5e

# Every arm with the gripper that it has unless another one is named.
ARMS: dict[str, tuple[robot.Arm, robot.Gripper]] = {
  'ur5e': (ur5e.ARM, grippers.WIDE),
  'panda': (panda.ARM, grippers.HAND),
}
SUFFIXES = ('.yaml', '.yml')  # of robot files


@functools.cache
def find(name: str) -> robot.RobotSpec:
  """The robot of that name.

  Args:
    name: `panda`, `panda+wide`, or a file such as `my/robot.yaml`.

  Raises:
    errors.UnknownNameError: there is no such arm or gripper.
    errors.SddError: the robot file is bad.
  """
  if name.endswith(SUFFIXES):
    return robot_file.load(name)
  arm_name, plus, gripper_name = name.partition('+')
  if arm_name.endswith(SUFFIXES):
    raise errors.SddError(
      f'{arm_name} describes a robot with its gripper; to mount another one, '
      f'write `gripper: {{name: {gripper_name}, body: ...}}` there.'
    )
  if arm_name not in ARMS:
    raise errors.UnknownNameError(
      'robot', arm_name, (*ARMS, f'the path of a {SUFFIXES[0]} file')
    )
  arm, gripper = ARMS[arm_name]
  if not plus or gripper_name == gripper.name:
    return robot.RobotSpec(arm_name, arm, gripper)
  if gripper_name not in grippers.GRIPPERS:
    raise errors.UnknownNameError('gripper', gripper_name, grippers.GRIPPERS)
  return robot.RobotSpec(name, arm, grippers.GRIPPERS[gripper_name])


DEFAULT = find('ur5e')
