"""What the control loop counted in many episodes, kept and put together."""

import collections
import dataclasses
import json
import os
import pathlib
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich import console as rich_console
from rich import table as rich_table

from sdd.deployment.control import statistics
from sdd.evaluation import line_log, rollout, score


@dataclasses.dataclass(frozen=True)
class Episode:
  """How one episode went.

  Attributes:
    outcome: what came of it.
    told: what the loop counted.
    wall: seconds it took.
    cpu: seconds of this process; a served policy's are another's.
  """

  outcome: rollout.Outcome
  told: statistics.Statistics
  wall: float
  cpu: float


class Log:
  """A file of episodes that one set of settings led to; see `LineLog`.

  Attributes:
    done: what is in the file, by sentence and seed; but for errors, such as
      a server's that was gone, so that those episodes are run again.
  """

  def __init__(self, path: str | os.PathLike[str], settings: Mapping[str, Any]):
    """Opens the file, or begins it.

    Raises:
      errors.SddError: it was begun with other settings, or is no such file.
    """
    same = json.loads(json.dumps(settings))  # as they are read again
    self._log = line_log.LineLog(path, same, what='controlled episodes')
    try:
      found = [_episode(line) for line in self._log.lines]
    except (KeyError, TypeError, ValueError) as problem:
      raise line_log.damaged(path, 'controlled episodes', problem) from problem
    self.done = {
      (e.outcome.task, e.outcome.index): e for e in found if not e.outcome.error
    }

  def add(self, episode: Episode) -> None:
    """Appends an episode; it is on disk when this returns."""
    self.done[episode.outcome.task, episode.outcome.index] = episode
    self._log.add(
      {
        'outcome': episode.outcome.to_json(),
        'loop': episode.told.kept(),
        'wall': episode.wall,
        'cpu': episode.cpu,
      }
    )

  def close(self) -> None:
    self._log.close()


def _episode(line: Mapping[str, Any]) -> Episode:
  return Episode(
    rollout.Outcome.from_json(line['outcome']),
    statistics.Statistics.of(line['loop']),
    float(line['wall']),
    float(line['cpu']),
  )


def summed(told: Sequence[statistics.Statistics]) -> dict[str, Any]:
  """All episodes together: numbers added up, times put together."""
  total = statistics.Statistics(ended='all')
  for each in told:
    for field in dataclasses.fields(each):
      ours, value = getattr(total, field.name), getattr(each, field.name)
      if isinstance(value, collections.Counter):
        ours.update(value)
      elif isinstance(value, collections.deque):
        ours.extend(value)
      elif isinstance(value, int | float) and not isinstance(value, bool):
        setattr(total, field.name, ours + value)
  return total.to_json()


def table(summed: dict[str, Any]) -> rich_table.Table:
  """For a terminal."""
  shown = rich_table.Table(title='The control loop')
  shown.add_column('what')
  shown.add_column('how often, or how long', justify='right')
  for name in ('commands', 'inferences', 'misses', 'skipped', 'errors'):
    shown.add_row(name, str(summed[name]))
  for name in ('holds', 'clipped'):
    kinds = ', '.join(f'{n} {kind}' for kind, n in summed[name].items())
    shown.add_row(name, kinds or '0')
  for name in ('inference_ms', 'latency_ms', 'lateness_ms'):
    times = ', '.join(f'{k} {v:.1f}' for k, v in summed[name].items())
    shown.add_row(name.replace('_', ', '), times)
  return shown


def show(
  settings: dict[str, Any],
  done: list[Episode],
  asked: int,
  path: pathlib.Path,
) -> None:
  """Prints the numbers, and writes them to `path`.

  Args:
    settings: that led to them.
    done: the episodes; at least one.
    asked: how many there should be.
    path: of the file, laid out as those of `experiments.evaluate`.
  """
  outcomes = [each.outcome for each in done]
  scores, total = score.by_task(outcomes), score.score('all', outcomes)
  loop = summed([each.told for each in done])
  console = rich_console.Console()
  console.print(score.table(scores, total))
  console.print(table(loop))
  for outcome in outcomes:
    if outcome.error:
      console.print(
        f'error in {outcome.task!r}, seed {outcome.index}: {outcome.error}',
        markup=False,
      )
  wall, cpu = sum(each.wall for each in done), sum(each.cpu for each in done)
  console.print(
    f'{len(done)} episodes in {wall:.0f} s, {cpu / wall:.2f} of a core'
  )
  measured = {
    'command': shlex.join(
      ['python', '-m', 'experiments.control', *sys.argv[1:]]
    ),
    **settings,
    'complete': len(done) == asked,
    'wall_seconds': wall,
    'core_seconds': cpu,
    'total': total.to_json(),
    'tasks': [each.to_json() for each in scores],
    'loop': loop,
    'episodes': [
      {**each.outcome.to_json(), 'loop': each.told.to_json()} for each in done
    ],
  }
  part = path.with_suffix('.part')
  part.write_text(json.dumps(measured, indent=1) + '\n')
  part.replace(path)
  console.print(f'Numbers: {path}')
