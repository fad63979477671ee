"""What is wrong with a whole task tree, as far as can be said in advance.

Each answer was checked by itself. This looks at what they make together: a
robot with one gripper goes through the leaves from left to right, and begins
with nothing in its hand.
"""

import dataclasses
import itertools
from collections.abc import Collection, Iterator

from sdd.language import provider, task_tree
from sdd.scenes import vocabulary as vocabulary_lib

Path = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Problem:
  """Something wrong, and the answer that is most likely to blame.

  Attributes:
    path: the node whose answer it is: instructions from the root down.
    question: which answer.
    text: what is wrong, a sentence or two.
  """

  path: Path
  question: provider.Question
  text: str


def problems(
  root: task_tree.TaskNode,
  vocabulary: vocabulary_lib.Vocabulary,
  *,
  out_of_reach: Collection[str] = (),
) -> Iterator[Problem]:
  """Everything wrong with a tree, in the order of its leaves.

  Args:
    root: its root.
    vocabulary: the scene's names.
    out_of_reach: links that the robot cannot get at wherever they may be.
  """
  yield from _repeated(root, (root.instruction,))
  leaves = list(_leaves(root, (root.instruction,)))
  before: _Leaf | None = None
  for leaf in leaves:
    yield from _fixed(leaf, vocabulary)
    yield from _far(leaf, out_of_reach)
    yield from _in_turn(before, leaf, vocabulary)
    before = leaf


@dataclasses.dataclass(frozen=True)
class _Leaf:
  path: Path
  node: task_tree.TaskNode

  @property
  def skill(self):
    skill = self.node.skill
    assert skill is not None
    return skill


def _leaves(node: task_tree.TaskNode, path: Path) -> Iterator[_Leaf]:
  if node.skill is not None:
    yield _Leaf(path, node)
  for child in node.children:
    yield from _leaves(child, (*path, child.instruction))


def _repeated(node: task_tree.TaskNode, path: Path) -> Iterator[Problem]:
  """Sub-tasks that are listed twice in a row."""
  for one, two in zip(node.children, node.children[1:], strict=False):
    if _same(one.instruction, two.instruction):
      yield Problem(
        path, 'plan', f'The sub-task {two.instruction!r} is listed twice.'
      )
  for child in node.children:
    yield from _repeated(child, (*path, child.instruction))


def _fixed(
  leaf: _Leaf, vocabulary: vocabulary_lib.Vocabulary
) -> Iterator[Problem]:
  """Taking hold of what neither moves nor comes along."""
  link = vocabulary.find(leaf.skill.link)
  if leaf.skill.verb == 'grasp' and link.kind == 'part' and not link.joint:
    yield Problem(
      leaf.path, 'ground',
      f'{leaf.skill} changes nothing: {link.name!r} has no joint and is a '
      f'fixed part of {link.parent!r}.',
    )  # fmt: skip


def _far(leaf: _Leaf, out_of_reach: Collection[str]) -> Iterator[Problem]:
  for name in (leaf.skill.link, leaf.skill.target):
    if name in out_of_reach:
      yield Problem(
        leaf.path, 'ground',
        f'{leaf.skill} cannot be done: {name!r} is out of the reach of the '
        'robot.',
      )  # fmt: skip


def _in_turn(
  before: _Leaf | None, leaf: _Leaf, vocabulary: vocabulary_lib.Vocabulary
) -> Iterator[Problem]:
  """What a skill makes of the one before it."""
  skill, last = leaf.skill, before.skill if before else None
  held = _held(before, vocabulary)
  if skill.verb == 'place' and held != skill.link:
    yield Problem(
      leaf.path, 'plan',
      f'{skill} alone cannot carry out {leaf.path[-1]!r}: {skill.link!r} is '
      'not in the gripper then. It has to be picked up in the step before.',
    )  # fmt: skip
  if before is None or last is None:
    return
  both = _common(before.path, leaf.path)
  if skill.verb != 'place' and held is not None:
    yield Problem(
      both, 'plan',
      f'{last} is followed by {skill}, which lets go of {held!r} again. '
      'Place it first, or do the other thing before it is picked up.',
    )  # fmt: skip
  if skill.verb == last.verb == 'move_joint' and (
    vocabulary.joint_index(skill.link) == vocabulary.joint_index(last.link)
  ):
    found = (
      'does the same again'
      if skill.direction == last.direction
      else 'only undoes it, with nothing in between'
    )
    yield Problem(
      both, 'plan', f'{last} is followed by {skill}, which {found}.'
    )


def _held(
  leaf: _Leaf | None, vocabulary: vocabulary_lib.Vocabulary
) -> str | None:
  """The object in the gripper after a leaf."""
  if leaf is None or leaf.skill.verb != 'grasp':
    return None
  link = vocabulary.find(leaf.skill.link)
  return link.name if link.kind == 'object' else None


def _common(one: Path, two: Path) -> Path:
  """The node that both are below of."""
  pairs = zip(one[:-1], two[:-1], strict=False)
  return tuple(
    a for a, _ in itertools.takewhile(lambda ab: ab[0] == ab[1], pairs)
  )


def _same(one: str, two: str) -> bool:
  return vocabulary_lib.normalise(one) == vocabulary_lib.normalise(two)
