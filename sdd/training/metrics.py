"""What a run leaves to look at: TensorBoard, and one JSON object per line."""

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Protocol

import tensorboardX

from sdd.dataset import durable

FILE = 'metrics.jsonl'


class Sink(Protocol):
  """Somewhere else that metrics go, as they come."""

  def write(self, step: int, values: Mapping[str, float]) -> None:
    """Records the values of one step."""
    ...

  def close(self) -> None:
    """Writes out what is still held back."""
    ...


class Metrics:
  """Appends to `metrics.jsonl` and `tensorboard/` in a working directory.

  A resumed run forgets what a killed one logged after its last checkpoint,
  so that every step appears once.
  """

  def __init__(
    self, workdir: pathlib.Path, *, step: int, sinks: Sequence[Sink] = ()
  ):
    path = workdir / FILE
    forget(path, after=step)
    self._file = open(path, 'a', encoding='utf-8')  # noqa: SIM115
    self._board = tensorboardX.SummaryWriter(
      str(workdir / 'tensorboard'), purge_step=step + 1
    )
    self._sinks = sinks

  def write(self, step: int, values: Mapping[str, float]) -> None:
    """Records the values of one step."""
    self._file.write(json.dumps({'step': step, **values}) + '\n')
    self._file.flush()
    self.show(step, values)

  def show(self, step: int, values: Mapping[str, float]) -> None:
    """As `write`, but keeps no line of it."""
    for name, value in values.items():
      self._board.add_scalar(name, value, step)
    for sink in self._sinks:
      sink.write(step, values)

  def close(self) -> None:
    """Writes out what is still held back."""
    self._file.close()
    self._board.close()
    for sink in self._sinks:
      sink.close()


def forget(path: pathlib.Path, *, after: int) -> None:
  """Drops lines of later steps from a file of JSON lines, if there is one."""
  if path.exists():
    durable.write_text(path, _until(path.read_text(encoding='utf-8'), after))


def _until(text: str, step: int) -> str:
  """The whole lines up to `step`; a killed process may leave half a line."""
  kept = []
  for line in text.splitlines(keepends=True):
    try:
      if line.endswith('\n') and json.loads(line)['step'] <= step:
        kept.append(line)
    except (json.JSONDecodeError, KeyError, TypeError):
      continue
  return ''.join(kept)
