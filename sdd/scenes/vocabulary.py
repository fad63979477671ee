"""The names that language may use, each bound to a link of the scene."""

import dataclasses
import functools
import re
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from sdd import errors

Kind = Literal['object', 'furniture', 'part', 'support', 'robot']


@dataclasses.dataclass(frozen=True)
class Link:
  """One nameable rigid part of the world.

  Attributes:
    name: how language calls it, e.g. `top drawer handle`.
    body: the MJCF body that carries it.
    geoms: MJCF geom names that belong to the link itself, not to its parts.
    kind: `object` can be grasped and moved freely; `furniture` stands;
      `part` moves on a joint of, or is fixed to, furniture; `support` is
      the table and the floor; `robot` is a fingertip, which language never
      sees but contacts need.
    joint: MJCF hinge or slide joint that moves the link, or None.
    parent: the name of the link it is a part of, or None.
    about: what else language models are told of it.
  """

  name: str
  body: str
  geoms: tuple[str, ...]
  kind: Kind
  joint: str | None = None
  parent: str | None = None
  about: str = ''


@dataclasses.dataclass(frozen=True)
class Vocabulary:
  """Every link of a scene, in the order of `SceneState`'s link axis `L`.

  Attributes:
    links: the links.
    joints: names of the articulated joints, in the order of the axis `J`.
    joint_range: (lower, upper) of each joint, radians or metres; by our
      convention lower is closed or off and upper is open or on.
  """

  links: tuple[Link, ...]
  joints: tuple[str, ...]
  joint_range: tuple[tuple[float, float], ...]

  @functools.cached_property
  def names(self) -> tuple[str, ...]:
    """The names that language may use: every link but the robot's."""
    return tuple(link.name for link in self.links if link.kind != 'robot')

  @functools.cached_property
  def fingers(self) -> tuple[int, int]:
    """Indices of the two fingertips on the link axis."""
    left, right = (
      index for index, link in enumerate(self.links) if link.kind == 'robot'
    )
    return left, right

  def index(self, name: str) -> int:
    """The link axis index of `name`, matched tolerantly.

    Case, underscores, articles and doubled spaces do not matter.

    Raises:
      errors.UnknownNameError: no link has that name.
    """
    wanted = normalise(name)
    for index, link in enumerate(self.links):
      if link.kind != 'robot' and normalise(link.name) == wanted:
        return index
    raise errors.UnknownNameError('link', name, self.names)

  def find(self, name: str) -> Link:
    """The link called `name`; matching and errors as in `index`."""
    return self.links[self.index(name)]

  def joint_index(self, name: str) -> int:
    """The joint axis index of the joint that moves link `name`.

    Raises:
      errors.UnknownNameError: no such link, or nothing articulates it.
    """
    joint = self.find(name).joint
    if joint is None:
      movable = [
        link.name
        for link in self.links
        if link.joint and link.name in self.names
      ]
      raise errors.UnknownNameError('articulated link', name, movable)
    return self.joints.index(joint)

  @functools.cached_property
  def ranges(self) -> Float[np.ndarray, 'J 2']:
    return np.asarray(self.joint_range, np.float64).reshape(-1, 2)

  def describe(self) -> str:
    """The scene as a nested bullet list, for prompts and error messages."""
    lines = []

    def add(parent: str | None, depth: int) -> None:
      for link in self.links:
        if link.parent == parent and link.kind not in ('robot', 'support'):
          about = f' ({link.about})' if link.about else ''
          lines.append('  ' * depth + f'- {link.name}{about}')
          add(link.name, depth + 1)

    add(None, 0)
    return '\n'.join(lines)

  def parts_of(self, name: str) -> Int[np.ndarray, ' parts']:
    """Indices of the link itself and of everything that is a part of it."""
    found = [self.index(name)]
    for index, link in enumerate(self.links):
      if link.parent is None or link.kind == 'robot' or index in found:
        continue
      if self.index(link.parent) in found:
        found.append(index)
    return np.asarray(found)


def normalise(name: str) -> str:
  """`The_Top  Drawer` -> `top drawer`."""
  words = re.sub(r'[\s_]+', ' ', name.strip().lower()).split(' ')
  return ' '.join(word for word in words if word not in ('the', 'a', 'an'))
