"""Asks any server that speaks OpenAI's chat protocol.

OpenAI itself, or vLLM, Ollama, LM Studio and others by their `url`.
"""

import importlib
import os
from typing import Any

from sdd.language import api_key, live, provider

KEY_VARIABLES = ('OPENAI_API_KEY',)
_NO_KEY = 'none'  # the package insists on one; servers of one's own do not
_FINISHES: dict[str, provider.Finish] = {
  'length': 'length',
  'content_filter': 'refused',
}


class OpenAiClient:
  """One model of one server; see `live.Client`."""

  def __init__(self, settings: live.Settings):
    """Prepares the client; asks nothing yet.

    A server given by its `url` need not want a key.

    Raises:
      live.ServiceError: `openai` is not installed, or there is no key.
    """
    self._openai = _import_client()
    self._settings, self.model = settings, settings.model
    self.through = f'openai {self._openai.__version__}'
    if settings.url and not os.environ.get(KEY_VARIABLES[0]):
      self.key = ''
    else:
      self.key = api_key.find(KEY_VARIABLES, of='The OpenAI protocol')
    self._with_form = True
    self._client = self._openai.OpenAI(
      api_key=self.key or _NO_KEY,
      base_url=settings.url,
      timeout=settings.timeout,
      max_retries=0,
    )

  def ask(self, request: provider.Request) -> live.Reply:
    """See `live.Client`.

    A server that refuses the form is asked without it from then on: answers
    are checked here in any case.
    """
    if request.form is None or not self._with_form:
      return self._ask(request, {})
    form = {'name': request.question, 'schema': request.form, 'strict': True}
    try:
      return self._ask(
        request,
        {'response_format': {'type': 'json_schema', 'json_schema': form}},
      )
    except _FormRefusedError:
      self._with_form = False
      return self._ask(request, {})

  def _ask(
    self, request: provider.Request, options: dict[str, Any]
  ) -> live.Reply:
    if self._settings.temperature is not None:
      options = {**options, 'temperature': self._settings.temperature}
    messages = [{'role': 'user', 'content': request.prompt}]
    try:
      response = self._client.chat.completions.create(
        model=self.model, messages=messages, **options
      )
      return _reply(response, self.model)
    except self._openai.APIStatusError as error:
      text = f'The server answered {error.status_code}: {error.message}.'
      if 'response_format' in options and error.status_code in (400, 422):
        raise _FormRefusedError(text) from None
      raise live.ServiceError(
        text,
        transient=error.status_code in live.TRANSIENT,
        wait=live.retry_after(error.response.headers),
        status=error.status_code,
      ) from None
    except self._openai.APIConnectionError as error:
      raise live.ServiceError(
        f'The server could not be reached ({type(error).__name__}: {error}).',
        transient=True,
      ) from None
    except (
      self._openai.APIError, AttributeError, IndexError, TypeError, ValueError,
    ) as error:  # fmt: skip
      raise live.ServiceError(
        f'The server answered something malformed ({type(error).__name__}).',
        transient=True,
      ) from None


class _FormRefusedError(live.ServiceError):
  """Perhaps the server does not know forms."""


def _reply(response: Any, model: str) -> live.Reply:
  choice, usage = response.choices[0], response.usage
  message = choice.message
  finish = _FINISHES.get(choice.finish_reason or 'stop', 'stop')
  refusal = getattr(message, 'refusal', None)
  if refusal:
    finish = 'refused'
  text = refusal or message.content or ''
  if not isinstance(text, str):
    raise TypeError('the content is no text')
  return live.Reply(
    text,
    str(response.model or model),
    finish,
    tokens_in=getattr(usage, 'prompt_tokens', None),
    tokens_out=getattr(usage, 'completion_tokens', None),
  )


def _import_client() -> Any:
  try:
    return importlib.import_module('openai')
  except ImportError:
    raise live.ServiceError(
      "This needs the package openai: pip install 'sdd[openai]', or use the "
      'recorded completions with --llm=recorded.'
    ) from None
