"""Evaluations, as `experiments.evaluate` keeps them in files."""

import dataclasses
import json
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from sdd import errors
from sdd.dataset import durable
from sdd.evaluation import line_log, outcome_log, rollout, score

Evaluation = Mapping[str, Any]
Job = tuple[str, int]  # sentence, index
_RESULTS = (
  'complete', 'wall_seconds', 'core_seconds', 'total', 'tasks', 'episodes',
)  # fmt: skip


def read(path: pathlib.Path) -> Evaluation:
  """A finished evaluation; SddError for anything else."""
  try:
    found = json.loads(path.read_text(encoding='utf-8'))
    if not found['complete']:
      raise errors.SddError(f'{path}: the evaluation was cut off.')
    _ = found['total']['successes'], found['episodes'], found['command']
  except (OSError, ValueError, KeyError, TypeError) as problem:
    raise errors.SddError(
      f'{path} is no file of experiments.evaluate: {problem!r}.'
    ) from problem
  return found


def joined(parts: Sequence[Evaluation]) -> Evaluation:
  """Evaluations of one policy, of different episodes, as one evaluation.

  Raises:
    errors.SddError: their scenes or variations differ, or they share an
      episode.
  """
  first, *others = parts
  if not others:
    return first
  for key in ('scene', 'variation'):
    if len(found := {str(part.get(key)) for part in parts}) > 1:
      raise errors.SddError(
        f'Evaluations with different {key}s are not one evaluation: '
        f'{", ".join(sorted(found))}.'
      )
  episodes = [episode for part in parts for episode in part['episodes']]
  if len({(e['task'], e['index']) for e in episodes}) < len(episodes):
    raise errors.SddError(
      'Evaluations that share an episode are not one evaluation; expected '
      'each task and seed once.'
    )
  known = {field.name for field in dataclasses.fields(rollout.Outcome)}
  outcomes = [
    rollout.Outcome.from_json({k: v for k, v in e.items() if k in known})
    for e in episodes
  ]
  return {
    **first,
    'command': '; '.join(part['command'] for part in parts),
    'total': score.score('all', outcomes).to_json(),
    'tasks': [each.to_json() for each in score.by_task(outcomes)],
    'episodes': episodes,
  }


class Kept:
  """An evaluation on disk, finished or not, of one set of settings.

  Until it is finished its outcomes are lines of a log beside the file, with
  `.part` after its name. Either file is whole after a kill at any moment.
  Episodes that ended in an error are not kept, so they are tried again.

  Attributes:
    path: of the finished evaluation.
    log: of the unfinished one.
    settings: what leads to the outcomes.
    outcomes: by sentence and index.
    finished: what is in the file; None without one.
  """

  def __init__(self, path: str | os.PathLike[str], settings: Mapping[str, Any]):
    """Reads what there is, and writes nothing.

    Raises:
      errors.SddError: it was begun with other settings, or a file is none of
        an evaluation.
    """
    self.path, self.settings = pathlib.Path(path), dict(settings)
    self.log = self.path.with_name(self.path.name + '.part')
    self.outcomes: dict[Job, rollout.Outcome] = {}
    self.finished: Evaluation | None = None
    self._log: outcome_log.OutcomeLog | None = None
    if self.path.exists():
      self.finished = self._read()
    self._since: list[rollout.Outcome] = []
    if self.log.exists():
      there = self._opened().outcomes.values()
      self._since = [o for o in there if (o.task, o.index) not in self.outcomes]
      self._take(self._since)

  @property
  def core_seconds(self) -> float:
    """What the outcomes took; of a run that was cut off, the episodes alone."""
    before = self.finished['core_seconds'] if self.finished else 0.0
    return before + sum(outcome.cpu for outcome in self._since)

  @property
  def wall_seconds(self) -> float:
    """What the outcomes took, as far as runs came to their end."""
    return self.finished['wall_seconds'] if self.finished else 0.0

  def missing(self, jobs: Sequence[Job]) -> list[Job]:
    """Those that have no outcome yet.

    Raises:
      errors.SddError: there are outcomes of others, which would be lost.
    """
    if others := self.outcomes.keys() - set(jobs):
      raise errors.SddError(
        f'{self.path} has {len(self.outcomes)} episodes, and {len(others)} of '
        f'them, such as that of seed {max(index for _, index in others)}, are '
        'not asked for now. Ask for as many, or use another --out.'
      )
    return [job for job in jobs if job not in self.outcomes]

  def add(self, outcome: rollout.Outcome) -> None:
    """Keeps an outcome; it is on disk when this returns."""
    self.outcomes[outcome.task, outcome.index] = outcome
    if outcome.ended != 'error':
      self._opened().add(self.settings['scene'], outcome)

  def finish(self, command: str, results: Mapping[str, Any]) -> None:
    """Puts the finished evaluation at its path, and removes the log."""
    self.path.parent.mkdir(parents=True, exist_ok=True)
    found = {
      'command': command,
      **self.settings,
      **{name: results[name] for name in _RESULTS},
    }
    durable.write_text(self.path, json.dumps(found, indent=1) + '\n')
    self.close()
    self.log.unlink(missing_ok=True)

  def close(self) -> None:
    """Closes the log."""
    if self._log is not None:
      self._log.close()
      self._log = None

  def _read(self) -> Evaluation:
    try:
      found = read(self.path)
    except errors.SddError as problem:
      raise errors.SddError(
        f'{problem} It is left as it is. Move it away, or use another --out.'
      ) from problem
    settings = {
      name: value
      for name, value in found.items()
      if name not in ('command', *_RESULTS)
    }
    line_log.require_same(self.path, settings, self.settings)
    self._take([rollout.Outcome.from_json(each) for each in found['episodes']])
    return found

  def _take(self, outcomes: Sequence[rollout.Outcome]) -> None:
    for outcome in outcomes:
      if outcome.ended != 'error':
        self.outcomes[outcome.task, outcome.index] = outcome

  def _opened(self) -> outcome_log.OutcomeLog:
    """The log; only what is to be kept makes one."""
    if self._log is None:
      self._log = outcome_log.OutcomeLog(self.log, self.settings)
    return self._log


def paired(mine: Evaluation, other: Evaluation) -> tuple[int, int]:
  """Episodes with equal worlds in which only the one, or only the other, won.

  Worlds are equal where scene, variation, task and seed are.
  """
  if any(mine[key] != other[key] for key in ('scene', 'variation')):
    return 0, 0
  there = {(e['task'], e['index']): e['success'] for e in other['episodes']}
  pairs = [
    (e['success'], there[e['task'], e['index']])
    for e in mine['episodes']
    if (e['task'], e['index']) in there
  ]
  return pairs.count((True, False)), pairs.count((False, True))
