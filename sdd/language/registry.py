"""The language-model providers by name."""

import pathlib
from collections.abc import Callable

from sdd import errors
from sdd.language import (
  conversation,
  gemini,
  generativeai,
  live,
  metering,
  open_ai,
  paste,
  provider,
  record_store,
  recorded,
)

CLIENTS: dict[str, Callable[[live.Settings], live.Client]] = {
  'gemini': gemini.GeminiClient,
  'generativeai': generativeai.GenerativeAiClient,
  'openai': open_ai.OpenAiClient,
}
PROVIDERS = ('recorded', *CLIENTS, 'paste')


def make_provider(
  name: str = 'recorded',
  *,
  url: str | None = None,
  timeout: float = 120.0,
  temperature: float | None = None,
  records: pathlib.Path | str | None = None,
  kept: pathlib.Path | str | None = None,
  mode: conversation.Mode = 'auto',
  budget: metering.Budget | None = None,
  clock: live.Clock | None = None,
) -> conversation.Conversation:
  """The provider of that name.

  `recorded` answers from completions that ship with the package;
  `gemini:MODEL`, `generativeai:MODEL` and `openai:MODEL` ask a live model
  and need the extra of that name and a key; `paste` asks the person at the
  terminal, `paste:FOLDER` by files.

  Args:
    name: which one, after a colon which model or folder.
    url: of the live model's server, where it is not the usual one.
    timeout: seconds for one try.
    temperature: of its sampling; by default it is left to the server.
    records: a folder of records, or one file of them in the readable form
      of `recorded`: looked at first, and, if a folder, written to.
    kept: a folder of records that is only read, after `records`; it may not
      exist.
    mode: what records are for, see `conversation.Conversation`.
    budget: limits on the live model.
    clock: what it waits by.

  Raises:
    errors.UnknownNameError: no provider or mode has that name.
    errors.SddError: the model, or the records, are not as they must be.
  """
  name, _, rest = name.partition(':')
  if name not in PROVIDERS:
    raise errors.UnknownNameError('language-model provider', name, PROVIDERS)
  if mode not in conversation.MODES:
    raise errors.UnknownNameError('record mode', mode, conversation.MODES)
  settings = live.Settings(rest, url, timeout, temperature)
  sources: list[conversation.Source] = []
  store = None
  if records is not None:
    store, sources = _records(pathlib.Path(records).expanduser())
  if mode == 'record' and store is None:
    raise errors.SddError('--record_mode=record needs a folder: --records=DIR.')
  if kept is not None and pathlib.Path(kept).is_dir():
    sources.append(record_store.RecordStore(kept))
  if name == 'recorded':
    sources.append(recorded.RecordedProvider())
  return conversation.Conversation(
    _live(name, settings, clock),
    mode=mode,
    sources=sources,
    store=store,
    budget=budget,
  )


def _records(
  path: pathlib.Path,
) -> tuple[record_store.RecordStore | None, list[conversation.Source]]:
  """Where to write, and where to look."""
  if path.is_file():
    return None, [recorded.RecordedProvider(path)]
  if path.suffix == '.json':
    raise errors.SddError(f'--records={path}: there is no such file.')
  store = record_store.RecordStore(path)
  return store, [store, recorded.RecordedProvider(path)]


def _live(
  name: str, settings: live.Settings, clock: live.Clock | None
) -> Callable[[], provider.Provider] | None:
  """What makes the live provider; None where there is none."""
  if name == 'recorded':
    if settings.model:
      raise errors.SddError(
        f'--llm=recorded:{settings.model}: records have no model. Name their '
        'folder with --records.'
      )
    return None
  if name == 'paste':
    if settings.model:
      folder = pathlib.Path(settings.model).expanduser()
      return lambda: paste.FolderProvider(folder)
    return paste.PasteProvider
  if not settings.model:
    raise errors.SddError(
      f'--llm={name} does not say which model. Name one that your server '
      f'has: --llm={name}:MODEL; or use the recorded completions with '
      '--llm=recorded.'
    )
  return lambda: live.LiveProvider(CLIENTS[name](settings), clock=clock)
