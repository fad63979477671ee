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

Every finished episode is kept at once, in OUT.part until all are there; the
same command again goes on where it stopped, and a larger --episodes adds to
what is there. Episodes that ended in an error are tried again. Another policy
or another setting needs another --out.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
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
  language_flags,
  measuring,
  program,
  urls,
)
from sdd import errors

with epy.lazy_imports():
  from rich import console as rich_console

  from experiments import evaluated, policies
  from sdd.evaluation import evaluations, rollout, score
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
  first = measuring.FIRST_SEED.value
  jobs = [
    (task, index)
    for index in range(first, first + _EPISODES.value)
    for task in tasks
  ]
  with contextlib.closing(
    evaluations.Kept(_OUT.value, _settings(scene, tasks))
  ) as kept:
    cost = _measure(scene, jobs, kept)
    outcomes = [kept.outcomes[job] for job in jobs]
    _finish(scene, outcomes, kept, cost)
  return 0


@dataclasses.dataclass(frozen=True)
class _Cost:
  """What the episodes took, in seconds."""

  wall: float
  core: float


def _measure(
  scene: scene_lib.Scene,
  jobs: list[evaluations.Job],
  kept: evaluations.Kept,
) -> _Cost:
  """Runs the episodes that are missing."""
  began, cpu = time.monotonic(), os.times()
  missing = kept.missing(jobs)
  try:
    with program.progress(
      'Evaluating', len(jobs), done=len(jobs) - len(missing)
    ) as meter:
      for outcome in measuring.outcomes(_POLICY.value, scene, missing):
        kept.add(outcome)
        won = sum(o.success for o in kept.outcomes.values())
        meter.advance(1, status=f'{won}/{len(kept.outcomes)} succeeded')
  except KeyboardInterrupt:
    program.when_interrupted(
      f'Stopped. Finished episodes are in {kept.log}; the same command goes '
      'on from there.'
    )
    done = [kept.outcomes[job] for job in jobs if job in kept.outcomes]
    if done:
      _show(done)
    raise
  if not missing:
    return _Cost(kept.wall_seconds, kept.core_seconds)
  return _Cost(
    kept.wall_seconds + time.monotonic() - began,
    kept.core_seconds + sum(os.times()[:4]) - sum(cpu[:4]),
  )


def _settings(scene: scene_lib.Scene, tasks: list[str]) -> dict[str, Any]:
  """What the outcomes depend on."""
  settings = {
    'policy': _POLICY.value,
    'scene': scene.name,
    'variation': flags.FLAGS.variation,
    **_generator(),
    'first_seed': measuring.FIRST_SEED.value,
    'sentences': tasks,
    'worlds': hashlib.sha256(
      ' '.join(sorted(scene.texts)).encode()
    ).hexdigest(),
  }
  if any(scene.rule(task) is None for task in tasks):
    settings |= language_flags.settings()
  if (digest := policies.digest(_POLICY.value)) is not None:
    settings['policy_sha256'] = digest
  return settings


def _tasks(scene: scene_lib.Scene) -> list[str]:
  if _TASKS.value == 'all':
    return [task.sentence for task in scene.tasks]
  asked = [' '.join(text.split()) for text in _TASKS.value.split(';')]
  known = [(text, scene.find_task(text)) for text in asked if text]
  tasks = [task.sentence if task else text for text, task in known]
  if not tasks:
    raise errors.SddError(f'--tasks={_TASKS.value} names no task.')
  return list(dict.fromkeys(tasks))


def _show(outcomes: Sequence[rollout.Outcome]) -> rich_console.Console:
  """Prints how often each task was done, and what went wrong."""
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
  return console


def _finish(
  scene: scene_lib.Scene,
  outcomes: Sequence[rollout.Outcome],
  kept: evaluations.Kept,
  cost: _Cost,
) -> None:
  """Shows the numbers and keeps them."""
  console = _show(outcomes)
  scores, total = score.by_task(outcomes), score.score('all', outcomes)
  each = cost.core / total.successes if total.successes else None
  price = 'no success' if each is None else f'{each:.2f} for each success'
  console.print(f'{cost.wall:.0f} s; {cost.core:.0f} core-seconds, {price}')
  kept.finish(
    shlex.join(['python', '-m', 'experiments.evaluate', *sys.argv[1:]]),
    {
      'complete': True,
      'wall_seconds': cost.wall,
      'core_seconds': cost.core,
      'total': total.to_json(),
      'tasks': [entry.to_json() for entry in scores],
      'episodes': [outcome.to_json() for outcome in outcomes],
    },
  )
  console.print(f'Numbers: {kept.path}')
  if _RECORD.value:
    evaluated.record(
      _RECORD.value, _POLICY.value, _generator(), scene, scores, total, each
    )


def _generator() -> dict[str, Any]:
  """The generator's settings; other policies have those of the worlds."""
  if _POLICY.value != policies.GENERATOR:
    return {**generator_flags.world_settings(), **acting_flags.chosen()}
  return generator_flags.settings()


if __name__ == '__main__':
  program.run(main)
