"""How far long work is: a bar on a terminal, plain lines elsewhere."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TextIO

from rich import console as rich_console
from rich import progress as rich_progress
from rich import table as rich_table


class Meter:
  """The amount of work done; made by `progress`.

  Attributes:
    description: what is going on.
    total: how much there is to do, or None if nobody knows.
    done: how much of it is done.
    status: a few words on how it goes.
  """

  def __init__(self, description: str, total: float | None, done: float):
    self.description, self.total, self.done = description, total, done
    self.status = ''
    self._first, self._started = done, time.monotonic()
    self._show: Callable[[Meter], None] = lambda meter: None

  def advance(self, count: float = 1, status: str | None = None) -> None:
    """`count` more are done."""
    self.update(self.done + count, status)

  def update(self, done: float, status: str | None = None) -> None:
    """`done` are done altogether."""
    self.done = done
    self.status = self.status if status is None else status
    self._show(self)

  @property
  def elapsed(self) -> float:
    """Seconds since the start."""
    return time.monotonic() - self._started

  @property
  def left(self) -> float | None:
    """Estimated seconds to go, or None if nobody knows."""
    fresh = self.done - self._first
    if self.total is None or fresh <= 0:
      return None
    return self.elapsed / fresh * max(0, self.total - self.done)

  @property
  def rate(self) -> str:
    """`3.2/s`, or `12.5 s each` where that says more."""
    count, seconds = self.done - self._first, self.elapsed
    if count <= 0 or seconds <= 0:
      return ''
    if count >= seconds:
      return f'{count / seconds:.1f}/s'
    return f'{seconds / count:.1f} s each'

  def show_with(self, show: Callable[['Meter'], None]) -> None:
    """Calls `show` at every change from now on."""
    self._show = show


@contextlib.contextmanager
def progress(
  description: str,
  total: float | None,
  *,
  done: float = 0,
  stream: TextIO | None = None,
  interval: float = 10.0,
) -> Iterator[Meter]:
  """Shows how far the work in the `with` block is, on stderr.

  On a terminal it is one line that keeps moving; elsewhere a plain line at
  most every `interval` seconds, and one at the end.

  Args:
    description: what is going on, e.g. `Collecting`.
    total: how much there is to do, or None if nobody knows.
    done: how much of it was done before, e.g. by the run that is resumed.
    stream: where to write, instead of stderr.
    interval: seconds between plain lines.

  Yields:
    the meter to advance.
  """
  meter = Meter(description, total, done)
  console = rich_console.Console(file=stream or sys.stderr)
  on_terminal = console.is_terminal and not console.is_dumb_terminal
  shown = (
    _bar(meter, console) if on_terminal else _lines(meter, stream, interval)
  )
  with shown:
    yield meter


@contextlib.contextmanager
def _bar(meter: Meter, console: rich_console.Console) -> Iterator[None]:
  """One line that keeps moving."""
  rest = rich_table.Column(ratio=1, no_wrap=True, overflow='ellipsis')
  columns = rich_progress.Progress(
    rich_progress.TextColumn('{task.description}'),
    rich_progress.BarColumn(bar_width=12),
    rich_progress.TextColumn('{task.fields[amount]}'),
    rich_progress.TextColumn('{task.fields[rate]}'),
    rich_progress.TimeElapsedColumn(),
    rich_progress.TimeRemainingColumn(compact=True),
    rich_progress.TextColumn(
      '{task.fields[status]}', table_column=rest, markup=False
    ),
    console=console,
    expand=True,
    # print() stays on stdout where that is a file or a pipe.
    redirect_stdout=sys.stdout.isatty(),
    speed_estimate_period=3600,  # a single episode may take a minute
  )
  with columns:
    task = columns.add_task(
      meter.description,
      total=meter.total,
      completed=int(meter.done),
      amount=_amount(meter),
      rate='',
      status='',
    )
    meter.show_with(
      lambda meter: columns.update(
        task,
        completed=meter.done,
        amount=_amount(meter),
        rate=meter.rate,
        status=meter.status,
      )
    )
    yield


@contextlib.contextmanager
def _lines(
  meter: Meter, stream: TextIO | None, interval: float
) -> Iterator[None]:
  """Now and then a line, for log files."""
  written = time.monotonic()

  def show(meter: Meter) -> None:
    nonlocal written
    if time.monotonic() - written >= interval:
      written = time.monotonic()
      print(_line(meter), file=stream or sys.stderr, flush=True)

  meter.show_with(show)
  try:
    yield
  finally:
    print(_line(meter), file=stream or sys.stderr, flush=True)


def _line(meter: Meter) -> str:
  parts = [_amount(meter), meter.rate, f'{_clock(meter.elapsed)} elapsed']
  if meter.left:
    parts.append(f'{_clock(meter.left)} left')
  parts.append(meter.status)
  return f'{meter.description}: ' + ', '.join(part for part in parts if part)


def _amount(meter: Meter) -> str:
  if meter.total is None:
    return f'{meter.done:g}'
  return f'{meter.done:g}/{meter.total:g}'


def _clock(seconds: float) -> str:
  minutes, second = divmod(round(seconds), 60)
  hour, minute = divmod(minutes, 60)
  return f'{hour}:{minute:02}:{second:02}'
