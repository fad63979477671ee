"""Asks Gemini through `google-generativeai`, whose support has ended.

For those who still run it; `gemini` does the same through its successor.
"""

import importlib
import logging
import warnings
from collections.abc import Mapping
from typing import Any

from sdd.language import api_key, gemini, live, provider

_logger = logging.getLogger(__name__)


class GenerativeAiClient:
  """One Gemini model; see `live.Client`."""

  def __init__(self, settings: live.Settings):
    """Prepares the client; asks nothing yet.

    The package has one set of settings for the whole process.

    Raises:
      live.ServiceError: the package is not installed, or there is no key.
    """
    genai, self._api, self._requests = _import_client()
    _logger.warning(
      'google-generativeai is no longer supported by its makers. '
      '--llm=gemini:%s asks the same model through its successor.',
      settings.model,
    )
    self._settings, self.model = settings, settings.model
    self.key = api_key.find(gemini.KEY_VARIABLES, of='Gemini')
    self.through = f'google-generativeai {genai.__version__}'
    options = {'api_endpoint': settings.url} if settings.url else None
    genai.configure(api_key=self.key, transport='rest', client_options=options)
    self._model = genai.GenerativeModel(settings.model)

  def ask(self, request: provider.Request) -> live.Reply:
    """See `live.Client`."""
    try:
      response = self._model.generate_content(
        request.prompt,
        generation_config=self._config(request),
        request_options={'timeout': self._settings.timeout, 'retry': None},
      )
    except self._api.GoogleAPICallError as error:
      raise live.ServiceError(
        f'Gemini answered {error.code} {error.reason or ""}: {error.message}.',
        transient=error.code in live.TRANSIENT,
        wait=gemini.wait(error),
        status=int(error.code) if error.code else None,
      ) from None
    except (self._requests.RequestException, self._api.RetryError) as error:
      if isinstance(error, self._requests.exceptions.JSONDecodeError):
        raise _malformed(error) from None
      raise live.ServiceError(
        f'Gemini could not be reached ({type(error).__name__}: {error}).',
        transient=True,
      ) from None
    except (ValueError, TypeError, self._parse_error) as error:
      raise _malformed(error) from None
    return gemini.reply(response, self.model)

  @property
  def _parse_error(self) -> type[Exception]:
    return importlib.import_module('google.protobuf.json_format').ParseError

  def _config(self, request: provider.Request) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if self._settings.temperature is not None:
      config['temperature'] = self._settings.temperature
    if request.form is not None:
      config['response_mime_type'] = 'application/json'
      config['response_schema'] = _schema(request.form)
    return config


def _schema(form: Mapping[str, Any]) -> dict[str, Any]:
  """A form in the words of this package, which knows no `additional...`."""
  words = {'maxItems': 'max_items'}
  found = {words.get(k, k): v for k, v in form.items()}
  found.pop('additionalProperties', None)
  if 'items' in found:
    found['items'] = _schema(found['items'])
  if 'properties' in found:
    found['properties'] = {k: _schema(v) for k, v in form['properties'].items()}
  return found


def _malformed(error: Exception) -> live.ServiceError:
  return live.ServiceError(
    f'Gemini answered something malformed ({type(error).__name__}).',
    transient=True,
  )


def _import_client() -> tuple[Any, Any, Any]:
  """The package, its exceptions, and those of its transport."""
  try:
    with warnings.catch_warnings():
      warnings.simplefilter('ignore', FutureWarning)
      return (
        importlib.import_module('google.generativeai'),
        importlib.import_module('google.api_core.exceptions'),
        importlib.import_module('requests'),
      )
  except ImportError:
    raise live.ServiceError(
      'This needs the package google-generativeai: pip install '
      "'sdd[generativeai]', or use its successor with --llm=gemini:MODEL."
    ) from None
