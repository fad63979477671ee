"""Being asked to stop: signals, collected in one process, agreed on by all."""

import contextlib
import signal
from collections.abc import Iterator, Sequence
from typing import Any

import jax
from jaxtyping import Array

from sdd.training import step

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def signals() -> Iterator[list[signal.Signals]]:
  """Collects SIGTERM and SIGINT; a second one has its usual effect."""
  stopped: list[signal.Signals] = []
  usual = {number: signal.getsignal(number) for number in SIGNALS}

  def note(number: int, _: Any) -> None:
    stopped.append(signal.Signals(number))
    signal.signal(number, usual[signal.Signals(number)])

  try:
    for number in usual:
      signal.signal(number, note)
    yield stopped
  finally:
    for number, handler in usual.items():
      signal.signal(number, handler)


class Agreement:
  """The signal that all processes stop at, after the same step.

  Every step carries what its process has caught, and brings back what any
  process has. That is read one step late, so that no process ever waits for
  a step before it starts the next. A single process need not ask.
  """

  def __init__(self, caught: Sequence[signal.Signals]):
    self._caught = caught
    self._alone = jax.process_count() == 1
    self._agreed: signal.Signals | None = None
    self._previous: Array | None = None

  @property
  def reached(self) -> signal.Signals | None:
    """The signal, once everybody knows of it."""
    if self._alone:
      return self._caught[0] if self._caught else None
    return self._agreed

  def said(self) -> list[bool]:
    """Which of `SIGNALS` this process has caught, for `step.tell`."""
    return [number in self._caught for number in SIGNALS]

  def hear(self, heard: Array) -> None:
    """Takes `metrics['heard']` of the step that has just been started."""
    if self._alone:
      return
    if self._previous is not None:
      said = step.unreplicate(self._previous) > 0
      agreed = [s for s, flag in zip(SIGNALS, said, strict=True) if flag]
      self._agreed = agreed[0] if agreed else None
    self._previous = heard
