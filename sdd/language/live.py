"""A live language model, behind a client of its server, with patience."""

import dataclasses
import logging
import random
import time
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib import parse

from sdd import errors
from sdd.language import provider

TRIES = 5  # of one request
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds between tries, doubling
TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})  # HTTP
# No key, no money, no access, no such model, too many requests.
LASTING = frozenset({401, 402, 403, 404, 429})
_HIDDEN = '[key]'
_logger = logging.getLogger(__name__)


class ServiceError(errors.SddError):
  """A language model's server cannot be asked, or did not answer.

  Attributes:
    transient: whether another try may help.
    wait: seconds that the server asks to wait before it.
    status: HTTP status of the server's answer; None where there was none.
  """

  def __init__(
    self,
    message: str,
    *,
    transient: bool = False,
    wait: float | None = None,
    status: int | None = None,
  ):
    super().__init__(message)
    self.transient, self.wait, self.status = transient, wait, status

  @property
  def lasting(self) -> bool:
    """Whether every other request would fail alike: no package, key, quota."""
    if self.status is None:
      return not self.transient
    return self.status in LASTING


@dataclasses.dataclass(frozen=True)
class Reply:
  """What a server answered; see `provider.Completion`."""

  text: str
  model: str
  finish: provider.Finish = 'stop'
  tokens_in: int | None = None
  tokens_out: int | None = None


@dataclasses.dataclass(frozen=True)
class Settings:
  """What a client is told.

  Attributes:
    model: which model.
    url: the server, where it is another than the usual one.
    timeout: seconds for one try.
    temperature: of the sampling; None leaves it to the server, which knows
      what suits the model.
  """

  model: str
  url: str | None = None
  timeout: float = 120.0
  temperature: float | None = None


class Client(Protocol):
  """Speaks with one kind of server.

  Attributes:
    model: the model that is asked for.
    through: what it is asked through: name and version of a package.
    key: what must be shown nowhere; empty if there is none.
  """

  model: str
  through: str
  key: str

  def ask(self, request: provider.Request) -> Reply:
    """One try.

    Raises:
      ServiceError: it failed; says whether another one may help.
    """
    ...


@dataclasses.dataclass(frozen=True)
class Clock:
  """Time as `LiveProvider` sees it, so that tests need not wait.

  Attributes:
    now: seconds since whenever.
    sleep: waits that many seconds.
    jitter: a number from 0 to 1, so that many runs do not come back at once.
  """

  now: Callable[[], float] = time.monotonic
  sleep: Callable[[float], None] = time.sleep
  jitter: Callable[[], float] = random.random


class LiveProvider:
  """Asks a client, again after a while where that may help.

  The key is taken out of everything that leaves: answers, errors, logs.
  """

  def __init__(
    self, client: Client, *, clock: Clock | None = None, tries: int = TRIES
  ):
    self._client, self._clock = client, clock or Clock()
    self._tries = tries

  def complete(self, request: provider.Request) -> provider.Completion:
    """The model's answer.

    Raises:
      ServiceError: the server refused, or every try failed.
    """
    began = self._clock.now()
    reply = self._patiently(request)
    text, model = self._hide(reply.text), self._hide(reply.model)
    return provider.Completion(
      identifier=provider.identifier(request, model, text),
      text=text,
      model=model,
      provenance=f'Sampled from the model {self._client.model!r} through '
      f'{self._client.through}.',
      finish=reply.finish,
      tokens_in=reply.tokens_in,
      tokens_out=reply.tokens_out,
      seconds=round(self._clock.now() - began, 3),
    )

  def _patiently(self, request: provider.Request) -> Reply:
    wait = FIRST_WAIT
    for tried in range(1, self._tries + 1):
      try:
        return self._client.ask(request)
      except ServiceError as error:
        pause = error.wait or wait * (1 + self._clock.jitter()) / 2
        reason = short(self._hide(str(error)))
        if not error.transient or tried == self._tries:
          raise self._failure(request, reason, tried, error) from None
        if pause > LONGEST_WAIT:
          reason += f' It asks to wait {pause:.0f} s.'
          raise self._failure(request, reason, tried, error) from None
        _logger.warning(
          '%s Trying again in %.1f s (%d of %d).',
          reason, pause, tried + 1, self._tries,
        )  # fmt: skip
        self._clock.sleep(pause)
        wait = min(2 * wait, LONGEST_WAIT)
    raise AssertionError  # the last try returns or raises

  def _failure(
    self,
    request: provider.Request,
    reason: str,
    tried: int,
    error: ServiceError,
  ) -> ServiceError:
    times = 'once' if tried == 1 else f'{tried} times'
    return ServiceError(
      f'The model {self._client.model!r} did not answer the '
      f'{request.question!r} question about {request.instruction!r}, asked '
      f'{times}: {reason} The same command asks again; --llm=recorded needs '
      'no model.',
      transient=error.transient,
      status=error.status,
    )

  def _hide(self, text: str) -> str:
    key = self._client.key
    if not key:
      return text
    # A key may also stand in a URL.
    return text.replace(key, _HIDDEN).replace(parse.quote(key), _HIDDEN)


def retry_after(headers: Mapping[str, str] | None) -> float | None:
  """Seconds that a server asks to wait, by its `Retry-After` header."""
  try:
    return max(0.0, float((headers or {}).get('retry-after') or ''))
  except ValueError:
    return None


def short(text: object) -> str:
  """The beginning of an error's text, on one line."""
  line = ' '.join(str(text).split())
  return line if len(line) <= 300 else line[:297] + '...'
