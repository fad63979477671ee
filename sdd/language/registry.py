"""The language-model providers by name."""

from collections.abc import Callable

from sdd import errors
from sdd.language import gemini, provider, recorded

PROVIDERS: dict[str, Callable[[], provider.Provider]] = {
  'recorded': recorded.RecordedProvider,
  'gemini': gemini.GeminiProvider,
}


def make_provider(name: str = 'recorded') -> provider.Provider:
  """The provider of that name, one of `PROVIDERS`.

  `recorded` answers from completions that ship with the package; `gemini`
  asks a live model and needs the extra `gemini` and a key.

  Raises:
    errors.UnknownNameError: no provider has that name.
    errors.SddError: its package or its key is missing.
  """
  if name not in PROVIDERS:
    raise errors.UnknownNameError('language-model provider', name, PROVIDERS)
  return PROVIDERS[name]()
