"""What to do, step by step, and when each step is done."""

import dataclasses
import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from rich import console, syntax
from rich import text as rich_text
from rich import tree as rich_tree

from sdd import errors
from sdd.language import grounding
from sdd.language import skill as skill_lib
from sdd.predicates import predicate
from sdd.scenes import vocabulary as vocabulary_lib

FORMAT = 2  # of the JSON text


class TaskTreeError(errors.SddError):
  """A task tree that does not hang together, or text that is none."""


@dataclasses.dataclass(frozen=True)
class TaskNode:
  """One instruction: either a skill does it, or its children do.

  Attributes:
    instruction: the sentence; may begin with a clause on the state before,
      e.g. `with the top drawer opened, `.
    predicate: when it is done; initial is the state when it began.
    skill: what a leaf asks of the robot; None for an inner node.
    children: the steps of an inner node, in order; none for a leaf.
  """

  instruction: str
  predicate: predicate.Predicate
  skill: skill_lib.Skill | None = None
  children: 'tuple[TaskNode, ...]' = ()

  def __post_init__(self) -> None:
    if (self.skill is None) != bool(self.children):
      raise TaskTreeError(
        f'The node {self.instruction!r} must have either a skill or '
        f'children; it has the skill {self.skill} and '
        f'{len(self.children)} children.'
      )


@dataclasses.dataclass(frozen=True)
class TaskTree:
  """A task, broken down until each leaf is one skill.

  Attributes:
    task: the sentence it began with.
    scene: name of the scene it is for.
    root: the node of the whole task.
    completions: identifiers of the completions it was built from.
    explicit: what the sentence was taken to mean; empty where nobody asked.
  """

  task: str
  scene: str
  root: TaskNode
  completions: tuple[str, ...] = ()
  explicit: str = ''

  @functools.cached_property
  def nodes(self) -> tuple[TaskNode, ...]:
    """All nodes, each before its children (pre-order)."""
    return tuple(node for node, _ in self._walk)

  @functools.cached_property
  def parents(self) -> tuple[int | None, ...]:
    """Index in `nodes` of each node's parent; None for the root."""
    return tuple(parent for _, parent in self._walk)

  @functools.cached_property
  def _walk(self) -> tuple[tuple[TaskNode, int | None], ...]:
    found: list[tuple[TaskNode, int | None]] = []

    def visit(node: TaskNode, parent: int | None) -> None:
      index = len(found)
      found.append((node, parent))
      for child in node.children:
        visit(child, index)

    visit(self.root, None)
    return tuple(found)

  def to_json(self) -> str:
    """Text from which `from_json` makes an equal tree."""
    fields = {
      'format': FORMAT,
      'task': self.task,
      'explicit': self.explicit,
      'scene': self.scene,
      'completions': list(self.completions),
      'root': _node_to_json(self.root),
    }
    return json.dumps(fields, indent=2, ensure_ascii=False)

  @classmethod
  def from_json(
    cls, text: str, vocabulary: vocabulary_lib.Vocabulary
  ) -> 'TaskTree':
    """The tree whose `to_json` is `text`.

    Raises:
      TaskTreeError: the text is no task tree.
      errors.SddError: its success code or skills do not fit the scene.
    """
    try:
      fields = json.loads(text)
      if fields['format'] != FORMAT:
        raise TaskTreeError(
          f'Task tree format {fields["format"]!r}; this version reads {FORMAT}.'
        )
      return cls(
        task=fields['task'],
        scene=fields['scene'],
        root=_node_from_json(fields['root'], vocabulary),
        completions=tuple(fields['completions']),
        explicit=fields['explicit'],
      )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
      raise TaskTreeError(
        'This is not the JSON of a task tree '
        f'({type(error).__name__}: {error}): {text[:200]!r}'
      ) from None

  def __rich__(self) -> rich_tree.Tree:
    shown = rich_tree.Tree(
      rich_text.Text(f'scene: {self.scene}', style='dim'), guide_style='dim'
    )
    if self.explicit not in ('', self.task):
      shown.add(rich_text.Text(f'meaning: {self.explicit}', style='italic'))
    _show(shown, self.root)
    return shown


def _node_to_json(node: TaskNode) -> dict[str, Any]:
  fields: dict[str, Any] = {
    'instruction': node.instruction,
    'success': node.predicate.source,
  }
  if node.skill is not None:
    fields['skill'] = node.skill.to_json()
  if node.children:
    fields['children'] = [_node_to_json(child) for child in node.children]
  return fields


def _node_from_json(
  fields: Mapping[str, Any], vocabulary: vocabulary_lib.Vocabulary
) -> TaskNode:
  grounded = None
  if 'skill' in fields:
    grounded = grounding.ground(dict(fields['skill']), vocabulary)
  return TaskNode(
    instruction=fields['instruction'],
    predicate=predicate.compile_predicate(fields['success'], vocabulary),
    skill=grounded,
    children=tuple(
      _node_from_json(child, vocabulary) for child in fields.get('children', [])
    ),
  )


def _show(branch: rich_tree.Tree, node: TaskNode) -> None:
  below = branch.add(console.Group(*_panel(node)))
  for child in node.children:
    _show(below, child)


def _panel(node: TaskNode) -> Iterator[console.RenderableType]:
  yield rich_text.Text(node.instruction, style='bold cyan')
  if node.skill is not None:
    yield rich_text.Text(str(node.skill), style='green')
  yield syntax.Syntax(
    node.predicate.source,
    'python',
    theme='ansi_dark',
    background_color='default',
    word_wrap=True,
  )
