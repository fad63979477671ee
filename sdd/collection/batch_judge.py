"""Every node's verdict in every world, by the program that steps them.

Besides the verdict of each node since it began, the program computes what it
would be if the node began now. So a world's way through its task tree, which
asks for both, needs no further program between two steps.
"""

import collections
import dataclasses
import functools
from collections.abc import Iterable
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp
from jaxtyping import Bool, Float, Int8

from sdd.collection import judge
from sdd.language import task_tree
from sdd.predicates import predicate as predicate_lib
from sdd.simulation import scene_state, simulator

_SINCE, _AFRESH = 0, 1  # rows of a reading


@dataclasses.dataclass(frozen=True)
class _Entry:
  """A predicate, and the column of the node that it is of, tree by tree."""

  predicate: predicate_lib.Predicate
  columns: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class TreeWatch:
  """Judges worlds by the nodes of the tree that each of them follows.

  What the trees have in common is computed once. Remembered are the states
  in which the nodes began; asked are the world's tree and which nodes begin
  with the state before the step; a reading is int8 (2, N), `N` the number of
  nodes of the largest tree.

  Attributes:
    trees: the trees that worlds may follow.
  """

  trees: tuple[task_tree.TaskTree, ...]

  @property
  def width(self) -> int:
    """N."""
    return max(len(tree.nodes) for tree in self.trees)

  def memory(self, state: scene_state.SceneState) -> scene_state.SceneState:
    return jax.tree.map(lambda x: jnp.stack([x] * self.width), state)

  def look(
    self,
    memory: scene_state.SceneState,
    asked: dict[str, Any],
    before: scene_state.SceneState,
    after: scene_state.SceneState,
  ) -> tuple[scene_state.SceneState, Int8[Any, '2 N']]:
    fresh, tree = asked['fresh'], asked['tree']
    begun = jax.tree.map(
      lambda new, old: jnp.where(
        fresh.reshape(-1, *(1,) * new.ndim), new[None], old
      ),
      before,
      memory,
    )
    entries, order = self._entries
    since = []
    for entry in entries:
      column = _chosen(entry.columns, tree)
      initial = jax.tree.map(lambda x, column=column: x[column], begun)
      since.append(entry.predicate.verdict(initial, after))
    afresh = {
      predicate: predicate.verdict(after, after)
      for predicate in dict.fromkeys(entry.predicate for entry in entries)
    }
    table = jnp.stack(
      [
        jnp.stack(since),
        jnp.stack([afresh[entry.predicate] for entry in entries]),
      ]
    )
    return begun, table[:, _chosen(order, tree)]

  @functools.cached_property
  def _entries(self) -> tuple[list[_Entry], np.ndarray]:
    """What is computed, and (trees, N) which of it belongs to which node.

    Nodes of different trees share an entry if they have equal predicates.
    """
    columns: dict[Any, list[int]] = {}
    order = np.zeros((len(self.trees), self.width), np.int32)
    for row, tree in enumerate(self.trees):
      seen = collections.Counter[predicate_lib.Predicate]()
      for column, node in enumerate(tree.nodes):
        key = node.predicate, seen[node.predicate]
        seen[node.predicate] += 1
        columns.setdefault(key, [0] * len(self.trees))[row] = column
        order[row, column] = list(columns).index(key)
    entries = [_Entry(key[0], tuple(found)) for key, found in columns.items()]
    return entries, order


def _chosen(table: Any, row: Any) -> Any:
  """`table[row]`, known to the compiler where there is only one row."""
  return table[0] if len(table) == 1 else jnp.asarray(table)[row]


class BatchJudges:
  """Judges all worlds of a simulator within its program."""

  def __init__(
    self,
    sim: simulator.WatchingSimulator,
    trees: Iterable[task_tree.TaskTree],
  ):
    """From now on `sim` must be stepped through this only.

    Args:
      sim: the worlds.
      trees: every tree that a world will follow; there must be one.
    """
    self._sim = sim
    program = TreeWatch(tuple(dict.fromkeys(trees)))
    self._number = {tree: row for row, tree in enumerate(program.trees)}
    self._fresh = np.zeros((sim.size, program.width), bool)
    self._tree = np.zeros(sim.size, np.int32)
    self._stale = False
    sim.watch(program, self._asked())

  def enter(self, index: int, tree: task_tree.TaskTree) -> judge.Judge:
    self._tree[index] = self._number[tree]
    self._fresh[index] = True
    self._stale = True
    return _Row(self, index, len(tree.nodes))

  def step(
    self, actions: Float[np.ndarray, 'B 10'], active: Bool[np.ndarray, ' B']
  ) -> None:
    self._sim.step(actions, active, self._asked())
    self._fresh[active] = False

  def begin(self, index: int, node: int) -> None:
    """The state of world `index` now is the node's initial one."""
    self._fresh[index, node] = True

  def reading(self, index: int) -> Int8[np.ndarray, '2 N']:
    """Verdicts now, of nodes since they began and as if they began now."""
    if self._stale:
      self._sim.look(self._asked())
      self._fresh[:] = False
      self._stale = False
    return self._sim.reading(index)

  def _asked(self) -> dict[str, np.ndarray]:
    return {'fresh': self._fresh.copy(), 'tree': self._tree.copy()}


class _Row:
  """The `Judge` of one world of a batch."""

  def __init__(self, judges: BatchJudges, index: int, nodes: int):
    self._judges, self._index, self._nodes = judges, index, nodes
    self._rows: list[np.ndarray] = []
    self._afresh = np.zeros(nodes, np.int8)

  def see(self, state: scene_state.SceneState) -> None:
    del state  # the program has seen it
    table = self._judges.reading(self._index)[:, : self._nodes]
    self._rows.append(table[_SINCE].copy())
    self._afresh = table[_AFRESH].copy()

  def begin(self, node: int) -> None:
    self._judges.begin(self._index, node)
    self._rows[-1][node] = self._afresh[node]

  def verdict(self, node: int) -> int:
    return int(self._rows[-1][node])

  def timeline(self) -> Int8[np.ndarray, 'T N']:
    return np.stack(self._rows)
