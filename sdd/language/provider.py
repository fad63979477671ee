"""Who completes prompts: the contract."""

import dataclasses
from typing import Literal, Protocol

Question = Literal['resolve', 'plan', 'ground', 'success']


@dataclasses.dataclass(frozen=True)
class Request:
  """One question about one instruction.

  Attributes:
    question: `resolve`: what a person means by it; `plan`: which sub-tasks;
      `ground`: which skill; `success`: when it is done.
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
