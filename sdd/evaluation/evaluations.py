"""Finished evaluations, as `experiments.evaluate` keeps them in files."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from sdd import errors
from sdd.evaluation import rollout, score

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
