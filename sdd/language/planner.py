"""From a sentence to a task tree, by asking one small question at a time.

Paper, section 3.1: what was said is made explicit first; then it is broken
down until one skill does each part, and every part gets its own success code.
"""

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from sdd import errors
from sdd.language import answers, prompting, provider, task_tree
from sdd.predicates import predicate
from sdd.scenes import vocabulary as vocabulary_lib

MAX_DEPTH = 4  # levels of a tree, the root's included
MAX_NODES = 32
ATTEMPTS = 3  # per question: an answer and two repairs

T = TypeVar('T')


class LanguageError(errors.SddError):
  """The language model gave no usable task tree."""


def infer_task_tree(
  task: str,
  scene_name: str,
  vocabulary: vocabulary_lib.Vocabulary,
  provider: provider.Provider,
) -> task_tree.TaskTree:
  """The task tree of a sentence.

  Args:
    task: what to do, e.g. `move the crayon box into the top drawer`.
    scene_name: e.g. `drawer`.
    vocabulary: the scene's names.
    provider: who answers.

  Raises:
    LanguageError: no answer to one question could be used, not even after
      `ATTEMPTS` of them; shows them all. Or the tree grows too deep or too
      large.
    errors.SddError: whatever the provider raises.
  """
  task = ' '.join(task.split())
  if not task:
    raise LanguageError('The task is empty; expected a sentence.')
  session = _Session(scene_name, vocabulary, provider)
  explicit = _ask(session, 'resolve', task, answers.resolve)
  root = dataclasses.replace(_node(session, (explicit,)), instruction=task)
  completions = tuple(dict.fromkeys(session.completions))
  return task_tree.TaskTree(task, scene_name, root, completions, explicit)


@dataclasses.dataclass
class _Session:
  """One inference: what stays the same, and what has been used so far."""

  scene: str
  vocabulary: vocabulary_lib.Vocabulary
  provider: provider.Provider
  completions: list[str] = dataclasses.field(default_factory=list)
  nodes: int = 0


def _node(session: _Session, path: tuple[str, ...]) -> task_tree.TaskNode:
  """The node of the last instruction of `path`, which begins at the root."""
  session.nodes += 1
  if session.nodes > MAX_NODES or len(path) > MAX_DEPTH:
    raise LanguageError(
      f'The task tree of {path[0]!r} exceeds {MAX_NODES} nodes or '
      f'{MAX_DEPTH} levels, at {" > ".join(path)!r}.'
    )
  instruction = path[-1]
  names = session.vocabulary
  subtasks = _ask(
    session, 'plan', instruction, lambda text: answers.plan(text, path)
  )
  success = _ask(
    session,
    'success',
    instruction,
    lambda text: predicate.compile_predicate(text, names),
  )
  if subtasks:
    children = tuple(_node(session, (*path, each)) for each in subtasks)
    return task_tree.TaskNode(instruction, success, children=children)
  grounded = _ask(
    session, 'ground', instruction, lambda text: answers.ground(text, names)
  )
  return task_tree.TaskNode(instruction, success, skill=grounded)


def _ask(
  session: _Session,
  question: provider.Question,
  instruction: str,
  understand: Callable[[str], T],
) -> T:
  """The understood answer; one that cannot be used is asked for again.

  The provider is then shown its latest answer and what is wrong with it.
  """
  first = prompting.fill(question, instruction, session.vocabulary)
  prompt, attempts = first, []
  for _ in range(ATTEMPTS):
    request = provider.Request(question, session.scene, instruction, prompt)
    completion = session.provider.complete(request)
    session.completions.append(completion.identifier)
    try:
      return understand(completion.text)
    except errors.SddError as problem:
      attempts.append((completion.text, str(problem)))
      prompt = prompting.again(first, completion.text, str(problem))
  raise LanguageError(_failure(question, instruction, attempts))


def _failure(
  question: str, instruction: str, attempts: list[tuple[str, str]]
) -> str:
  lines = [
    f'No usable {question!r} answer about {instruction!r} in '
    f'{len(attempts)} attempts.'
  ]
  for number, (answer, problem) in enumerate(attempts, 1):
    lines.append(f'Attempt {number} answered:\n{answer}\nProblem: {problem}')
  return '\n'.join(lines)
