"""When each node of a task tree was true, and which one was worked on."""

import dataclasses
import itertools
from collections.abc import Hashable, Iterator, Sequence

from sdd.collection import episode as episode_lib
from sdd.language import task_tree

TRUE, FALSE, UNKNOWN, UNASKED = 'true', 'false', 'unknown', 'unasked'
STATES = (TRUE, FALSE, UNKNOWN, UNASKED)
_SAID = {
  episode_lib.TRUE: TRUE,
  episode_lib.FALSE: FALSE,
  episode_lib.UNKNOWN: UNKNOWN,
}


@dataclasses.dataclass(frozen=True)
class Row:
  """One node over `T` steps.

  Attributes:
    instruction: the node's sentence.
    depth: 0 for the root.
    skill: as text; empty for inner nodes.
    code: its success predicate.
    retries: how often it was tried again.
    states: (T,) one of `STATES` for each step. `unasked` until the walk
      through the tree first came to the node; from then on its verdict.
    active: (T,) whether it, or a node below it, was worked on.
  """

  instruction: str
  depth: int
  skill: str
  code: str
  retries: int
  states: tuple[str, ...]
  active: tuple[bool, ...]


@dataclasses.dataclass(frozen=True)
class Span:
  """Steps `start` to `start + length - 1`, all of one value."""

  start: int
  length: int
  value: Hashable


def of_episode(
  tree: task_tree.TaskTree, episode: episode_lib.Episode
) -> tuple[Row, ...]:
  """One row for each node of the episode's own tree, pre-order."""
  working = active_nodes(tree, episode)
  asked = asked_from(tree, working, success=episode.metadata.success)
  return tuple(
    Row(
      instruction=node.instruction,
      depth=len(list(_upwards(tree, index))) - 1,
      skill=str(node.skill or ''),
      code=node.predicate.source,
      retries=int(episode.metadata.retries[index]),
      states=tuple(
        UNASKED if step < asked[index] else _SAID[int(said)]
        for step, said in enumerate(episode.verdict[:, index])
      ),
      active=tuple(index in _upwards(tree, at) for at in working),
    )
    for index, node in enumerate(tree.nodes)
  )


def active_nodes(
  tree: task_tree.TaskTree, episode: episode_lib.Episode
) -> list[int]:
  """The node worked on at each step, as far as the labels tell.

  A leaf while its skill is carried out; while the robot waits or goes back
  to rest, the node one level below the root. Of several leaves with the same
  labels, it is the one before, or else the next in order.
  """
  found: list[int] = []
  leaf = 0
  for sub, skill in zip(episode.sub_task, episode.skill, strict=True):
    fitting = [
      index
      for index, node in enumerate(tree.nodes)
      if (_labels(tree, index) if skill else (_alone(tree, index), ''))
      == (sub, skill)
    ]
    above = [index for index in fitting if index in _upwards(tree, leaf)]
    later = [index for index in fitting if index >= leaf]
    chosen = (above or later or fitting or [0])[0]
    leaf = chosen if skill else leaf
    found.append(chosen)
  return found


def asked_from(
  tree: task_tree.TaskTree, working: Sequence[int], *, success: bool
) -> list[int]:
  """The first step at which the walk had come to each node.

  The walk goes through the nodes in order, and into a node only if that is
  not satisfied yet. So a node has been asked about as soon as it, or a later
  one, is worked on, provided its parent was gone into. In a success the last
  siblings may have been found satisfied at the very end.

  Returns:
    a step for each node; `len(working)` for those never asked about.
  """
  never = len(working)
  leaves = [at if tree.nodes[at].skill else -1 for at in working]
  entered = [
    next(
      (k for k, at in enumerate(working) if node in _upwards(tree, at)), never
    )
    for node in range(len(tree.nodes))
  ]
  asked: list[int] = []
  for node, parent in enumerate(tree.parents):
    if parent is None:
      asked.append(0)
      continue
    later = (
      k for k, at in enumerate(leaves) if k >= entered[parent] and at >= node
    )
    inside = entered[parent] < never and max(leaves, default=-1) >= 0
    end = never - 1 if success and inside else never
    asked.append(min(next(later, end), entered[node]))
  return asked


def spans(values: Sequence[Hashable]) -> tuple[Span, ...]:
  """Equal neighbours taken together; they cover all steps in order."""
  found, start = [], 0
  for value, group in itertools.groupby(values):
    length = len(list(group))
    found.append(Span(start, length, value))
    start += length
  return tuple(found)


def _upwards(tree: task_tree.TaskTree, node: int) -> Iterator[int]:
  """The node, its parent, and so on up to the root."""
  at: int | None = node
  while at is not None:
    yield at
    at = tree.parents[at]


def _labels(tree: task_tree.TaskTree, node: int) -> tuple[str, str]:
  """Sub-task and skill of a step on which that leaf was worked on."""
  above = list(_upwards(tree, node))
  sub = tree.nodes[above[max(0, len(above) - 2)]].instruction
  return sub, str(tree.nodes[node].skill or '')


def _alone(tree: task_tree.TaskTree, node: int) -> str:
  """Its instruction if it is at most one level below the root."""
  deep = len(list(_upwards(tree, node))) > 2
  return '' if deep else tree.nodes[node].instruction
