"""The emergency stop: once pressed, nothing more is sent."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

_PATIENCE = 0.2  # seconds that a command under way has to end


class EmergencyStop:
  """A latch that every command has to pass; it never opens again.

  Attributes:
    reason: why it was pressed; empty if it was not.
  """

  def __init__(self):
    self.reason = ''
    self._pressed, self._sending = threading.Event(), threading.Lock()
    self._halts: list[Callable[[], None]] = []

  @property
  def pressed(self) -> bool:
    return self._pressed.is_set()

  @contextlib.contextmanager
  def attached(self, halt: Callable[[], None]) -> Iterator[None]:
    """Has `halt` called when it is pressed meanwhile, or at once if it was."""
    self._halts.append(halt)
    try:
      if self.pressed:
        halt()
      yield
    finally:
      self._halts.remove(halt)

  def press(self, reason: str = 'pressed') -> None:
    """Stops; from any thread, as often as wanted.

    When it returns, the robot was told to stop, and no command will begin.
    """
    if not self.reason:
      self.reason = reason
    self._pressed.set()
    # A command that hangs is no reason not to halt.
    entered = self._sending.acquire(timeout=_PATIENCE)
    try:
      for halt in tuple(self._halts):
        halt()
    finally:
      if entered:
        self._sending.release()

  def send(self, command: Callable[[], None]) -> bool:
    """Runs `command`, unless it was pressed; returns whether it did."""
    with self._sending:
      if self.pressed:
        return False
      command()
      return True

  @contextlib.contextmanager
  def on_signals(self, *numbers: int) -> Iterator[None]:
    """Pressed by these signals, meanwhile; for the main thread."""

    def handle(number: int, _: object) -> None:
      # In a thread of its own: the signal may have come amid a command of this
      # thread, which has to end first.
      reason = f'signal {signal.Signals(number).name}'
      threading.Thread(target=self.press, args=[reason]).start()

    before = {number: signal.signal(number, handle) for number in numbers}
    try:
      yield
    finally:
      for number, handler in before.items():
        signal.signal(number, handler)
