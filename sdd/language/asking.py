"""Asks a question until the answer can be used, a bounded number of times."""

import collections
from collections.abc import Callable, Sequence
from typing import TypeVar

from sdd import errors
from sdd.language import prompting
from sdd.language import provider as provider_lib
from sdd.scenes import vocabulary as vocabulary_lib

T = TypeVar('T')
_Key = tuple[provider_lib.Question, tuple[str, ...]]


class LanguageError(errors.SddError):
  """The language model gave no usable task tree.

  Attributes:
    attempts: the answers to the question that failed, and what was wrong.
  """

  def __init__(
    self, message: str, attempts: Sequence[provider_lib.Attempt] = ()
  ):
    super().__init__(message)
    self.attempts = tuple(attempts)


class RefusedError(LanguageError):
  """The model, or the server in front of it, will not answer."""


class Asker:
  """Asks about the nodes of one task tree.

  The same request is made once. An answer that was good in itself can be
  objected to afterwards: it is then asked for again, with the objection.

  Attributes:
    vocabulary: the scene's names.
    completions: identifiers of all answers so far.
  """

  def __init__(
    self,
    scene: str,
    vocabulary: vocabulary_lib.Vocabulary,
    provider: provider_lib.Provider,
    *,
    tries: int,
    sample: int = 0,
  ):
    """Asks nothing yet.

    Args:
      scene: name of the scene.
      vocabulary: its names.
      provider: who answers.
      tries: answers to a question before it is given up.
      sample: which of several answers is wanted.
    """
    self.vocabulary = vocabulary
    self.completions: dict[str, None] = {}
    self._scene, self._provider = scene, provider
    self._tries, self._sample = tries, sample
    self._answered: dict[str, provider_lib.Completion] = {}
    self._texts: dict[_Key, str] = {}
    self._unusable: dict[_Key, list[provider_lib.Attempt]] = (
      collections.defaultdict(list)
    )

  def ask(
    self,
    question: provider_lib.Question,
    path: tuple[str, ...],
    understand: Callable[[str], T],
  ) -> T:
    """The understood answer about the last instruction of `path`.

    Raises:
      RefusedError: the model will not answer.
      LanguageError: none of the answers can be used; shows them all.
      errors.SddError: whatever the provider raises.
    """
    attempts = list(self._unusable[question, path])
    for _ in range(self._tries):
      completion = self._complete(question, path[-1], attempts)
      try:
        _require_whole(completion, question, path[-1])
        understood = understand(completion.text)
      except RefusedError:
        raise
      except errors.SddError as problem:
        attempts.append(provider_lib.Attempt(completion.text, str(problem)))
      else:
        self._texts[question, path] = completion.text
        return understood
    raise LanguageError(failure(question, path[-1], attempts), attempts)

  def object(
    self, question: provider_lib.Question, path: tuple[str, ...], problem: str
  ) -> None:
    """Lets the next `ask` begin with what was wrong with the last answer."""
    answer = self._texts[question, path]
    self._unusable[question, path].append(provider_lib.Attempt(answer, problem))

  def unusable(
    self, question: provider_lib.Question, path: tuple[str, ...]
  ) -> Sequence[provider_lib.Attempt]:
    """The answers that were objected to."""
    return self._unusable[question, path]

  def _complete(
    self,
    question: provider_lib.Question,
    instruction: str,
    attempts: Sequence[provider_lib.Attempt],
  ) -> provider_lib.Completion:
    request = prompting.request(
      question,
      instruction,
      self.vocabulary,
      scene=self._scene,
      attempts=attempts,
      sample=self._sample,
    )
    if request.digest not in self._answered:
      self._answered[request.digest] = self._provider.complete(request)
    completion = self._answered[request.digest]
    self.completions[completion.identifier] = None
    return completion


def failure(
  question: provider_lib.Question,
  instruction: str,
  attempts: Sequence[provider_lib.Attempt],
) -> str:
  """What was asked, and every answer with what is wrong with it."""
  lines = [
    f'No usable {question!r} answer about {instruction!r} in '
    f'{len(attempts)} attempts.'
  ]
  for number, attempt in enumerate(attempts, 1):
    lines.append(
      f'Attempt {number} answered:\n{attempt.answer or "(nothing)"}\n'
      f'Problem: {attempt.problem}'
    )
  return '\n'.join(lines)


def _require_whole(
  completion: provider_lib.Completion,
  question: provider_lib.Question,
  instruction: str,
) -> None:
  """Raises if the model did not finish, or said nothing."""
  if completion.finish == 'refused':
    raise RefusedError(
      f'The model {completion.model!r} refuses to answer the {question!r} '
      f'question about {instruction!r}: '
      f'{completion.text.strip() or "it gave no reason"}',
      [provider_lib.Attempt(completion.text, 'refused')],
    )
  if completion.finish == 'length':
    raise errors.SddError('It was cut off before its end. Answer more briefly.')
  if not completion.text.strip():
    raise errors.SddError('It is empty.')
