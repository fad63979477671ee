"""How atoms look at a scene state, noting every number that is not finite."""

from typing import Any

import numpy as np
from jax import numpy as jnp
from jaxtyping import Array, Bool, Float

from sdd.scenes import vocabulary as vocabulary_lib
from sdd.simulation import scene_state


class Reader:
  """One scene state, addressed by the names of a vocabulary.

  What is read is noted in `faults`: boolean arrays of shape (*b,), true
  where a number was not finite. Contacts are not numbers, but those of a
  world that has blown up mean nothing, so they count as readings of the
  positions of both links.
  """

  def __init__(
    self,
    vocabulary: vocabulary_lib.Vocabulary,
    state: scene_state.SceneState,
    faults: list[Any],
  ):
    self.vocabulary, self._state, self._faults = vocabulary, state, faults

  def position(self, name: str) -> Float[Array, '*b 3']:
    """Origin of the link, world frame, metres."""
    return self._origin(self.vocabulary.index(name))

  def bounds(self, name: str) -> Float[Array, '*b 2 3']:
    """Lower and upper corner of the link's own box, world frame, metres."""
    index = self.vocabulary.index(name)
    bounds = jnp.asarray(self._state.link_bounds)[..., index, :, :]
    return self._noted(bounds, axes=(-2, -1))

  def joint(self, name: str) -> Float[Array, '*b']:
    """Position of the joint that moves the link, metres or radians."""
    index = self.vocabulary.joint_index(name)
    return self._noted(jnp.asarray(self._state.joint_position)[..., index])

  def limits(self, name: str) -> tuple[float, float]:
    """Lower and upper limit of the joint that moves the link."""
    lower, upper = self.vocabulary.ranges[self.vocabulary.joint_index(name)]
    return float(lower), float(upper)

  def touching(self, a: str, b: str) -> Bool[Array, '*b']:
    """Whether any part of `a` touches any part of `b`."""
    self._note_origins(self.vocabulary.index(a), self.vocabulary.index(b))
    return self._contact(
      self.vocabulary.parts_of(a), self.vocabulary.parts_of(b)
    )

  def finger_touches(self, finger: int, name: str) -> Bool[Array, '*b']:
    """Whether the fingertip at `finger` touches any part of the link."""
    self._note_origins(finger, self.vocabulary.index(name))
    return self._contact(np.asarray([finger]), self.vocabulary.parts_of(name))

  def normal(self, a: str, b: str) -> Float[Array, '*b 3']:
    """Mean unit contact normal from `a` to `b`; zero if they do not touch."""
    i, j = self.vocabulary.index(a), self.vocabulary.index(b)
    self._note_origins(self.vocabulary.index(a), self.vocabulary.index(b))
    normal = jnp.asarray(self._state.contact_normal)[..., i, j, :]
    touching = jnp.asarray(self._state.contact)[..., i, j, None]
    return jnp.where(touching, self._noted(normal, axes=(-1,)), 0.0)

  def gripper(self) -> Float[Array, '*b']:
    """Commanded opening, metres."""
    return self._noted(jnp.asarray(self._state.gripper_command))

  def _origin(self, index: int) -> Float[Array, '*b 3']:
    position = jnp.asarray(self._state.link_position)[..., index, :]
    return self._noted(position, axes=(-1,))

  def _note_origins(self, *indices: int) -> None:
    for index in indices:
      self._origin(index)

  def _contact(self, first: np.ndarray, second: np.ndarray) -> Any:
    contact = jnp.asarray(self._state.contact)
    return contact[..., first[:, None], second].any(axis=(-2, -1))

  def _noted(self, value: Any, axes: tuple[int, ...] = ()) -> Any:
    self._faults.append(~jnp.isfinite(value).all(axis=axes))
    return value
