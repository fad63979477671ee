"""Outcomes as they come, one line of JSON each, so that nothing is lost."""

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from sdd.evaluation import line_log, rollout

Key = tuple[str, str, int]  # scene, sentence, index
_WHAT = 'outcomes'


class OutcomeLog:
  """A file of outcomes that one set of settings led to; see `LineLog`.

  Attributes:
    path: of the file.
    settings: what led to the outcomes.
    outcomes: what is in the file, by scene, sentence and index.
  """

  def __init__(self, path: str | os.PathLike[str], settings: Mapping[str, Any]):
    """Opens the file, or begins it.

    Raises:
      errors.SddError: it was begun with other settings, or is no such file.
    """
    self.path, self.settings = pathlib.Path(path), dict(settings)
    self._log = line_log.LineLog(path, settings, what=_WHAT)
    self.outcomes = _outcomes(self.path, self._log.lines)

  def add(self, scene: str, outcome: rollout.Outcome) -> None:
    """Appends an outcome; it is on disk when this returns."""
    self.outcomes[scene, outcome.task, outcome.index] = outcome
    self._log.add({'scene': scene, **outcome.to_json()})

  def close(self) -> None:
    self._log.close()


def load(
  path: str | os.PathLike[str],
) -> tuple[dict[str, Any], dict[Key, rollout.Outcome]]:
  """Settings and outcomes of a log.

  Raises:
    errors.SddError: it is no such file.
  """
  settings, lines = line_log.load(path, what=_WHAT)
  return settings, _outcomes(path, lines)


def _outcomes(
  path: str | os.PathLike[str], lines: Sequence[Mapping[str, Any]]
) -> dict[Key, rollout.Outcome]:
  outcomes = {}
  try:
    for line in lines:
      fields = dict(line)
      scene = fields.pop('scene')
      outcome = rollout.Outcome.from_json(fields)
      outcomes[scene, outcome.task, outcome.index] = outcome
  except (ValueError, KeyError, TypeError) as problem:
    raise line_log.damaged(path, _WHAT, problem) from problem
  return outcomes
