"""Where answers come from: records first, then a live model; all are noted."""

import pathlib
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from sdd import errors
from sdd.language import metering, provider, record_store, recorded

Mode = Literal['replay', 'auto', 'record', 'live']
MODES: tuple[Mode, ...] = ('replay', 'auto', 'record', 'live')


class Source(Protocol):
  """Answers that exist already."""

  def get(self, request: provider.Request) -> provider.Completion | None:
    """The answer, or None."""
    ...


class Conversation:
  """One run's provider.

  Modes:
    replay: records only; a missing one is an error.
    auto: records; what is missing is asked for, and recorded.
    record: everything is asked for, and recorded in place of what was there.
    live: everything is asked for; no records are read or written.

  In every mode the same request is asked for once a run.

  Attributes:
    usage: what it has come to so far.
    budget: what it may come to.
  """

  def __init__(
    self,
    live: Callable[[], provider.Provider] | None,
    *,
    mode: Mode = 'auto',
    sources: Sequence[Source] = (),
    store: record_store.RecordStore | None = None,
    budget: metering.Budget | None = None,
  ):
    """Asks nothing yet.

    Args:
      live: makes the live provider when it is first needed, so that a run
        with all records needs neither its package nor its key; None where
        there is none.
      mode: see above.
      sources: records, in the order in which they are looked at.
      store: where answers of the live provider go.
      budget: limits on the live provider.

    Raises:
      errors.SddError: everything is to be asked for, and there is nobody.
    """
    if live is None and mode in ('record', 'live'):
      raise errors.SddError(
        f'--record_mode={mode} asks a live model, and there is none: name '
        'one, e.g. --llm=openai:MODEL, or leave the mode out.'
      )
    self.usage, self.budget = metering.Usage(), budget or metering.Budget()
    self._make_live, self._mode = live, mode
    self._live: provider.Provider | None = None
    self._sources, self._store = tuple(sources), store
    self._used: dict[str, tuple[provider.Request, provider.Completion]] = {}

  def complete(self, request: provider.Request) -> provider.Completion:
    """The answer, from wherever it may be had.

    Raises:
      recorded.MissingCompletionError: there is none, and nobody to ask.
      metering.BudgetError: a limit has been reached.
      errors.SddError: whatever the live provider raises.
    """
    if request.digest not in self._used:
      self._used[request.digest] = request, self._find(request)
    return self._used[request.digest][1]

  def save(self, folder: pathlib.Path | str) -> None:
    """Keeps every answer that was used as a record in `folder`.

    Raises:
      record_store.RecordsError: the folder cannot be written to.
    """
    store = record_store.RecordStore(folder)
    for request, completion in self._used.values():
      if store.get(request) != completion:
        store.put(request, completion)

  def report(self) -> str:
    """What it has come to, in a sentence."""
    return self.usage.line(self.budget)

  def _find(self, request: provider.Request) -> provider.Completion:
    if self._mode in ('replay', 'auto'):
      for source in self._sources:
        found = source.get(request)
        if found is not None:
          self.usage.replayed += 1
          return found
    if self._make_live is None or self._mode == 'replay':
      raise recorded.missing(request, self._sources)
    self.usage.require_room(self.budget)
    if self._live is None:
      self._live = self._make_live()
    completion = self._live.complete(request)
    self.usage.add(completion)
    if self._store is not None and self._mode != 'live':
      self._store.put(request, completion)
    return completion
