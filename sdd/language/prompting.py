"""The prompts: text files of ours, filled with the scene and the task."""

import functools
import string
from importlib import resources

from sdd.language import provider
from sdd.predicates import atoms
from sdd.scenes import vocabulary as vocabulary_lib


def fill(
  question: provider.Question,
  instruction: str,
  vocabulary: vocabulary_lib.Vocabulary,
) -> str:
  """The full text that asks `question` about `instruction`."""
  supports = [link.name for link in vocabulary.links if link.kind == 'support']
  jointed = [
    link.name
    for link in vocabulary.links
    if link.joint and link.kind != 'robot'
  ]
  return _template(question).substitute(
    instruction=instruction,
    scene=vocabulary.describe(),
    supports=', '.join(supports) or 'none',
    jointed=', '.join(jointed) or 'none',
    atoms=atoms.describe(),
  )


def again(prompt: str, answer: str, problem: str) -> str:
  """The prompt for a second try, with what was wrong with the first."""
  return (
    f'{prompt}\n\nYour previous answer was:\n\n{answer}\n\n'
    f'It cannot be used: {problem}\n\nAnswer again, in the form asked for.\n'
  )


@functools.cache
def _template(question: provider.Question) -> string.Template:
  path = resources.files('sdd.language') / 'prompts' / f'{question}.md'
  return string.Template(path.read_text(encoding='utf-8'))
