"""Finished evaluations, as `experiments.evaluate` keeps them in files."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

from sdd import errors

Evaluation = Mapping[str, Any]


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
