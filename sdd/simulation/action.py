"""The one action interface: what a policy says and a controller hears."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float

from sdd import errors

DIMENSION = 10


class SpecMismatchError(errors.SddError):
  """Data, checkpoint and robot do not speak the same action."""


@dataclasses.dataclass(frozen=True)
class ActionSpec:
  """The meaning of an action vector; stored with data and checkpoints.

  An action is absolute: end-effector position (3, metres, robot base
  frame), the first two ROWS of the end-effector rotation matrix (6), and
  the opening between the fingertips (1, metres), to be reached by the end
  of one control period.
  """

  layout: tuple[str, ...] = (
    'x', 'y', 'z', 'r00', 'r01', 'r02', 'r10', 'r11', 'r12', 'opening',
  )  # fmt: skip
  frame: str = 'robot base'
  rotation: str = 'first two rows of the rotation matrix'
  position_unit: str = 'metre'
  gripper: str = 'opening between the fingertips in metres'
  reference: str = 'absolute'
  rate_hz: float = 4.0

  def to_json(self) -> dict[str, Any]:
    return {**dataclasses.asdict(self), 'layout': list(self.layout)}

  @classmethod
  def from_json(cls, fields: dict[str, Any]) -> 'ActionSpec':
    return cls(**{**fields, 'layout': tuple(fields['layout'])})

  def require(self, other: 'ActionSpec', *, mine: str, theirs: str) -> None:
    """Raises SpecMismatchError naming each field in which `other` differs."""
    ours, others = self.to_json(), other.to_json()
    wrong = [
      f'{key}: {mine} has {ours[key]!r}, {theirs} has {others[key]!r}'
      for key in ours
      if ours[key] != others[key]
    ]
    if wrong:
      raise SpecMismatchError(
        'The action specifications differ. ' + '; '.join(wrong) + '.'
      )


def encode(
  position: Float[np.ndarray, '*b 3'],
  rotation: Float[np.ndarray, '*b 3 3'],
  opening: Float[np.ndarray, '*b'] | float,
) -> Float[np.ndarray, '*b 10']:
  """Pose and opening to an action vector."""
  position, rotation = np.asarray(position), np.asarray(rotation)
  rows = rotation[..., :2, :].reshape(*rotation.shape[:-2], 6)
  opening = np.broadcast_to(opening, position.shape[:-1])[..., None]
  return np.concatenate([position, rows, opening], axis=-1)


def decode(xp: Any, action: Any) -> tuple[Any, Any, Any]:
  """Action vector (*b, 10) to position, rotation matrix and opening.

  The two rows are made orthonormal by Gram-Schmidt, so any network output
  is a rotation. `xp` is `numpy` or `jax.numpy`.
  """
  first, second = action[..., 3:6], action[..., 6:9]
  first = first / (xp.linalg.norm(first, axis=-1, keepdims=True) + 1e-8)
  overlap = xp.sum(first * second, axis=-1, keepdims=True)
  second = second - overlap * first
  second = second / (xp.linalg.norm(second, axis=-1, keepdims=True) + 1e-8)
  third = xp.cross(first, second)
  rotation = xp.stack([first, second, third], axis=-2)
  return action[..., :3], rotation, action[..., 9]
