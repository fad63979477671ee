"""Try, verify, retry: one world's way through a task tree.

A `Walk` is a coroutine. It yields what it wants, a plan or a motion, and is
sent how that went; whoever runs it decides when and where plans are made and
worlds are stepped. So a single world in C MuJoCo and a batch in MJX follow
the same rules.

After a failure the world stays as the failure left it, and every retry draws
anew (paper, section 3.3).
"""

import dataclasses
from collections.abc import Callable, Generator
from typing import Literal

from sdd.collection import episode
from sdd.language import skill as skill_lib
from sdd.language import task_tree
from sdd.planning import motion

Retry = Literal['inferred', 'none']
RETRY: tuple[Retry, ...] = ('inferred', 'none')

_TRIES = 4  # of a node before its parent takes over
_ROOT_TRIES = 12
_INFEASIBLE_BEFORE_REST = 2  # failed draws before the arm goes back to rest


@dataclasses.dataclass(frozen=True)
class Plan:
  """Wanted: a motion for the skill, or back to rest for None.

  Answered by a `motion.Answer`.
  """

  skill: skill_lib.Skill | None


@dataclasses.dataclass(frozen=True)
class Move:
  """Wanted: this motion executed.

  Answered by whether it was carried out to its end; it is cut short when
  what it should hold is lost.
  """

  motion: motion.Motion
  skill: skill_lib.Skill | None


Steps = Generator[Plan | Move, motion.Answer | bool, bool]


class Walk:
  """The walk of one world.

  Attributes:
    tree: the task tree.
    active: index of the node being worked on.
    retries: how often each node was tried again.
    problem: the last reason for which no motion was found.
  """

  def __init__(
    self,
    tree: task_tree.TaskTree,
    *,
    verdict: Callable[[int], int],
    begin: Callable[[int], None],
    retry: Retry,
  ):
    """Makes a walk that has not begun.

    Args:
      tree: the task tree.
      verdict: verdict of the node with that index, now.
      begin: called when a node begins: the state now is its initial state.
      retry: `inferred`, or `none` for the paper's baseline that runs every
        skill once and looks at nothing.
    """
    self.tree = tree
    self.active = 0
    self.retries = [0] * len(tree.nodes)
    self.problem = ''
    self._verdict, self._begin, self._retry = verdict, begin, retry
    self._children: list[list[int]] = [[] for _ in tree.nodes]
    for index, parent in enumerate(tree.parents):
      if parent is not None:
        self._children[parent].append(index)

  def steps(self) -> Steps:
    """Walks from the root.

    Returns whether the root was found satisfied; without verification,
    whether every skill was carried out.
    """
    if self._retry == 'none':
      return (yield from self._once(0))
    return (yield from self._node(0, _ROOT_TRIES))

  def _node(self, index: int, tries: int) -> Steps:
    self.active = index
    self._begin(index)
    if self._done(index):
      return True
    for attempt in range(tries):
      if attempt:
        self.retries[index] += 1
      if self._children[index]:
        yield from self._through_children(index)
      elif not (yield from self._leaf(index)):
        return self._done(index)
      self.active = index
      if self._done(index):
        return True
    return False

  def _through_children(self, index: int) -> Steps:
    for child in self._children[index]:
      if not (yield from self._node(child, _TRIES)):
        return False
    return True

  def _leaf(self, index: int) -> Steps:
    """One execution; False when another try here is of no use."""
    self.active = index
    skill = self.tree.nodes[index].skill
    for draw in range(2 * _INFEASIBLE_BEFORE_REST):
      answer = yield Plan(skill)
      assert isinstance(answer, motion.Answer)
      if answer.motion is not None:
        yield Move(answer.motion, skill)
        return True
      self.problem = answer.reason
      if not answer.ready:
        return False
      if draw % _INFEASIBLE_BEFORE_REST == _INFEASIBLE_BEFORE_REST - 1:
        yield from self._rest()
        if skill is not None and skill.verb == 'place':
          return False  # resting let go of it: it must be picked up anew
    return False

  def _rest(self) -> Steps:
    answer = yield Plan(None)
    assert isinstance(answer, motion.Answer)
    if answer.motion is None:
      return False
    return bool((yield Move(answer.motion, None)))

  def _once(self, index: int) -> Steps:
    """Every leaf once, in order, whatever comes of it."""
    self.active = index
    self._begin(index)
    skill = self.tree.nodes[index].skill
    if skill is not None:
      answer = yield Plan(skill)
      assert isinstance(answer, motion.Answer)
      if answer.motion is None:
        self.problem = answer.reason
        return False
      yield Move(answer.motion, skill)
    for child in self._children[index]:
      if not (yield from self._once(child)):
        return False
    return True

  def _done(self, index: int) -> bool:
    return self._verdict(index) == episode.TRUE
