"""Which numbers of a state vector belong to which object.

A `state` is a flat vector with a name for every entry. Here it becomes one
row per object, the same ten numbers for each, so that a learner can look at
any number of objects of any scene in the same way.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from sdd.dataset import spec

POSITION, ROTATION, JOINT = slice(0, 3), slice(3, 9), slice(9, 10)
DIMENSION = 10
"""Position (3, metres), first two rows of the rotation matrix (6; those of the
identity where the state has none) and joint position (1, metres or radians; 0
where there is none), robot base frame."""

_ENTRIES = (
  'x', 'y', 'z', 'r00', 'r01', 'r02', 'r10', 'r11', 'r12', 'position',
)  # fmt: skip
_ABSENT = np.array([0, 0, 0, 1, 0, 0, 0, 1, 0, 0], np.float32)


@dataclasses.dataclass(frozen=True, eq=False)
class ObjectLayout:
  """Where each object's numbers are in a state vector.

  Attributes:
    names: of the objects, as language uses them.
    column: of each object's ten numbers, the entry of the state that holds
      it, or -1 for none.
  """

  names: tuple[str, ...]
  column: Int[np.ndarray, 'N 10']

  def __len__(self) -> int:
    return len(self.names)

  def rows(self, state: Float[np.ndarray, '*b S']) -> np.ndarray:
    """State vectors as objects, (*b, N, 10)."""
    state = np.asarray(state, np.float32)
    return np.where(self.column < 0, _ABSENT, state[..., self.column])


def layout(state_names: Sequence[str]) -> ObjectLayout:
  """Reads the names of a state vector, such as 'crayon box/x'.

  Raises:
    DatasetError: for a name that says neither position, rotation nor joint.
  """
  columns: dict[str, list[int]] = {}
  for place, name in enumerate(state_names):
    owner, _, entry = name.rpartition('/')
    if not owner or entry not in _ENTRIES:
      raise spec.DatasetError(
        f'The state entry {name!r} belongs to no object; expected a name such '
        f"as 'crayon box/x', ending in one of {', '.join(_ENTRIES)}."
      )
    row = columns.setdefault(owner, [-1] * DIMENSION)
    row[_ENTRIES.index(entry)] = place
  table = np.array(list(columns.values()), int).reshape(-1, DIMENSION)
  return ObjectLayout(tuple(columns), table)


def padded(
  rows: Float[np.ndarray, '*b n 10'], count: int
) -> Float[np.ndarray, '*b N 10']:
  """Adds objects at the origin until there are `count`."""
  missing = count - rows.shape[-2]
  blank = np.broadcast_to(_ABSENT, (*rows.shape[:-2], missing, DIMENSION))
  return np.concatenate([rows, blank], axis=-2)
