"""Who completes prompts: the contract."""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, Protocol

Question = Literal['resolve', 'plan', 'ground', 'success']
QUESTIONS: tuple[Question, ...] = ('resolve', 'plan', 'ground', 'success')
Finish = Literal['stop', 'length', 'refused']
FINISHES: tuple[Finish, ...] = ('stop', 'length', 'refused')


@dataclasses.dataclass(frozen=True)
class Attempt:
  """An answer that could not be used, and why."""

  answer: str
  problem: str


@dataclasses.dataclass(frozen=True)
class Request:
  """One question about one instruction.

  Attributes:
    question: `resolve`: what a person means by it; `plan`: which sub-tasks;
      `ground`: which skill; `success`: when it is done.
    scene: name of the scene, e.g. `drawer`.
    instruction: the sentence that is asked about.
    prompt: the full text for a language model, instruction included.
    version: of the question's prompt.
    description: the scene as the prompt shows it.
    form: JSON schema of the answer; None where it is not JSON.
    attempts: answers to the same question that could not be used, in order.
    sample: which of several answers to the same question is wanted.
  """

  question: Question
  scene: str
  instruction: str
  prompt: str
  version: int = 0
  description: str = ''
  form: Mapping[str, Any] | None = dataclasses.field(default=None, hash=False)
  attempts: tuple[Attempt, ...] = ()
  sample: int = 0

  @functools.cached_property
  def content(self) -> dict[str, Any]:
    """What is asked, whoever is asked: JSON values.

    Neither the name of the scene nor the prompt is in it: the one does not
    matter, and the other follows from what is.
    """
    return {
      'question': self.question,
      'version': self.version,
      'instruction': self.instruction,
      'scene': self.description,
      'form': self.form,
      'attempts': [dataclasses.asdict(each) for each in self.attempts],
      'sample': self.sample,
    }

  @functools.cached_property
  def digest(self) -> str:
    """SHA-256 of `content`: the same on every machine."""
    text = json.dumps(self.content, sort_keys=True, separators=(',', ':'))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclasses.dataclass(frozen=True)
class Completion:
  """One answer.

  Attributes:
    identifier: names the answer; equal ones have equal texts.
    text: the answer as given, not yet checked.
    model: who gave it, as the server calls itself.
    provenance: how it came to be, a sentence.
    finish: why it ends: `stop`, all was said; `length`, it was cut off;
      `refused`, the model or its server will not answer this.
    tokens_in: tokens of the prompt; None where nobody counted.
    tokens_out: tokens of the answer, thoughts included.
    seconds: how long it took.
  """

  identifier: str
  text: str
  model: str
  provenance: str
  finish: Finish = 'stop'
  tokens_in: int | None = None
  tokens_out: int | None = None
  seconds: float = 0.0


class Provider(Protocol):
  """Anything that answers requests."""

  def complete(self, request: Request) -> Completion:
    """The answer.

    Raises:
      errors.SddError: there is none; says what to do.
    """
    ...


def identifier(request: Request, model: str, text: str) -> str:
  """Names the answer `text` of `model`: `MODEL/QUESTION/REQUEST-TEXT`.

  The last two are the beginnings of the request's digest and the text's.
  """
  digest = hashlib.sha256(text.encode()).hexdigest()
  return f'{model}/{request.question}/{request.digest[:16]}-{digest[:8]}'
