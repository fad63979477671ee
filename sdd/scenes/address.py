"""Addresses: what names a scene with a robot in it, on one line.

`SCENE` or `SCENE@ROBOT`, e.g. `drawer@panda`, `transport@panda+wide`,
`drawer@my/robot.yaml`. Command lines, planner processes and datasets hand
them on as they are.
"""

import dataclasses
import re

from sdd import errors
from sdd.scenes import robots


@dataclasses.dataclass(frozen=True)
class Address:
  """A scene's name and a robot's.

  Attributes:
    scene: without the robot, e.g. `drawer`.
    robot: canonical, e.g. `ur5e`.
  """

  scene: str
  robot: str = robots.DEFAULT.name

  def __str__(self) -> str:
    """The canonical form, which leaves the default robot out."""
    if self.robot == robots.DEFAULT.name:
      return self.scene
    return f'{self.scene}@{self.robot}'

  @property
  def slug(self) -> str:
    """As a name of lower-case letters, digits and underscores."""
    return re.sub(r'[^a-z0-9]+', '_', str(self).lower()).strip('_')


def parse(text: str) -> Address:
  """Reads an address; neither part has to exist.

  Raises:
    errors.SddError: the scene's or the robot's name is missing.
  """
  scene, at, robot = text.rpartition('@')
  if not at:
    scene, robot = robot, robots.DEFAULT.name
  if not scene or not robot:
    raise errors.SddError(
      f'{text!r} names no scene and robot; expected SCENE or SCENE@ROBOT, '
      "such as 'drawer@panda'."
    )
  return Address(scene, robot)


def resolve(text: str) -> Address:
  """As `parse`, with the robot's name made canonical.

  Raises:
    errors.SddError: the address is malformed, or there is no such robot.
  """
  found = parse(text)
  return Address(found.scene, robots.find(found.robot).name)


def join(scene: str, robot: str | None) -> str:
  """The canonical address of a scene, which may name a robot, with a robot.

  Raises:
    errors.SddError: both name a robot, and not the same, or there is none.
  """
  if robot is None:
    return str(resolve(scene))
  wanted = robots.find(robot).name
  if '@' in scene and resolve(scene).robot != wanted:
    raise errors.SddError(
      f'{scene!r} and the robot {robot!r} name two robots; leave one out.'
    )
  return str(Address(parse(scene).scene, wanted))
