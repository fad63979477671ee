"""Every node's verdict, at every moment of one world."""

from typing import Any, Protocol

import jax
import numpy as np
from jaxtyping import Bool, Float, Int8

from sdd.language import task_tree
from sdd.simulation import scene_state, simulator


class Judge(Protocol):
  """Says what holds in one world.

  A node is judged from the state in which it began. All begin with the
  first state that is seen; one may begin anew with the latest.
  """

  def see(self, state: scene_state.SceneState) -> None:
    """That is how things are now."""
    ...

  def begin(self, node: int) -> None:
    """The latest state is from now on the initial one of that node."""
    ...

  def verdict(self, node: int) -> int:
    """Verdict of the node's predicate in the latest state."""
    ...

  def timeline(self) -> Int8[np.ndarray, 'T N']:
    """Every node's verdict in every state that was seen."""
    ...


class Judges(Protocol):
  """The judges of a simulator's worlds."""

  def enter(self, index: int, tree: task_tree.TaskTree) -> Judge:
    """The judge of a new attempt in world `index`, which has been reset."""
    ...

  def step(
    self, actions: Float[np.ndarray, 'B 10'], active: Bool[np.ndarray, ' B']
  ) -> None:
    """Advances the active worlds, as the simulator does."""
    ...


class SingleJudges:
  """Every world has a judge of its own."""

  def __init__(self, sim: simulator.Simulator):
    self._sim = sim

  def enter(self, index: int, tree: task_tree.TaskTree) -> Judge:
    del index
    return SingleJudge(tree)

  def step(
    self, actions: Float[np.ndarray, 'B 10'], active: Bool[np.ndarray, ' B']
  ) -> None:
    self._sim.step(actions, active)


class SingleJudge:
  """Judges one world, with NumPy, a node when it is asked about.

  Where moments come one at a time, NumPy needs no compilation.
  """

  def __init__(self, tree: task_tree.TaskTree):
    self._tree = tree
    self._states: list[scene_state.SceneState] = []
    self._begun = [0] * len(tree.nodes)
    self._begun_at: list[tuple[int, ...]] = []

  def see(self, state: scene_state.SceneState) -> None:
    self._states.append(state)
    self._begun_at.append(tuple(self._begun))

  def begin(self, node: int) -> None:
    self._begun[node] = len(self._states) - 1
    self._begun_at[-1] = tuple(self._begun)

  def verdict(self, node: int) -> int:
    predicate = self._tree.nodes[node].predicate
    initial = self._states[self._begun[node]]
    return int(predicate.verdict(initial, self._states[-1], xp=np))

  def timeline(self) -> Int8[np.ndarray, 'T N']:
    states, begun = stack(self._states), np.asarray(self._begun_at)
    initial = jax.tree.map(lambda x: x[begun], states)
    return verdicts(self._tree, initial, states)


def verdicts(
  tree: task_tree.TaskTree,
  initial: scene_state.SceneState,
  final: scene_state.SceneState,
  *,
  xp: Any = np,
) -> Int8[Any, '*b N']:
  """The verdict of each of the tree's nodes.

  Args:
    tree: the task tree with `N` nodes.
    initial: (*b, N, ...) the state at which each node was begun.
    final: (*b, ...) the state now.
    xp: `numpy` or `jax.numpy`.
  """
  axis = np.ndim(final.gripper_command)
  columns = []
  for index, node in enumerate(tree.nodes):
    take = (slice(None),) * axis + (index,)
    before = jax.tree.map(lambda x, take=take: x[take], initial)
    columns.append(node.predicate.verdict(before, final, xp=xp))
  return xp.stack(columns, axis=-1)


def stack(states: list[scene_state.SceneState]) -> scene_state.SceneState:
  """Many states as one with a leading axis."""
  return jax.tree.map(lambda *leaves: np.stack(leaves), *states)
