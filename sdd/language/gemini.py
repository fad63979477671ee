"""Asks Gemini through the `google-genai` package."""

import contextlib
import importlib
import re
from collections.abc import Iterable
from typing import Any

from sdd.language import api_key, live, provider

KEY_VARIABLES = ('GEMINI_API_KEY', 'GOOGLE_API_KEY')
_DELAY = re.compile(r'retry_?[dD]elay\W+(\d+(?:\.\d+)?)s')
# Why Gemini stops, by name. Whatever is not here is a refusal.
_FINISHES: dict[str, provider.Finish] = {
  'STOP': 'stop',
  'FINISH_REASON_UNSPECIFIED': 'stop',
  'MAX_TOKENS': 'length',
}


class GeminiClient:
  """One Gemini model; see `live.Client`."""

  def __init__(self, settings: live.Settings):
    """Prepares the client; asks nothing yet.

    Raises:
      live.ServiceError: `google-genai` is not installed, or there is no key.
    """
    self._genai, self._transport_errors = _import_client()
    self._settings, self.model = settings, settings.model
    self.key = api_key.find(KEY_VARIABLES, of='Gemini')
    self.through = f'google-genai {self._genai.__version__}'
    options = self._genai.types.HttpOptions(
      base_url=settings.url, timeout=round(1000 * settings.timeout)
    )
    self._client = self._genai.Client(api_key=self.key, http_options=options)

  def ask(self, request: provider.Request) -> live.Reply:
    """See `live.Client`."""
    try:
      response = self._client.models.generate_content(
        model=self.model,
        contents=request.prompt,
        config=self._genai.types.GenerateContentConfig(**self._config(request)),
      )
    except self._genai.errors.APIError as error:
      raise live.ServiceError(
        f'Gemini answered {error.code} {error.status}: {error.message}.',
        transient=error.code in live.TRANSIENT,
        wait=wait(error),
        status=error.code,
      ) from None
    except self._transport_errors as error:
      raise live.ServiceError(
        f'Gemini could not be reached ({type(error).__name__}: {error}).',
        transient=True,
      ) from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
      raise live.ServiceError(
        f'Gemini answered something malformed ({type(error).__name__}).',
        transient=True,
      ) from None
    return reply(response, self.model)

  def _config(self, request: provider.Request) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if self._settings.temperature is not None:
      config['temperature'] = self._settings.temperature
    if request.form is not None:
      config['response_mime_type'] = 'application/json'
      config['response_json_schema'] = dict(request.form)
    return config


def wait(error: Any) -> float | None:
  """Seconds that an error of either package asks to wait.

  Gemini's servers say so in the body rather than in a header.
  """
  asked = _DELAY.search(repr(getattr(error, 'details', '')))
  if asked:
    return float(asked[1])
  return live.retry_after(getattr(error.response, 'headers', None))


def reply(response: Any, model: str) -> live.Reply:
  """What a response of either package says.

  Args:
    response: a `GenerateContentResponse` of the package.
    model: the model that was asked for.
  """
  usage, candidates = response.usage_metadata, response.candidates or []
  counted = {
    'tokens_in': _count(usage, 'prompt_token_count'),
    'tokens_out': _count(usage, 'candidates_token_count'),
  }
  if counted['tokens_out'] is not None:
    counted['tokens_out'] += _count(usage, 'thoughts_token_count') or 0
  served = response.model_version or model
  blocked = getattr(response.prompt_feedback, 'block_reason', None)
  if blocked or not candidates:
    reason = f'The prompt was blocked: {_name(blocked)}.' if blocked else ''
    finish: provider.Finish = 'refused' if blocked else 'stop'
    return live.Reply(reason, served, finish, **counted)
  candidate = candidates[0]
  name = _name(candidate.finish_reason) or 'STOP'
  finish = _FINISHES.get(name, 'refused')
  text = ''.join(_texts(getattr(candidate.content, 'parts', None) or []))
  if finish == 'refused':
    text = f'{text}\n(The answer was stopped: {name}.)'.strip()
  return live.Reply(text, served, finish, **counted)


def _texts(parts: Iterable[Any]) -> Iterable[str]:
  """The texts of an answer, without the thoughts."""
  return (
    part.text for part in parts if part.text and not getattr(part, 'thought', 0)
  )


def _count(usage: Any, name: str) -> int | None:
  """A number of tokens; the older package says 0 where nobody counted."""
  return getattr(usage, name, None) or None


def _name(value: Any) -> str:
  return getattr(value, 'name', None) or str(value or '')


def _import_client() -> tuple[Any, tuple[type[Exception], ...]]:
  """The package, and what its transport may raise."""
  try:
    genai = importlib.import_module('google.genai')
    importlib.import_module('google.genai.errors')
    importlib.import_module('google.genai.types')
  except ImportError:
    raise live.ServiceError(
      "Gemini needs the package google-genai: pip install 'sdd[gemini]', or "
      'use the recorded completions with --llm=recorded.'
    ) from None
  raised = []
  for transport in ('httpx', 'httpx2'):  # It takes whichever there is.
    with contextlib.suppress(ImportError):
      raised.append(importlib.import_module(transport).HTTPError)
  return genai, tuple(raised)
