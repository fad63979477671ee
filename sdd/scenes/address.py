"""Addresses: what names a scene with a robot in it, on one line.

`SCENE` or `SCENE@ROBOT`, e.g. `drawer@panda`, `transport@panda+wide`,
`drawer@my/robot.yaml`. A scene of a user is the path of its MJCF, and may be
followed by what to put around it: `my/scene.xml@panda,table=no`, or
`my/scene.xml,cameras=front+wrist`. Command lines, planner processes and
datasets hand addresses on as they are.
"""

import dataclasses
import pathlib
import re
from typing import Any

from sdd import errors
from sdd.scenes import robots

SUFFIX = '.xml'  # of a user's scene
CAMERAS = ('front', 'top', 'wrist')
_YES_NO = {'yes': True, 'no': False}
_OPTIONS = ('table', 'cameras')


@dataclasses.dataclass(frozen=True)
class Address:
  """A scene's name and a robot's.

  Attributes:
    scene: without the robot, e.g. `drawer`, or the path of an MJCF file.
    robot: canonical, e.g. `ur5e`.
    table: whether a user's scene is given a table; None leaves it to the
      notes beside the scene.
    cameras: which ones a user's scene is given; None for all.
  """

  scene: str
  robot: str = robots.DEFAULT.name
  table: bool | None = None
  cameras: tuple[str, ...] | None = None

  def __str__(self) -> str:
    """The canonical form, which leaves out what is by default."""
    text = self.scene
    if self.robot != robots.DEFAULT.name:
      text += f'@{self.robot}'
    if self.table is not None:
      text += f',table={"yes" if self.table else "no"}'
    if self.cameras is not None:
      text += f',cameras={"+".join(self.cameras) or "none"}'
    return text

  @property
  def own(self) -> bool:
    """Whether it is a user's scene."""
    return self.scene.endswith(SUFFIX)

  @property
  def slug(self) -> str:
    """As a name of lower-case letters, digits and underscores."""
    scene = pathlib.PurePath(self.scene).stem if self.own else self.scene
    text = str(Address(scene, self.robot)).lower()
    text = re.sub(r'[^a-z0-9]+', '_', text).strip('_')
    return text if text[:1].isalpha() else f'scene_{text}'.strip('_')


def parse(text: str) -> Address:
  """Reads an address; neither part has to exist.

  Raises:
    errors.SddError: the scene's or the robot's name is missing, or an option
      is not as it must be.
  """
  before, own, after = text.rpartition(SUFFIX)
  if own and after[:1] in ('', '@', ','):
    head, rest = before + own, after
  else:
    head, at, after = text.rpartition('@')
    head, rest = (head, at + after) if at else (after, '')
  robot, *options = rest.split(',')
  if not head or robot == '@':
    raise errors.SddError(
      f'{text!r} names no scene and robot; expected SCENE or SCENE@ROBOT, '
      "such as 'drawer@panda'."
    )
  return Address(
    head, robot[1:] or robots.DEFAULT.name, **_options(text, options)
  )


def _options(text: str, options: list[str]) -> dict[str, Any]:
  found: dict[str, Any] = {}
  for option in options:
    key, _, value = option.partition('=')
    if key not in _OPTIONS:
      raise errors.UnknownNameError(f'option of {text!r}', key, _OPTIONS)
    found[key] = _flag(value) if key == 'table' else cameras(value)
  return found


def _flag(value: str) -> bool:
  if value not in _YES_NO:
    raise errors.UnknownNameError('answer to table=', value, _YES_NO)
  return _YES_NO[value]


def cameras(value: str) -> tuple[str, ...]:
  """Names of cameras with a plus in between, in our order; or none.

  Raises:
    errors.UnknownNameError: there is no such camera.
  """
  names = [] if value == 'none' else value.split('+')
  for name in names:
    if name not in CAMERAS:
      raise errors.UnknownNameError('camera', name, (*CAMERAS, 'none'))
  return tuple(name for name in CAMERAS if name in names)


def resolve(text: str) -> Address:
  """As `parse`, with the robot's name made canonical.

  Raises:
    errors.SddError: the address is malformed, or there is no such robot.
  """
  found = parse(text)
  return dataclasses.replace(found, robot=robots.find(found.robot).name)


def join(
  scene: str,
  robot: str | None,
  *,
  table: bool | None = None,
  cameras: tuple[str, ...] | None = None,
) -> str:
  """The canonical address of a scene, which may name a robot, with a robot.

  Args:
    scene: an address.
    robot: a robot's name, if the scene's is not to be left as it is.
    table: see `Address`; only for scenes of users.
    cameras: likewise.

  Raises:
    errors.SddError: both name a robot, and not the same, or there is none;
      or what is around one of our own scenes is asked for.
  """
  found = resolve(scene)
  if robot is not None:
    wanted = robots.find(robot).name
    named = '@' in scene.removeprefix(found.scene)
    if named and found.robot != wanted:
      raise errors.SddError(
        f'{scene!r} and the robot {robot!r} name two robots; leave one out.'
      )
    found = dataclasses.replace(found, robot=wanted)
  if table is not None:
    found = dataclasses.replace(found, table=table)
  if cameras is not None:
    found = dataclasses.replace(found, cameras=cameras)
  if not found.own and (found.table, found.cameras) != (None, None):
    raise errors.SddError(
      f'The scene {found.scene!r} has its table and cameras. Only around an '
      'MJCF file of your own may you choose them.'
    )
  return str(found)
