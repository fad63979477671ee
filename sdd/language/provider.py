"""Who completes prompts: the contract, and the choice by name."""

import dataclasses
from typing import Literal, Protocol

from sdd import errors

Question = Literal['plan', 'ground', 'success']
PROVIDERS = ('recorded', 'gemini')


@dataclasses.dataclass(frozen=True)
class Request:
  """One question about one instruction.

  Attributes:
    question: `plan`: which sub-tasks; `ground`: which skill; `success`:
      when it is done.
    scene: name of the scene, e.g. `drawer`.
    instruction: the sentence that is asked about.
    prompt: the full text for a language model, instruction included.
  """

  question: Question
  scene: str
  instruction: str
  prompt: str


@dataclasses.dataclass(frozen=True)
class Completion:
  """One answer.

  Attributes:
    identifier: names the answer; equal ones have equal texts.
    text: the answer as given, not yet checked.
    model: who gave it.
    provenance: how it came to be, a sentence.
  """

  identifier: str
  text: str
  model: str
  provenance: str


class Provider(Protocol):
  """Anything that answers requests."""

  def complete(self, request: Request) -> Completion:
    """The answer.

    Raises:
      errors.SddError: there is none; says what to do.
    """
    ...


def make_provider(name: str = 'recorded') -> Provider:
  """The provider called `name`, one of `PROVIDERS`.

  `recorded` answers from completions that ship with the package; `gemini`
  asks a live model and needs the extra `gemini` and a key.

  Raises:
    errors.UnknownNameError: no provider has that name.
    errors.SddError: its package or its key is missing.
  """
  # Imported here because both implement this module's contract.
  if name == 'recorded':
    from sdd.language import recorded

    return recorded.RecordedProvider()
  if name == 'gemini':
    from sdd.language import gemini

    return gemini.GeminiProvider()
  raise errors.UnknownNameError('language-model provider', name, PROVIDERS)
