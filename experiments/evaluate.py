"""Measures a policy: closed loop, ground truth, 95 % intervals.

The policy is the data generator itself, a training run, an exported file or a
server; all act through the same actions and are judged by the same
hand-written rule:

  python -m experiments.evaluate --policy=generator --episodes=20
  python -m experiments.evaluate --policy=runs/drawer --tasks=all
  python -m experiments.evaluate --policy=generator --robot=panda
  python -m experiments.evaluate --policy=policy.npz \\
    --tasks="move the crayon box into the top drawer"
  python -m experiments.evaluate --policy=ws://127.0.0.1:8000

Episode k of every task is drawn from the seed --first_seed + k, so that all
policies meet the same worlds, and none that was collected from.
"""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import sys
import time
from collections.abc import Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import (
  acting_flags,
  generator_flags,
  measuring,
  program,
  results,
  urls,
)

with epy.lazy_imports():
  from rich import console as rich_console

  from experiments import policies
  from sdd.evaluation import rollout, score
  from sdd.scenes import scene as scene_lib

_POLICY = flags.DEFINE_string(
  'policy', None,
  'generator, a training --workdir, a policy.npz, or ws://HOST:PORT of a '
  'policy server, whose key is in SDD_API_KEY', required=True,
)  # fmt: skip
urls.accept('policy', 'ws', 'wss')
_SCENE = flags.DEFINE_string('scene', 'drawer', 'the scene')
_TASKS = flags.DEFINE_string(
  'tasks', 'all', 'all, or sentences with a semicolon in between'
)
_EPISODES = flags.DEFINE_integer(
  'episodes', 20, 'episodes of each task', lower_bound=1
)
_OUT = flags.DEFINE_string(
  'out', 'runs/evaluation.json', 'where the numbers go, episode by episode'
)
_RECORD = flags.DEFINE_string(
  'record', None, 'also keep the scores as experiments/results/RECORD.json'
)
flags.adopt_module_key_flags(measuring)
flags.adopt_module_key_flags(generator_flags)


def main(_: Sequence[str]) -> int:
  scene = generator_flags.scene(_SCENE.value)
  tasks = _tasks(scene)
  began, cpu = time.monotonic(), os.times()
  outcomes: list[rollout.Outcome] = []
  jobs = [
    (task, measuring.FIRST_SEED.value + k)
    for k in range(_EPISODES.value)
    for task in tasks
  ]
  try:
    with program.progress('Evaluating', len(jobs)) as meter:
      for outcome in measuring.outcomes(_POLICY.value, scene, jobs):
        outcomes.append(outcome)
        won = sum(o.success for o in outcomes)
        meter.advance(1, status=f'{won}/{len(outcomes)} succeeded')
  finally:
    if outcomes:
      order = {job: k for k, job in enumerate(jobs)}
      outcomes.sort(key=lambda o: order[o.task, o.index])
      spent = sum(os.times()[:4]) - sum(cpu[:4])
      _show(scene, tasks, outcomes, time.monotonic() - began, spent)
  return 0


def _tasks(scene: scene_lib.Scene) -> list[str]:
  if _TASKS.value == 'all':
    return [task.sentence for task in scene.tasks]
  asked = [' '.join(text.split()) for text in _TASKS.value.split(';')]
  known = [(text, scene.find_task(text)) for text in asked if text]
  return [task.sentence if task else text for text, task in known]


def _show(
  scene: scene_lib.Scene,
  tasks: list[str],
  outcomes: list[rollout.Outcome],
  wall: float,
  spent: float,
) -> None:
  scores, total = score.by_task(outcomes), score.score('all', outcomes)
  console = rich_console.Console()
  console.print(score.table(scores, total))
  if total.agreement is not None:
    console.print(
      f'inferred verdict agrees with it: {total.agreement:.1%}; unknown in '
      f'{total.unknown} episodes, in {total.unknown_at_end} at the end'
    )
  if total.instead:
    console.print(
      f'another task than the sentence said was done in {total.instead} of '
      f'{total.episodes} episodes'
    )
  for task in dict.fromkeys(o.task for o in outcomes if not o.judged):
    console.print(
      f'No hand-written rule judges {task!r}: success is what its success '
      'code says.',
      markup=False,
    )
  for outcome in outcomes:
    if outcome.ended == 'error':
      console.print(
        f'error in {outcome.task!r}, seed {outcome.index}: {outcome.error}',
        markup=False,
      )
  each = spent / total.successes if total.successes else None
  price = 'no success' if each is None else f'{each:.2f} for each success'
  console.print(f'{wall:.0f} s; {spent:.0f} core-seconds, {price}')
  path = pathlib.Path(_OUT.value)
  path.parent.mkdir(parents=True, exist_ok=True)
  measured = {
    'command': shlex.join(
      ['python', '-m', 'experiments.evaluate', *sys.argv[1:]]
    ),
    'policy': _POLICY.value,
    'scene': scene.name,
    'variation': flags.FLAGS.variation,
    **_generator(),
    'complete': len(outcomes) == len(tasks) * _EPISODES.value,
    'wall_seconds': wall,
    'core_seconds': spent,
    'total': total.to_json(),
    'tasks': [entry.to_json() for entry in scores],
    'episodes': [outcome.to_json() for outcome in outcomes],
  }
  part = path.with_suffix('.part')
  part.write_text(json.dumps(measured, indent=1) + '\n')
  part.replace(path)
  console.print(f'Numbers: {path}')
  if _RECORD.value:
    _record(_RECORD.value, scene, scores, total, each)


def _generator() -> dict[str, Any]:
  """The generator's settings; other policies have those of the worlds."""
  if _POLICY.value != policies.GENERATOR:
    return {**generator_flags.world_settings(), **acting_flags.chosen()}
  return generator_flags.settings()


def _record(
  name: str,
  scene: scene_lib.Scene,
  scores: list[score.Score],
  total: score.Score,
  each: float | None,
) -> None:
  policy = _POLICY.value
  settings = _generator()
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
  if policy != policies.GENERATOR and len(scene.tasks) > 1:
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


if __name__ == '__main__':
  program.run(main)
