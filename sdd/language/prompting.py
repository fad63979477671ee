"""The prompts: text files of ours, filled with the scene and the task."""

import functools
import string
from collections.abc import Sequence
from importlib import resources

from sdd.language import form, provider
from sdd.predicates import atoms
from sdd.scenes import vocabulary as vocabulary_lib

_SHOWN = 4000  # characters of an unusable answer that are shown again


def request(
  question: provider.Question,
  instruction: str,
  vocabulary: vocabulary_lib.Vocabulary,
  *,
  scene: str,
  attempts: Sequence[provider.Attempt] = (),
  sample: int = 0,
) -> provider.Request:
  """Asks `question` about `instruction`, for the n-th time.

  Args:
    question: which question.
    instruction: the sentence.
    vocabulary: the scene's names.
    scene: its name.
    attempts: answers so far that could not be used.
    sample: which of several answers is wanted.
  """
  return provider.Request(
    question,
    scene,
    instruction,
    prompt=fill(question, instruction, vocabulary) + _again(attempts),
    version=version(question),
    description=describe(vocabulary),
    form=form.of(question, vocabulary),
    attempts=tuple(attempts),
    sample=sample,
  )


def fill(
  question: provider.Question,
  instruction: str,
  vocabulary: vocabulary_lib.Vocabulary,
) -> str:
  """The full text that asks `question` about `instruction`."""
  return _template(question)[1].substitute(
    instruction=instruction,
    scene=describe(vocabulary),
    atoms=atoms.describe(),
  )


def describe(vocabulary: vocabulary_lib.Vocabulary) -> str:
  """The scene as prompts show it."""
  supports = [link.name for link in vocabulary.links if link.kind == 'support']
  jointed = [
    link.name
    for link in vocabulary.links
    if link.joint and link.kind != 'robot'
  ]
  return (
    f'Scene (it stands on: {", ".join(supports) or "none"}; with a joint: '
    f'{", ".join(jointed) or "none"}):\n{vocabulary.describe()}'
  )


def version(question: provider.Question) -> int:
  """The version of a question's prompt, from the first line of its file.

  It is part of every request: records of one version never answer another.
  """
  return _template(question)[0]


def _again(attempts: Sequence[provider.Attempt]) -> str:
  """What was wrong with the answers so far."""
  parts = []
  for attempt in attempts:
    answer = attempt.answer
    if len(answer) > _SHOWN:
      answer = f'{answer[:_SHOWN]}\n[and {len(answer) - _SHOWN} characters]'
    parts.append(
      f'\n\nYour previous answer was:\n\n{answer}\n\n'
      f'It cannot be used: {attempt.problem}'
    )
  if parts:
    parts.append('\n\nAnswer again, in the form asked for.\n')
  return ''.join(parts)


@functools.cache
def _template(question: provider.Question) -> tuple[int, string.Template]:
  """Version and text of a prompt file, which begins `version: N`."""
  path = resources.files('sdd.language') / 'prompts' / f'{question}.md'
  first, text = path.read_text(encoding='utf-8').split('\n', 1)
  return int(first.removeprefix('version: ')), string.Template(text)
