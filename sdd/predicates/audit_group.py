"""Groups of states that a predicate is tried on before it is trusted."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Literal

import jax
import numpy as np
from jaxtyping import Bool, Int

from sdd.scenes import vocabulary as vocabulary_lib
from sdd.simulation import scene_state

# What the states of a group have in common: nothing has been done yet; the
# world moves, by chance or on purpose; attempts that were kept as successes
# and as failures; worlds that are broken on purpose.
Kind = Literal['reset', 'motion', 'success', 'failure', 'oddity']
KINDS: tuple[Kind, ...] = ('reset', 'motion', 'success', 'failure', 'oddity')
# Less than that in a control period is no motion.
STILL_METRES, STILL_TURN, STILL_JOINT, STILL_OPENING = 1e-3, 5e-3, 2e-3, 1e-4


@dataclasses.dataclass(frozen=True, eq=False)
class Group:
  """States of one kind, with what a predicate is to compare them with.

  Attributes:
    name: of the group, e.g. `reset`.
    kind: what the states have in common.
    initial: (n, ...) the state before of each.
    final: (n, ...) the states.
    truth: what a hand-written rule says about each, or None without a rule.
    follows: whether the state before it in the group is that of the same
      world, one control period earlier.
  """

  name: str
  kind: Kind
  initial: scene_state.SceneState
  final: scene_state.SceneState
  follows: Bool[np.ndarray, ' n']
  truth: Bool[np.ndarray, ' n'] | None = None

  @property
  def size(self) -> int:
    """How many states."""
    return len(self.follows)

  @property
  def solved(self) -> int:
    """In how many of them the hand-written rule holds."""
    return 0 if self.truth is None else int(self.truth.sum())

  def judged(self, truth: Bool[np.ndarray, ' n'] | None) -> 'Group':
    """The same states with other ground truth."""
    return dataclasses.replace(self, truth=truth)

  @functools.cached_property
  def broken(self) -> Bool[np.ndarray, ' n']:
    """Whether a number in either of the two states is not finite."""
    return ~(_finite(self.initial) & _finite(self.final))

  @functools.cached_property
  def run(self) -> Int[np.ndarray, ' n']:
    """Number of the run of consecutive states that each belongs to."""
    return np.cumsum(~self.follows) - 1

  @functools.cached_property
  def still(self) -> Bool[np.ndarray, ' n']:
    """Whether nothing has moved since the state before it."""
    state, still = self.final, self.follows.copy()
    for values, limit in (
      (state.link_position, STILL_METRES),
      (state.link_quaternion, STILL_TURN),
      (state.joint_position, STILL_JOINT),
      (state.gripper_command, STILL_OPENING),
    ):
      flat = np.reshape(values, (self.size, -1))
      moved = np.abs(np.diff(flat, axis=0)).max(axis=1, initial=0.0)
      still[1:] &= moved < limit  # and never where it is not a number
    return still

  @functools.cached_property
  def spell(self) -> Int[np.ndarray, ' n']:
    """Number of the stretch without motion that each belongs to."""
    return np.cumsum(~self.still) - 1


def group(
  name: str,
  kind: Kind,
  runs: Sequence[Sequence[scene_state.SceneState]],
  *,
  initial: Sequence[scene_state.SceneState] | None = None,
) -> Group:
  """Consecutive states of worlds, one run after another.

  Args:
    name: of the group.
    kind: what the states have in common.
    runs: the states of each run, at least one, NumPy without batch axes.
    initial: the state before of each run; its first state by default.
  """
  before = [run[0] for run in runs] if initial is None else list(initial)
  lengths = [len(run) for run in runs]
  first = np.repeat(np.arange(len(runs)), lengths)
  follows = np.ones(sum(lengths), bool)
  follows[np.cumsum([0, *lengths[:-1]])] = False
  return Group(
    name=name,
    kind=kind,
    initial=jax.tree.map(lambda x: x[first], _stack(before)),
    final=_stack([state for run in runs for state in run]),
    follows=follows,
  )


def oddities(
  vocabulary: vocabulary_lib.Vocabulary,
  links: Sequence[str],
  states: scene_state.SceneState,
) -> Group | None:
  """Worlds in which one of the links is gone; None if there are no links.

  From the beginning, all numbers of that link and of its joint are not a
  number and it touches nothing, which is what is left of a body that the
  simulation lost.

  Args:
    vocabulary: the names.
    links: those that a predicate reads.
    states: (n, ...) worlds that are whole.
  """
  size = len(np.asarray(states.gripper_command))
  if not (links and size):
    return None
  gone = _concatenate([_without(states, vocabulary, name) for name in links])
  follows = np.zeros(size * len(links), bool)
  return Group('object gone', 'oddity', gone, gone, follows)


def _without(
  states: scene_state.SceneState,
  vocabulary: vocabulary_lib.Vocabulary,
  name: str,
) -> scene_state.SceneState:
  def lost(values: np.ndarray, index: int) -> np.ndarray:
    values = np.array(values, np.float32)
    values[:, index] = np.nan
    return values

  link, joints = vocabulary.index(name), states.joint_position
  if vocabulary.links[link].joint is not None:
    joints = lost(joints, vocabulary.joint_index(name))
  contact = np.array(states.contact)
  contact[:, link], contact[:, :, link] = False, False
  normal = np.where(contact[..., None], states.contact_normal, 0.0)
  return states.replace(  # pyright: ignore[reportAttributeAccessIssue]
    link_position=lost(states.link_position, link),
    link_quaternion=lost(states.link_quaternion, link),
    link_bounds=lost(states.link_bounds, link),
    joint_position=np.asarray(joints),
    contact=contact,
    contact_normal=normal.astype(np.float32),
  )


def together(
  groups: Sequence[Group],
) -> tuple[scene_state.SceneState, scene_state.SceneState]:
  """Initial and final states of all groups, one after another."""
  initial = _concatenate([each.initial for each in groups])
  return initial, _concatenate([each.final for each in groups])


def _finite(states: scene_state.SceneState) -> Bool[np.ndarray, ' n']:
  leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(states)]
  flat = [leaf.reshape(len(leaf), -1) for leaf in leaves]
  return np.all([np.isfinite(leaf).all(axis=1) for leaf in flat], axis=0)


def _stack(states: Sequence[scene_state.SceneState]) -> scene_state.SceneState:
  """With a leading axis, in 32 bits, as batch simulators show states."""
  return jax.tree.map(lambda *leaves: _narrow(np.stack(leaves)), *states)


def _concatenate(
  states: Sequence[scene_state.SceneState],
) -> scene_state.SceneState:
  return jax.tree.map(lambda *leaves: np.concatenate(leaves), *states)


def _narrow(values: np.ndarray) -> np.ndarray:
  return values if values.dtype == bool else values.astype(np.float32)
