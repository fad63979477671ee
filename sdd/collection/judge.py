"""Every node's verdict, for many worlds or many moments at once."""

import functools
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp
from jaxtyping import Int8

from sdd.language import task_tree
from sdd.simulation import scene_state


def verdicts(
  tree: task_tree.TaskTree,
  initial: scene_state.SceneState,
  final: scene_state.SceneState,
  *,
  xp: Any = np,
) -> Int8[Any, '*b N']:
  """The verdict of each of the tree's nodes.

  Predicates are pure functions for NumPy and JAX alike. On a CPU, where
  moments come one at a time, NumPy needs no compilation; a batch of worlds
  on an accelerator is judged by `compiled`.

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


@functools.lru_cache(maxsize=64)
def compiled(tree: task_tree.TaskTree) -> Any:
  """`verdicts` of a tree as one jitted program: (initial, final) -> int8."""
  return jax.jit(functools.partial(verdicts, tree, xp=jnp))


def stack(states: list[scene_state.SceneState]) -> scene_state.SceneState:
  """Many states as one with a leading axis."""
  return jax.tree.map(lambda *leaves: np.stack(leaves), *states)
