"""Makes one HTML page of a dataset, a training run and their evaluations.

The page shows the task tree with its success code, retries and successes,
where the time went, film strips, the loss, and success against time:

  python -m experiments.report --data=runs/demo/data \\
    --workdir=runs/demo/train \\
    --evaluations=runs/demo/generator.json,runs/demo/policy.json \\
    --out=runs/demo/report.html

Only --data is required. No graphics library is needed.
"""

from __future__ import annotations

import itertools
import json
import pathlib
from collections.abc import Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import acting_flags, program
from sdd import errors

with epy.lazy_imports():
  import numpy as np

  from experiments import collected, policies
  from sdd.collection import episode as episode_lib
  from sdd.dataset import cost, kept_scene, reader
  from sdd.evaluation import interval, pictures, report, rollout
  from sdd.language import task_tree
  from sdd.scenes import physics_variation
  from sdd.scenes import scene as scene_lib
  from sdd.simulation import simulator
  from sdd.training import metrics

_DATA = flags.DEFINE_string('data', None, 'the dataset', required=True)
_WORKDIR = flags.DEFINE_string('workdir', None, 'the training run')
_EVALUATIONS = flags.DEFINE_list(
  'evaluations', [], 'JSON files written by experiments.evaluate'
)
_OUT = flags.DEFINE_string('out', 'runs/report.html', 'the page')
_FILM = flags.DEFINE_string(
  'film', None, 'also write the first film strip to this PNG file'
)
_FRAMES = flags.DEFINE_integer('frames', 12, 'of a film strip', lower_bound=2)


def main(_: Sequence[str]) -> int:
  scene = kept_scene.load(_DATA.value)
  episodes = list(reader.read_episodes(_DATA.value))
  if not episodes:
    raise errors.SddError(f'{_DATA.value} holds no episode yet.')
  evaluations = [_read(path) for path in _EVALUATIONS.value]
  page = _assemble(scene, episodes, evaluations)
  path = report.write_report(_OUT.value, page)
  print(f'Report: {path}')
  if _FILM.value and page.strips:
    pathlib.Path(_FILM.value).write_bytes(page.strips[0][1])
    print(f'Film strip: {_FILM.value}')
  return 0


def _read(path: str) -> dict[str, Any]:
  try:
    found = json.loads(pathlib.Path(path).read_text(encoding='utf-8'))
    return {**found, 'total': found['total'], 'episodes': found['episodes']}
  except (OSError, ValueError, KeyError, TypeError) as problem:
    raise errors.SddError(
      f'{path} is no evaluation: {problem}. Expected the --out of '
      'experiments.evaluate.'
    ) from problem


def _assemble(
  scene: scene_lib.Scene,
  episodes: list[episode_lib.Episode],
  evaluations: list[dict[str, Any]],
) -> report.Report:
  spent = cost.total(_DATA.value)
  won = sum(e.metadata.success for e in episodes)
  tasks = list(dict.fromkeys(e.metadata.task for e in episodes))
  first = episodes[0].metadata
  highlights = [(f'{won}/{len(episodes)}', 'episodes collected succeeded')]
  if spent['successes']:
    each = spent['core_seconds'] / spent['successes']
    highlights.append((f'{each:.1f}', 'core-seconds a success'))
  highlights += [
    (f'{e["total"]["rate"]:.0%}', f'{e["policy"]}, ground truth')
    for e in evaluations
  ]
  return report.Report(
    title='From a sentence to a robot policy',
    task=tasks[0] if len(tasks) == 1 else f'{len(tasks)} tasks',
    subtitle=f'scene {scene.name}, seed {first.seed}',
    highlights=highlights,
    tree=_tree(scene, [e for e in episodes if e.metadata.task == tasks[0]]),
    tables=[_collected(episodes), *_measured(evaluations)],
    time_split=spent['split'],
    curves=[*_losses(), *_over_time(evaluations)],
    strips=list(_strips(scene, episodes, evaluations)),
    commands=_commands(evaluations),
    versions=dict(first.versions),
  )


def _tree(
  scene: scene_lib.Scene, episodes: list[episode_lib.Episode]
) -> list[report.TreeRow]:
  tree = task_tree.TaskTree.from_json(
    episodes[0].metadata.task_tree, scene.vocabulary
  )
  depths: list[int] = []
  for parent in tree.parents:
    depths.append(0 if parent is None else depths[parent] + 1)
  rows = []
  for index, (node, depth) in enumerate(zip(tree.nodes, depths, strict=True)):
    retries = sum(e.metadata.retries[index] for e in episodes)
    rows.append(
      report.TreeRow(
        depth=depth,
        instruction=node.instruction,
        skill=str(node.skill or ''),
        code=node.predicate.source,
        attempts=len(episodes) + retries,
        retries=retries,
        successes=sum(bool((e.verdict[:, index] == 1).any()) for e in episodes),
      )
    )
  return rows


def _rate(won: int, count: int) -> list[str]:
  low, high = interval.wilson_interval(won, count)
  return [
    f'{won / max(1, count):.0%}',
    f'{won}/{count}',
    f'{low:.0%} - {high:.0%}',
  ]


def _collected(episodes: list[episode_lib.Episode]) -> report.Table:
  rows = []
  for task in dict.fromkeys(e.metadata.task for e in episodes):
    of_task = [e for e in episodes if e.metadata.task == task]
    found = [e.metadata for e in of_task]
    unknown = sum(episode_lib.has_unknown(e.verdict)[0] for e in of_task)
    judged = [m for m in found if m.judged]
    agreeing = sum(m.success == m.ground_truth for m in judged)
    rows.append(
      [
        task,
        *_rate(sum(m.success for m in found), len(found)),
        f'{agreeing / len(judged):.0%}' if judged else '-',
        f'{unknown}',
        f'{np.mean([sum(m.retries) for m in found]):.1f}',
        f'{np.mean([m.duration for m in found]):.0f} s',
      ]
    )
  header = [
    'task',
    'success',
    'count',
    '95 %',
    'agreement',
    'unknown',
    'retries',
    'length',
  ]
  return report.Table(
    'Collected episodes', header, rows,
    note='Success is the verdict of the inferred predicates; agreement is '
    'how often the hand-written ground truth says the same, unknown in '
    'how many episodes a verdict could not be told. Retries and length are '
    'means over episodes.',
  )  # fmt: skip


def _measured(evaluations: list[dict[str, Any]]) -> list[report.Table]:
  if not evaluations:
    return []
  rows = [
    [
      evaluation['policy'],
      entry['label'],
      *_rate(entry['successes'], entry['episodes']),
      *(f'{n / max(1, entry["episodes"]):.0%}' for n in entry['within']),
    ]
    for evaluation in evaluations
    for entry in evaluation['tasks']
  ]
  header = ['policy', 'task', 'success', 'count', '95 %']
  return [
    report.Table(
      'Evaluation', [*header, '<= 30 s', '<= 60 s', '<= 120 s'], rows,
      note='Closed loop on worlds that were not collected from; success by '
      'ground truth. An episode that raised an error is a failure.',
    )
  ]  # fmt: skip


def _losses() -> list[report.Curve]:
  if not _WORKDIR.value:
    return []
  lines = pathlib.Path(_WORKDIR.value, metrics.FILE).read_text().splitlines()
  logged = [json.loads(line) for line in lines]
  return [
    report.Curve(
      'Training loss', [entry['step'] for entry in logged],
      [entry['loss'] for entry in logged], 'step', 'loss',
    )
  ] if len(logged) > 1 else []  # fmt: skip


def _over_time(evaluations: list[dict[str, Any]]) -> list[report.Curve]:
  if not evaluations:
    return []
  seconds = np.arange(0, 121, 2.0).tolist()
  series = {}
  for evaluation in evaluations:
    times = np.array(
      [e['seconds'] for e in evaluation['episodes'] if e['success']]
    )
    share = (times[:, None] <= np.asarray(seconds) + 1e-6).sum(0)
    series[evaluation['policy']] = (
      100 * share / max(1, len(evaluation['episodes']))
    )
  return [
    report.Curve(
      'Success over time', seconds, series, 'simulated seconds', 'success, %'
    )
  ]


def _strips(scene, episodes, evaluations):
  calm = [e for e in episodes if e.metadata.success]
  busy = max(episodes, key=lambda e: sum(e.metadata.retries))
  chosen = [('A successful episode', e) for e in calm[:1]]
  if sum(busy.metadata.retries) and busy is not calm[0]:
    chosen.append(('The episode with the most retries', busy))
  for title, episode in chosen:
    about = episode.metadata
    yield (
      f'{title}: {about.task}, {about.duration:.0f} s, '
      f'{sum(about.retries)} retries, ended by {about.ended}.',
      pictures.of_episode(scene, episode, frames=_FRAMES.value),
    )
  for evaluation in evaluations:
    if evaluation['policy'] != policies.GENERATOR:
      yield _policy_strip(scene, evaluation)


def _policy_strip(
  scene: scene_lib.Scene, evaluation: dict[str, Any]
) -> tuple[str, bytes]:
  """Runs one of the evaluation's episodes again, a success if there is one."""
  found = sorted(evaluation['episodes'], key=lambda e: not e['success'])[0]
  policy = policies.load(
    evaluation['policy'],
    scene,
    {k: evaluation[k] for k in acting_flags.NAMES if k in evaluation},
  )
  sim = simulator.make('mujoco', scene)
  states: list[np.ndarray] = []
  outcome = rollout.rollout(
    policy, scene, found['task'], seed=0, index=found['index'], sim=sim,
    watch=lambda sim: states.append(sim.world(0).qpos),
    physics=physics_variation.of_strength(
      evaluation.get('randomise_physics', 0), evaluation.get('push', 0)
    ),
  )  # fmt: skip
  chosen = np.linspace(0, len(states) - 1, _FRAMES.value).astype(int)
  end = sim.world(0)
  picture = pictures.strip(
    scene.shaped(end.shape), np.stack([states[k] for k in chosen]),
    [f'{k / 4:.1f} s' for k in chosen],
    mocap_pos=end.mocap_pos, mocap_quat=end.mocap_quat,
  )  # fmt: skip
  caption = (
    f'The policy {evaluation["policy"]}: {outcome.task}, seed '
    f'{outcome.index}, {outcome.seconds:.0f} s, ended by {outcome.ended}.'
  )
  return caption, picture


def _commands(evaluations: list[dict[str, Any]]) -> list[str]:
  made = [collected.command(_DATA.value)]
  return list(
    itertools.chain(made, (e['command'] for e in evaluations if 'command' in e))
  )


if __name__ == '__main__':
  program.run(main)
