"""Keeps an evaluation among the measured results."""

from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from experiments import acting_flags, policies, results
from sdd.evaluation import score
from sdd.scenes import scene as scene_lib


def record(
  name: str,
  policy: str,
  settings: Mapping[str, Any],
  scene: scene_lib.Scene,
  scores: Sequence[score.Score],
  total: score.Score,
  each: float | None,
) -> None:
  """Writes `experiments/results/NAME.json`.

  Args:
    name: of the result.
    policy: that was evaluated.
    settings: of the generator or the worlds.
    scene: it acted in.
    scores: of each task.
    total: of all.
    each: core-seconds for each success.
  """
  distilled = policy != policies.GENERATOR
  if settings.get('primitives') == 'planar':
    policy += ', planar'
  if settings.get('retry') == 'none':
    policy += ' without retry'
  if flags.FLAGS.variation == 'paper':
    policy += ", the paper's variation"
  if strength := settings.get('randomise_physics'):
    policy += f', physics randomised by {strength:g}'
  if push := settings.get('push'):
    policy += f', pushed {100 * push:g} cm'
  for setting, value in acting_flags.chosen().items():
    policy += f', {setting.replace("_", " ")} {value}'
  if scene.name != scene.domain:
    policy += f', {scene.robot.name}'
  rows = [
    {
      'label': s.label,
      'successes': s.successes,
      'trials': s.episodes,
      'detail': len(scores) > 1,
    }
    for s in scores
  ]
  if len(scores) > 1:
    label = f'average over the {len(scores)} tasks'
    rows.append(
      {'label': label, 'successes': total.successes, 'trials': total.episodes}
    )
  for limit, count in zip(score.WITHIN, total.within, strict=True):
    rows.append(
      {
        'label': f'... within {limit:.0f} simulated seconds',
        'successes': count,
        'trials': total.episodes,
      }
    )
  if distilled and len(scene.tasks) > 1:
    rows.append(
      {
        'label': 'another task than the sentence said was done',
        'successes': total.instead,
        'trials': total.episodes,
      }
    )
  if total.agreement is not None:
    rows.append(
      {
        'label': 'inferred verdict agrees with ground truth',
        'successes': round(total.agreement * total.episodes),
        'trials': total.episodes,
      }
    )
  if each is not None:
    rows.append(
      {
        'label': 'core-seconds for each success',
        'value': round(each, 2),
        'unit': 's',
      }
    )
  results.write_result(
    name, {'title': f'{scene.domain}: {policy}', 'rows': rows}
  )
