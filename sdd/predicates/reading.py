"""How atoms look at a scene state, noting every number that is not finite."""

import dataclasses
import functools
import itertools
import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Array, Bool, Float

from sdd.predicates import small_axes
from sdd.scenes import vocabulary as vocabulary_lib
from sdd.simulation import scene_state


@dataclasses.dataclass(frozen=True)
class Addresses:
  """Where the links that a predicate names are, looked up once.

  Attributes:
    index: link name to its index on the link axis.
    parts: link name to the indices of the link and its parts.
    joint: link name to the index and the limits of the joint that moves it.
    fingers: indices of the two fingertips.
  """

  index: Mapping[str, int]
  parts: Mapping[str, np.ndarray]
  joint: Mapping[str, tuple[int, float, float]]
  fingers: tuple[int, int]

  @classmethod
  def of(
    cls, vocabulary: vocabulary_lib.Vocabulary, names: tuple[str, ...]
  ) -> 'Addresses':
    """Those of `names`, as the vocabulary spells them."""
    joint = {}
    for name in names:
      if vocabulary.find(name).joint is not None:
        axis = vocabulary.joint_index(name)
        joint[name] = (axis, *map(float, vocabulary.ranges[axis]))
    return cls(
      index={name: vocabulary.index(name) for name in names},
      parts={name: vocabulary.parts_of(name) for name in names},
      joint=joint,
      fingers=vocabulary.fingers,
    )


class Reader:
  """One scene state, addressed by the names of links.

  What is read is noted once in `faults`: boolean arrays of shape (*b,), true
  where a number was not finite. Contacts are not numbers, but those of a
  world that has blown up mean nothing, so they count as readings of the
  positions of both links.
  """

  def __init__(
    self,
    addresses: Addresses,
    state: scene_state.SceneState,
    faults: list[Any],
    xp: Any,
  ):
    """`xp` is `jax.numpy` or `numpy`, which does all arithmetic."""
    self.at, self.xp = addresses, xp
    self._state, self._faults = state, faults
    self._known: dict[tuple[Any, ...], Any] = {}

  def position(self, name: str) -> Float[Array, '*b 3']:
    """Origin of the link, world frame, metres."""
    return self._origin(self.at.index[name])

  def orientation(self, name: str) -> Float[Array, '*b 4']:
    """Orientation of the link, a quaternion wxyz."""
    return self._numbers('link_quaternion', self.at.index[name], axes=1)

  def upright(self, name: str) -> Float[Array, '*b']:
    """Cosine of the angle between the link's z axis and the vertical.

    Unknown where the quaternion is zero, and so says nothing.
    """
    quaternion = self.orientation(name)
    squares = quaternion * quaternion
    length = small_axes.total(self.xp, squares)
    self._faults.append(~(length > 1e-6))
    tilt = (squares[..., 1] + squares[..., 2]) / self.xp.maximum(length, 1e-6)
    return 1.0 - 2.0 * tilt

  def box(self, name: str) -> Float[Array, '*b 2 3']:
    """As `bounds`, and unknown where the box has no volume."""
    bounds = self.bounds(name)
    solid = bounds[..., 1, :] > bounds[..., 0, :]
    self._faults.append(~small_axes.every(self.xp, solid, 1))
    return bounds

  def bounds(self, name: str) -> Float[Array, '*b 2 3']:
    """Lower and upper corner of the link's own box, world frame, metres."""
    return self._numbers('link_bounds', self.at.index[name], axes=2)

  def joint(self, name: str) -> Float[Array, '*b']:
    """Position of the joint that moves the link, metres or radians."""
    index, _, _ = self.at.joint[name]
    return self._numbers('joint_position', index)

  def limits(self, name: str) -> tuple[float, float]:
    """Lower and upper limit of the joint that moves the link."""
    _, lower, upper = self.at.joint[name]
    return lower, upper

  def touching(self, a: str, b: str) -> Bool[Array, '*b']:
    """Whether any part of `a` touches any part of `b`."""
    self._note_origins(self.at.index[a], self.at.index[b])
    return self._contact(self.at.parts[a], self.at.parts[b])

  def finger_touches(self, finger: int, name: str) -> Bool[Array, '*b']:
    """Whether the fingertip at `finger` touches any part of the link."""
    self._note_origins(finger, self.at.index[name])
    # The row of the thing: both fingers are neighbours in it.
    return self._contact(self.at.parts[name], np.asarray([finger]))

  def normal(self, a: str, b: str) -> Float[Array, '*b 3']:
    """Mean unit contact normal from `a` to `b`; zero if they do not touch."""
    i, j = self.at.index[a], self.at.index[b]
    self._note_origins(i, j)
    normal = self._numbers('contact_normal', i, j, axes=1)
    touching = self.xp.asarray(self._state.contact)[..., i, j, None]
    return self.xp.where(touching, normal, 0.0)

  def gripper(self) -> Float[Array, '*b']:
    """Commanded opening, metres."""
    return self._numbers('gripper_command')

  def _origin(self, index: int) -> Float[Array, '*b 3']:
    return self._numbers('link_position', index, axes=1)

  def _note_origins(self, *indices: int) -> None:
    for index in indices:
      self._origin(index)

  def _contact(self, first: np.ndarray, second: np.ndarray) -> Any:
    contact = self.xp.asarray(self._state.contact)
    if self.xp is np:
      return contact[..., first[:, None], second].any(axis=(-2, -1))
    pairs = itertools.product(first.tolist(), second.tolist())
    return functools.reduce(
      operator.or_, (contact[..., i, j] for i, j in pairs)
    )

  def _numbers(self, field: str, *index: int, axes: int = 0) -> Any:
    """A field's entries at `index`, with as many axes after those of `*b`."""
    key = field, *index
    if key not in self._known:
      whole = self.xp.asarray(getattr(self._state, field))
      place = (..., *index, *(slice(None),) * axes)
      value = self.xp.asarray(whole[place], np.float32)
      finite = small_axes.every(self.xp, self.xp.isfinite(value), axes)
      self._faults.append(~finite)
      self._known[key] = value
    return self._known[key]
