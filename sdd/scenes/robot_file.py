"""A robot of one's own: a short YAML file beside its MJCF.

`experiments/robots/bench_arm.yaml` is a complete example with every key.
"""

import os
import pathlib

import numpy as np
import yaml

from sdd import errors
from sdd.scenes import attachment, entries, grippers, robot, robot_sizes

_KEYS = (
  'mjcf', 'base', 'arm', 'tool', 'gripper', 'rest', 'speed', 'servo',
)  # fmt: skip
_FEWEST = 6  # joints
_PLACE = ('body', 'position', 'quaternion')
_FINGER = ('joint', 'geoms', 'closed', 'open', 'driven')
_OWN = ('stroke', 'fingers', 'kp', 'kv', 'force')


def load(path: str) -> robot.RobotSpec:
  """Reads a robot file.

  Args:
    path: of the YAML file; also the robot's name.

  Raises:
    errors.SddError: the file cannot be read, or a line of it is wrong; says
      which key and what would be right.
  """
  try:
    fields = yaml.safe_load(pathlib.Path(path).read_text(encoding='utf-8'))
  except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
    raise errors.SddError(
      f'{path} cannot be read as a robot file: {problem}'
    ) from problem
  entry = entries.Entry(path, '', fields)
  entry.only(_KEYS)
  return _File(path, entry).spec()


class _File:
  """One file, and the names that its MJCF has."""

  def __init__(self, path: str, entry: entries.Entry):
    self.path, self.entry = path, entry
    mjcf = entry.get('mjcf').text()
    self.mjcf = os.path.join(os.path.dirname(path), mjcf)
    spec = attachment.read(self.mjcf)
    self.names = {
      kind: tuple(each.name for each in found if each.name)
      for kind, found in (
        ('joint', spec.joints),
        ('body', spec.bodies[1:]),
        ('site', spec.sites),
        ('geom', spec.geoms),
      )
    }

  def spec(self) -> robot.RobotSpec:
    joints = self.entry.get('arm').names('joint', self.names['joint'])
    count = len(joints)
    if count < _FEWEST:
      raise self.entry.get('arm').wrong(
        f'{_FEWEST} joints or more, so that the tool can take any pose'
      )
    home = self.entry.get('rest').numbers(count, each='joint of `arm`')
    mounted = 'name' in self.entry.get('gripper').mapping()
    tool, site = (None, robot.TCP) if mounted else self._tool()
    builder = attachment.Arm(
      mjcf=self.mjcf, base=self._base(), joints=joints,
      servos=self._servos(count), tool=tool,
      mount=self._place(self.entry.get('gripper'), 'name') if mounted else None,
    )  # fmt: skip
    arm = robot.Arm(
      name=self.path, add=builder,
      joints=tuple(attachment.PREFIX + name for name in joints), home=home,
      speed=self.entry.get('speed').spread(count), tool=site,
      shoulder=(0.0, 0.0, 0.0), reach=0.0, wrist=0.0,
    )  # fmt: skip
    gripper = self._mounted() if mounted else self._own()
    return robot_sizes.measured(
      robot.RobotSpec(self.path, arm, gripper), self.entry
    )

  def _base(self) -> attachment.Place:
    base = self.entry.get('base', {})
    base.only(_PLACE[1:])
    return self._pose(base, 'world')

  def _tool(self) -> tuple[attachment.Place | None, str]:
    """Where to make a tool frame, if it is not there; and its site."""
    tool = self.entry.get('tool')
    if 'site' in tool.mapping():
      tool.only(('site',))
      found = tool.get('site').name('site', self.names['site'])
      return None, attachment.PREFIX + found
    return self._place(tool), robot.TCP

  def _place(self, entry: entries.Entry, *also: str) -> attachment.Place:
    entry.only((*_PLACE, *also))
    body = entry.get('body').name('body', self.names['body'])
    return self._pose(entry, body)

  def _pose(self, entry: entries.Entry, body: str) -> attachment.Place:
    position = entry.get('position', [0, 0, 0]).numbers(3)
    quaternion = entry.get('quaternion', [1, 0, 0, 0]).numbers(4)
    if not np.any(quaternion):
      raise entry.get('quaternion').wrong('a rotation, e.g. [1, 0, 0, 0]')
    return attachment.Place(body, position, quaternion)

  def _servos(self, count: int) -> tuple[attachment.Servo, ...]:
    servo = self.entry.get('servo')
    servo.only(('kp', 'kv', 'torque'))
    columns = [servo.get(key).spread(count) for key in ('kp', 'kv', 'torque')]
    return tuple(attachment.Servo(*row) for row in zip(*columns, strict=True))

  def _mounted(self) -> robot.Gripper:
    name = self.entry.get('gripper').get('name')
    return grippers.GRIPPERS[name.name('gripper', tuple(grippers.GRIPPERS))]

  def _own(self) -> robot.Gripper:
    entry = self.entry.get('gripper')
    entry.only(_OWN)
    stroke = entry.get('stroke').positive()
    listed = entry.get('fingers').items(2)
    left, right = (self._finger(each, stroke) for each in listed)
    driven = [f.servo for f in (left, right) if f.servo is not None]
    if not driven:
      raise entry.get('fingers').wrong('a finger that is driven')
    strip = len(attachment.PREFIX)
    builder = attachment.Fingers(
      joints=tuple(name[strip:] for name in driven),
      geoms=tuple(name[strip:] for name in (*left.geoms, *right.geoms)),
      servo=attachment.Servo(
        *(entry.get(key).positive() for key in ('kp', 'kv', 'force'))
      ),
    )
    return robot.Gripper(
      name='own', add=builder, fingers=(left, right), stroke=stroke,
      length=0.0, pad=(0.0, 0.0), tip=(0.0, 0.0, 0.0),
    )  # fmt: skip

  def _finger(self, entry: entries.Entry, stroke: float) -> robot.Finger:
    entry.only(_FINGER)
    joint = entry.get('joint').name('joint', self.names['joint'])
    geoms = entry.get('geoms').names('geom', self.names['geom'])
    closed, opened = (entry.get(k).number() for k in ('closed', 'open'))
    if closed == opened:
      raise entry.get('open').wrong('another value than `closed`')
    prefix, spec = attachment.PREFIX, attachment.read(self.mjcf)
    return robot.Finger(
      body=prefix + spec.geom(geoms[0]).parent.name,
      joint=prefix + joint,
      geoms=tuple(prefix + geom for geom in geoms),
      servo=prefix + joint if entry.get('driven', True).flag() else None,
      scale=(opened - closed) / stroke,
      offset=closed,
    )
