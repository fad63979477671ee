"""Live completions from Gemini, through the `google-genai` package."""

import contextlib
import hashlib
import importlib
import os
from typing import Any

from sdd import errors
from sdd.language import provider

MODEL = 'gemini-2.5-flash'
MODEL_VARIABLE = 'SDD_GEMINI_MODEL'
KEY_VARIABLES = ('GEMINI_API_KEY', 'GOOGLE_API_KEY')
TIMEOUT_MS = 120_000


class GeminiError(errors.SddError):
  """Gemini cannot be asked, or did not answer."""


class GeminiProvider:
  """Asks one Gemini model, at temperature zero.

  The key comes from GEMINI_API_KEY or GOOGLE_API_KEY and is shown nowhere.
  """

  def __init__(self, model: str | None = None, base_url: str | None = None):
    """Prepares the client; asks nothing yet.

    Args:
      model: which model; else the variable SDD_GEMINI_MODEL, else `MODEL`.
      base_url: another server that speaks the same protocol.

    Raises:
      GeminiError: `google-genai` is not installed, or there is no key.
    """
    self._model = model or os.environ.get(MODEL_VARIABLE) or MODEL
    self._genai, self._transport_errors = _import_client()
    self._key = next(filter(None, map(os.environ.get, KEY_VARIABLES)), '')
    if not self._key:
      raise GeminiError(
        'Gemini needs a key: set one of the environment variables '
        f'{" or ".join(KEY_VARIABLES)}, or use the recorded completions '
        'with --llm=recorded.'
      )
    options = self._genai.types.HttpOptions(
      base_url=base_url, timeout=TIMEOUT_MS
    )
    self._client = self._genai.Client(api_key=self._key, http_options=options)

  def complete(self, request: provider.Request) -> provider.Completion:
    """The model's answer to the prompt.

    Raises:
      GeminiError: the server refused, or the answer holds no text.
    """
    types = self._genai.types
    try:
      response = self._client.models.generate_content(
        model=self._model,
        contents=request.prompt,
        config=types.GenerateContentConfig(temperature=0.0),
      )
    except self._genai.errors.APIError as error:
      reason = f'{error.code} {error.status}: {error.message}'
      raise GeminiError(
        f'Gemini model {self._model!r} refused the {request.question!r} '
        f'request: {reason.replace(self._key, "[key]")}'
      ) from None
    except self._transport_errors as error:
      raise GeminiError(
        f'Gemini could not be reached ({type(error).__name__}: {error}). '
        'Without a network, use --llm=recorded.'
      ) from None
    if not response.text:
      raise GeminiError(
        f'Gemini model {self._model!r} gave no text for the '
        f'{request.question!r} request about {request.instruction!r}.'
      )
    return self._completion(request, response.text)

  def _completion(
    self, request: provider.Request, text: str
  ) -> provider.Completion:
    digest = hashlib.sha256((request.prompt + '\0' + text).encode())
    return provider.Completion(
      identifier=f'{self._model}/{request.question}/{digest.hexdigest()[:16]}',
      text=text,
      model=self._model,
      provenance='Sampled from a live model at temperature 0 through '
      f'google-genai {self._genai.__version__}.',
    )


def _import_client() -> tuple[Any, tuple[type[Exception], ...]]:
  """The package, and what its transport may raise."""
  try:
    genai = importlib.import_module('google.genai')
    importlib.import_module('google.genai.errors')
    importlib.import_module('google.genai.types')
  except ImportError:
    raise GeminiError(
      "Gemini needs the package google-genai: pip install 'sdd[gemini]', or "
      'use the recorded completions with --llm=recorded.'
    ) from None
  raised = []
  for transport in ('httpx', 'httpx2'):  # It takes whichever there is.
    with contextlib.suppress(ImportError):
      raised.append(importlib.import_module(transport).HTTPError)
  return genai, tuple(raised)
