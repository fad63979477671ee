"""From a sentence to a task tree, by asking one small question at a time.

Paper, section 3.1: what was said is made explicit first; then it is broken
down until one skill does each part, and every part gets its own success code.
Whether one skill is enough, and which sub-tasks there are otherwise, is one
question here: no sub-tasks means one skill. The whole tree is checked in the
end, and what is wrong with it is asked for anew.
"""

import dataclasses
from collections.abc import Collection

from sdd.language import answers, asking, provider, task_tree, tree_check
from sdd.scenes import vocabulary as vocabulary_lib

MAX_DEPTH = 4  # levels of a tree, the root's included
MAX_NODES = 32
ATTEMPTS = 3  # per question: an answer and two repairs
REPAIRS = 3  # of a whole tree
MAX_LENGTH = 1000  # characters of a sentence

LanguageError = asking.LanguageError


class ImpossibleTaskError(LanguageError):
  """The sentence asks for what cannot be done in this scene."""


def infer_task_tree(
  task: str,
  scene_name: str,
  vocabulary: vocabulary_lib.Vocabulary,
  provider: provider.Provider,
  *,
  depth: int = MAX_DEPTH,
  sample: int = 0,
  out_of_reach: Collection[str] = (),
) -> task_tree.TaskTree:
  """The task tree of a sentence.

  Args:
    task: what to do, e.g. `move the crayon box into the top drawer`.
    scene_name: e.g. `drawer`.
    vocabulary: the scene's names.
    provider: who answers.
    depth: levels that the tree may have, the root's included.
    sample: which of several trees of the same sentence is wanted.
    out_of_reach: links that no skill may ask for.

  Raises:
    ImpossibleTaskError: the model says that it cannot be done, and why.
    asking.RefusedError: the model will not answer.
    LanguageError: the sentence is empty or too long, the answers to one
      question could not be used, the tree grows too deep or too large, or
      it does not hang together after `REPAIRS` repairs.
    errors.SddError: whatever the provider raises.
  """
  task = _sentence(task)
  asker = asking.Asker(
    scene_name, vocabulary, provider, tries=ATTEMPTS, sample=sample
  )
  explicit = _explicit(asker, task)
  for _ in range(REPAIRS + 1):
    root = _Growing(asker, depth).node((explicit,))
    found = tree_check.problems(root, vocabulary, out_of_reach=out_of_reach)
    problem = next(found, None)
    if problem is None:
      root = dataclasses.replace(root, instruction=task)
      completions = tuple(asker.completions)
      return task_tree.TaskTree(task, scene_name, root, completions, explicit)
    asker.object(problem.question, problem.path, problem.text)
  attempts = asker.unusable(problem.question, problem.path)
  shown = asking.failure(problem.question, problem.path[-1], attempts)
  raise LanguageError(
    f'The task tree of {task!r} does not hang together after {REPAIRS} '
    f'repairs: {problem.text}\n{shown}',
    attempts,
  )


def _sentence(task: str) -> str:
  """The task on one line."""
  task = ' '.join(task.split())
  if not task:
    raise LanguageError('The task is empty; expected a sentence.')
  if len(task) > MAX_LENGTH:
    raise LanguageError(
      f'The task has {len(task)} characters; at most {MAX_LENGTH} may be. It '
      f'begins {task[:60]!r}. Say it in a sentence or two.'
    )
  return task


def _explicit(asker: asking.Asker, task: str) -> str:
  meaning = asker.ask(
    'resolve', (task,), lambda text: answers.resolve(text, asker.vocabulary)
  )
  if meaning.impossible:
    raise ImpossibleTaskError(
      f'The task {task!r} cannot be done in this scene: {meaning.impossible}'
    )
  return meaning.instruction


@dataclasses.dataclass
class _Growing:
  """One tree that grows from its root down."""

  asker: asking.Asker
  depth: int
  nodes: int = 0

  def node(self, path: tuple[str, ...]) -> task_tree.TaskNode:
    """The node of the last instruction of `path`, which begins at the root."""
    self.nodes += 1
    if self.nodes > MAX_NODES or len(path) > self.depth:
      raise LanguageError(
        f'The task tree of {path[0]!r} exceeds {MAX_NODES} nodes or '
        f'{self.depth} levels, at {" > ".join(path)!r}.'
      )
    ask, names = self.asker.ask, self.asker.vocabulary
    subtasks = ask('plan', path, lambda text: answers.plan(text, path, names))
    success = ask('success', path, lambda text: answers.success(text, names))
    if subtasks:
      children = tuple(self.node((*path, each)) for each in subtasks)
      return task_tree.TaskNode(path[-1], success, children=children)
    grounded = ask('ground', path, lambda text: answers.ground(text, names))
    return task_tree.TaskNode(path[-1], success, skill=grounded)
