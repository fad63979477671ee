"""A trace of some steps, to look at where their time goes."""

import pathlib
from typing import Any

import jax

FOLDER = 'profile'
_WARM = 3  # steps before the trace; the first waits for the compiler


class Profile:
  """Traces `steps` steps into `workdir/profile`, soon after the start.

  TensorBoard's profile plugin and Perfetto open what is written. With
  `steps` 0 it does nothing.
  """

  def __init__(self, workdir: pathlib.Path, *, start: int, steps: int):
    self._folder = workdir / FOLDER
    self._first, self._last = start + _WARM, start + _WARM + steps
    self._wanted, self._running = steps > 0, False

  def at(self, number: int, pending: Any) -> None:
    """Called before every step with its number.

    Args:
      number: steps taken.
      pending: results of the step before; waited for where a trace begins
        and ends, so that it holds whole steps.
    """
    if self._wanted and not self._running and number >= self._first:
      jax.block_until_ready(pending)
      jax.profiler.start_trace(str(self._folder))
      self._running = True
    elif self._running and number >= self._last:
      self.close(pending)

  def close(self, pending: Any = None) -> None:
    """Writes the trace that is running, if one is."""
    if self._running:
      jax.block_until_ready(pending)
      jax.profiler.stop_trace()
      self._wanted = self._running = False
