"""Measures a policy on all eighteen tasks and compares with the paper.

Every finished episode is kept at once; the same command again goes on where
it stopped, and a larger --episodes adds to what is there:

  python -m experiments.benchmark --policy=generator --episodes=200
  python -m experiments.benchmark --policy=generator --episodes=200 \\
    --retry=none
  python -m experiments.benchmark --policy=generator --episodes=200 \\
    --primitives=planar --retry=none
  python -m experiments.benchmark --policy=runs/all_tasks --episodes=50
  python -m experiments.benchmark --policy='runs/{scene}_state' --episodes=50
  python -m experiments.benchmark --episodes=0     only writes the page anew

With {scene} in its path every scene has a policy of its own. All runs kept
under --out appear side by side on its page, benchmark.md, with the paper's
Tables 2, 6 and 7, where attempts fail, what they cost, and success against
simulated time; benchmark.json has the same figures. Unseen toys (scene
transport_test) are measured too, beside the eighteen.
"""

from __future__ import annotations

import itertools
import json
import pathlib
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
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
from sdd import errors

with epy.lazy_imports():
  from rich import console as rich_console
  from rich import markdown as rich_markdown

  from experiments import policies
  from sdd.evaluation import (
    benchmark_report,
    comparison,
    outcome_log,
    paper,
    rollout,
  )
  from sdd.scenes import robots
  from sdd.scenes import scene as scene_lib

_POLICY = flags.DEFINE_string(
  'policy', 'generator', 'generator, a training --workdir, or a policy.npz; '
  '{scene} in it stands for the name of the scene'
)  # fmt: skip
_SCENE = '{scene}'
urls.accept('policy', 'ws', 'wss')
_EPISODES = flags.DEFINE_integer(
  'episodes', 200, 'of each task; 0 measures nothing', lower_bound=0
)
_SCENES = flags.DEFINE_list(
  'scenes', [*paper.DOMAINS, *paper.EXTRA], 'which scenes, with a comma between'
)
_PLOT = 'success_over_time.png'
_OUT = flags.DEFINE_string(
  'out', 'runs/benchmark', 'folder of the runs and their page'
)
_RECORD = flags.DEFINE_string(
  'record', None, 'also keep the figures as experiments/results/RECORD.json, '
  'and beside them the page and its plot',
)  # fmt: skip
_TITLE = flags.DEFINE_string(
  'title', 'The benchmark by domain, with 95 % intervals', 'of what is recorded'
)
flags.adopt_module_key_flags(measuring)
flags.adopt_module_key_flags(generator_flags)


def main(_: Sequence[str]) -> int:
  out = pathlib.Path(_OUT.value)
  scenes = [generator_flags.scene(name) for name in _SCENES.value]
  _require_one_robot(scenes)
  if _EPISODES.value:
    log = outcome_log.OutcomeLog(out / f'{_slug()}.jsonl', _settings())
    try:
      _measure(scenes, log)
    except KeyboardInterrupt:
      program.when_interrupted(
        f'Stopped. Finished episodes are in {log.path}; the same command '
        'goes on from there.'
      )
      raise
    finally:
      log.close()
      if not log.outcomes:  # nothing was measured, so there is no run
        log.path.unlink()
  write_page(out)
  return 0


def _require_one_robot(scenes: Sequence[scene_lib.Scene]) -> None:
  chosen = generator_flags.robot() or robots.DEFAULT.name
  for scene in scenes:
    if scene.robot.name != chosen:
      raise errors.SddError(
        f'--scenes names {scene.name!r}; all are measured with one robot, '
        f'here {chosen}. Name it with --robot={scene.robot.name}.'
      )


def _settings() -> dict[str, Any]:
  settings = {
    'policy': _POLICY.value,
    'variation': flags.FLAGS.variation,
    'first_seed': measuring.FIRST_SEED.value,
    **generator_flags.world_settings(),
  }
  robot = generator_flags.robot()
  if robot not in (None, robots.DEFAULT.name):
    settings['robot'] = robot
  if _POLICY.value == policies.GENERATOR:
    settings |= generator_flags.settings()
  else:
    settings |= acting_flags.chosen()
  return settings


def label(settings: dict[str, Any]) -> str:
  """What a run is called on the page."""
  name = settings['policy']
  if settings.get('primitives') == 'planar':
    name += ', planar'
  if settings.get('retry') == 'none':
    name += ', no retry'
  if 'robot' in settings:
    name += f', {settings["robot"]}'
  if strength := settings.get('randomise_physics'):
    name += f', physics x {strength:g}'
  if push := settings.get('push'):
    name += f', pushed {100 * push:g} cm'
  for changed in acting_flags.NAMES:
    if changed in settings:
      name += f', {changed.replace("_", " ")} {settings[changed]}'
  return f'ours: {name} ({settings["variation"]})'


def _commands(
  settings: dict[str, Any],
  found: Mapping[comparison.Key, Sequence[rollout.Outcome]],
) -> str:
  """What measures such a run again, by scenes with as many episodes."""
  most: dict[str, int] = {}
  for (scene, _), outcomes in found.items():
    most[scene] = max(most.get(scene, 0), len(outcomes))
  numbers = sorted(set(most.values()), reverse=True)
  commands = []
  for episodes in numbers:
    chosen = {**settings, 'episodes': episodes}
    words = [
      f'--{name}={value}'
      for name, value in chosen.items()
      if name in ('policy', 'episodes') or value != flags.FLAGS[name].default
    ]
    if len(numbers) > 1:
      scenes = [scene for scene, number in most.items() if number == episodes]
      words.append(f'--scenes={",".join(scenes)}')
    commands.append(
      shlex.join(['python', '-m', 'experiments.benchmark', *words])
    )
  return '; '.join(commands)


def _slug() -> str:
  text = label(_settings()).removeprefix('ours: ')
  return re.sub(r'[^a-z0-9]+', '_', text.lower()).strip('_')


def _measure(
  scenes: Sequence[scene_lib.Scene], log: outcome_log.OutcomeLog
) -> None:
  """Runs what is missing from the log."""
  todo = {scene.domain: _missing(scene, log) for scene in scenes}
  left = sum(len(jobs) for jobs in todo.values())
  total = _EPISODES.value * sum(len(scene.tasks) for scene in scenes)
  won = done = 0
  with program.progress('Measuring', total, done=total - left) as meter:
    for scene in scenes:
      for outcome in measuring.outcomes(
        _policy(scene), scene, todo[scene.domain]
      ):
        log.add(scene.domain, outcome)
        won, done = won + outcome.success, done + 1
        meter.advance(1, status=f'{scene.domain}, {won}/{done} succeeded')


def _policy(scene: scene_lib.Scene) -> str:
  """The policy for a scene; unseen toys are for that of the seen ones."""
  learnt_in = scene.domain.removesuffix('_test')
  return _POLICY.value.replace(_SCENE, learnt_in)


def _missing(
  scene: scene_lib.Scene, log: outcome_log.OutcomeLog
) -> list[tuple[str, int]]:
  first = measuring.FIRST_SEED.value
  every = itertools.product(
    range(first, first + _EPISODES.value), (t.sentence for t in scene.tasks)
  )
  return [
    (task, index)
    for index, task in every
    if (scene.domain, task, index) not in log.outcomes
  ]


def write_page(out: pathlib.Path) -> None:
  """Writes the page of all runs in the folder.

  Raises:
    errors.SddError: there is none.
  """
  runs = []
  logs = [outcome_log.load(path) for path in sorted(out.glob('*.jsonl'))]
  for settings, outcomes in sorted(logs, key=lambda log: _order(log[0])):
    if outcomes:
      found = benchmark_report.outcomes_by_task(outcomes)
      command = _commands(settings, found)
      runs.append(comparison.Run(label(settings), found, command))
  if not runs:
    raise errors.SddError(
      f'{out} holds no runs. Measure one first: leave out --episodes=0.'
    )
  page = benchmark_report.markdown(runs, _PLOT)
  benchmark_report.draw(runs, out / _PLOT)
  figures = benchmark_report.to_json(runs)
  _write(out / 'benchmark.json', json.dumps(figures, indent=1) + '\n')
  _write(out / 'benchmark.md', page)
  console = rich_console.Console()
  console.print(rich_markdown.Markdown(comparison.table_2(runs)))
  for run in runs:
    console.print(f'\n{run.label}', markup=False)
    console.print(rich_markdown.Markdown(benchmark_report.cost_table(run)))
  console.print(f'Page: {out / "benchmark.md"}')
  if _RECORD.value:
    _record(_RECORD.value, runs, out)


def _order(settings: dict[str, Any]) -> tuple[bool, ...]:
  """The paper's order: first the baselines."""
  return (
    settings.get('primitives') != 'planar',
    settings.get('retry') != 'none',
    settings['variation'] != 'paper',
  )


def _record(
  name: str, runs: Sequence[comparison.Run], out: pathlib.Path
) -> None:
  """Keeps the figures, the page and its plot among the measured results."""
  rows = []
  for run in runs:
    for scene, task in paper.TASKS:
      won, count = run.rate((scene, task))
      if count:
        rows.append(
          {
            'label': f'{run.label}; {scene}: {task}', 'successes': won,
            'trials': count, 'detail': True,
          }
        )  # fmt: skip
  results.write_result(
    name,
    {
      'title': _TITLE.value,
      'markdown': comparison.table_2(runs),
      'rows': rows,
      'figures': benchmark_report.to_json(runs),
    },
    command='; '.join(run.command for run in runs),
  )
  page = benchmark_report.markdown(runs, f'{name}.png')
  _write(results.FOLDER / f'{name}.md', page)
  shutil.copy(out / _PLOT, results.FOLDER / f'{name}.png')


def _write(path: pathlib.Path, text: str) -> None:
  part = path.with_suffix(path.suffix + '.part')
  part.write_text(text, encoding='utf-8')
  part.replace(path)


if __name__ == '__main__':
  program.run(main)
