"""The benchmark's page: our runs beside the paper's tables, and what they cost.

Markdown for people, the same figures as JSON, and a plot of success against
simulated time (the paper's Figure 6).
"""

import collections
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sdd.evaluation import (
  comparison,
  diversity,
  error_sources,
  interval,
  paper,
  rollout,
)

_SCENES = (*paper.DOMAINS, *paper.EXTRA)
_COLOURS = ('#2b6cb0', '#dd6b20', '#2f855a', '#9f3a70', '#718096', '#b7791f')


def markdown(runs: Sequence[comparison.Run], plot: str) -> str:
  """The whole page.

  Args:
    runs: what was measured.
    plot: file name of the plot.
  """
  parts = [
    '# The benchmark',
    'Success by hand-written ground truth, in percent, with 95 % Wilson '
    'intervals and the number of episodes. An episode that raised an error '
    'is a failure.',
    '## By domain (Table 2 of the paper)',
    comparison.table_2(runs),
    '## By task (Table 7 of the paper)',
    comparison.by_task(paper.TABLE_7, paper.TABLE_7_COLUMNS, runs),
    '## Drawer, by object and drawer (Table 6 of the paper)',
    comparison.by_task(paper.TABLE_6, paper.TABLE_6_COLUMNS, runs),
    '## Success against simulated time (Figure 6 of the paper)',
    f'![Success against simulated time]({plot})',
  ]
  for run in runs:
    parts += [f'## {run.label}: cost', cost_table(run)]
    if run.command:
      parts.append(f'`{run.command}`')
    if any(o.trials for outcomes in run.outcomes.values() for o in outcomes):
      parts += [
        f'## {run.label}: where attempts fail (Table 3 of the paper)',
        'Planning: a motion was found; what was lost before it could be placed '
        'counts as none found. Execution: after it the world was as it '
        'should be, by a hand-written rule. Verification: the inferred '
        'predicate said the same as that rule.',
        error_table(run),
      ]
    parts += [
      f'## {run.label}: how much episodes differ',
      'Successes of the task measured most often in each scene. Median (5 to '
      '95 %); grasps are compared in pairs, in the frame of the object.',
      spread_table(run),
    ]
  return '\n\n'.join(parts) + '\n'


def to_json(runs: Sequence[comparison.Run]) -> dict[str, Any]:
  """The same as data."""
  return {run.label: _run_json(run) for run in runs}


def _run_json(run: comparison.Run) -> dict[str, Any]:
  tasks = []
  for scene, sentence in paper.TASKS:
    won, count = run.rate((scene, sentence))
    low, high = interval.wilson_interval(won, count)
    tasks.append(
      {
        'scene': scene, 'task': sentence, 'successes': won, 'episodes': count,
        'rate': won / max(1, count), 'interval': [low, high],
      }
    )  # fmt: skip
  domains = {}
  for domain in paper.DOMAINS:
    rate, ends, count = run.domain(domain)
    domains[domain] = {
      'rate': rate, 'interval': list(ends), 'episodes': count
    }  # fmt: skip
  return {
    'command': run.command,
    'domains': domains,
    'tasks': tasks,
    'cost': {scene: cost(found) for scene, found in _by_scene(run).items()},
    'errors': {
      scene: [s.to_json() for s in error_sources.sources(found)]
      for scene, found in _by_scene(run).items()
    },
    'spread': {
      task: spread.to_json() for task, spread in _spreads(run).items()
    },
  }


def _by_scene(run: comparison.Run) -> dict[str, list[rollout.Outcome]]:
  found: dict[str, list[rollout.Outcome]] = {}
  for scene in _SCENES:
    for (place, _), outcomes in run.outcomes.items():
      if place == scene:
        found.setdefault(scene, []).extend(outcomes)
  return found


def cost(outcomes: Sequence[rollout.Outcome]) -> dict[str, Any]:
  """What successes cost, and how episodes ended.

  Returns core-seconds and simulated seconds for each success, None where
  there is none; the share of agreement of the inferred verdict with ground
  truth, None where nothing was inferred; in how many episodes a verdict was
  unknown, at any time and of the whole task at the end, None where that was
  not noted; the mean number of retries; and a count of every way to end.
  """
  won = sum(o.success for o in outcomes)
  judged = [o.inferred == o.success for o in outcomes if o.inferred is not None]
  noted = [o for o in outcomes if o.unknown is not None]
  return {
    'episodes': len(outcomes),
    'successes': won,
    'core_seconds': sum(o.cpu for o in outcomes) / won if won else None,
    'simulated_seconds': (
      sum(o.seconds for o in outcomes) / won if won else None
    ),
    'agreeing': sum(judged) if judged else None,
    'judged': len(judged),
    'unknown': sum(bool(o.unknown) for o in noted) if noted else None,
    'unknown_at_end': (
      sum(bool(o.unknown_at_end) for o in noted) if noted else None
    ),
    'retries': sum(o.retries for o in outcomes) / max(1, len(outcomes)),
    'ended': dict(collections.Counter(o.ended for o in outcomes)),
  }


def cost_table(run: comparison.Run) -> str:
  """Cost by scene."""
  rows = []
  for scene, outcomes in _by_scene(run).items():
    found = cost(outcomes)
    agreement = ''
    if found['judged']:
      low, high = interval.wilson_interval(found['agreeing'], found['judged'])
      rate = found['agreeing'] / found['judged']
      agreement = f'{rate:.1%} ({low:.1%} to {high:.1%})'
    unknown = ''
    if found['unknown'] is not None:
      unknown = f'{found["unknown"]} ({found["unknown_at_end"]} at the end)'
    ended = ', '.join(f'{n} {why}' for why, n in found['ended'].items())
    rows.append(
      [
        scene, _or_none(found['core_seconds']),
        _or_none(found['simulated_seconds']), agreement, unknown,
        f'{found["retries"]:.1f}', ended,
      ]
    )  # fmt: skip
  return comparison.table(
    [
      'scene', 'core-seconds a success', 'simulated seconds a success',
      'verdict agrees with ground truth', 'verdict unknown in',
      'retries an episode', 'ended by',
    ],
    rows,
  )  # fmt: skip


def error_table(run: comparison.Run) -> str:
  """Planning, execution and verification by sub-task."""
  rows = []
  for scene, outcomes in _by_scene(run).items():
    for found in error_sources.sources(outcomes):
      rows.append(
        [
          scene, found.label, _share(found.planned, found.asked),
          _share(found.achieved, found.planned),
          _share(found.verified, found.planned),
        ]
      )  # fmt: skip
  header = ['scene', 'sub-task', 'planning', 'execution', 'verification']
  return comparison.table(header, rows)


def _spreads(run: comparison.Run) -> dict[str, diversity.Spread]:
  spreads = {}
  for scene in _SCENES:
    tasks = [key for key in run.outcomes if key[0] == scene]
    if tasks:
      most = max(tasks, key=lambda key: run.rate(key)[0])
      spreads[f'{scene}: {most[1]}'] = diversity.spread(run.outcomes[most])
  return spreads


def spread_table(run: comparison.Run) -> str:
  """How different the successes of one task of each scene are."""
  rows = [
    [
      task, spread.episodes, _range(spread.seconds, ' s'),
      _range(spread.path, ' m'), _range(spread.grasp_place, ' m'),
      _range(spread.grasp_turn, '°'),
      '' if spread.alike is None else spread.alike,
    ]
    for task, spread in _spreads(run).items()
  ]  # fmt: skip
  return comparison.table(
    [
      'task', 'successes', 'duration', 'tool path', 'grasps apart',
      'approaches apart', 'alike',
    ],
    rows,
  )  # fmt: skip


def draw(runs: Sequence[comparison.Run], path: pathlib.Path) -> None:
  """Success against simulated time, one panel a domain."""
  import matplotlib

  matplotlib.use('agg')
  from matplotlib import pyplot

  figure, panels = pyplot.subplots(1, len(paper.DOMAINS), figsize=(15, 3.4))
  for panel, domain in zip(panels, paper.DOMAINS, strict=True):
    for run, colour in zip(runs, _COLOURS * len(runs), strict=False):
      _draw_run(panel, run, domain, colour)
    if domain == 'balance':
      for (name, points), mark in zip(
        paper.BALANCE_WITHIN.items(), 'sv^', strict=True
      ):
        panel.plot(
          *zip(*points.items(), strict=True), mark, color='0.5', label=name
        )
    panel.set(title=domain, ylim=(-2, 102), xlabel='simulated seconds')
    panel.spines[['top', 'right']].set_visible(False)
    panel.grid(alpha=0.3)
  panels[0].set_ylabel('success, %')
  handles, labels = panels[0].get_legend_handles_labels()
  figure.legend(
    handles, labels, loc='lower center', ncols=min(4, max(1, len(labels))),
    frameon=False,
  )  # fmt: skip
  rows = -(-len(labels) // 4)
  figure.tight_layout(rect=(0, 0.07 * rows, 1, 1))
  figure.savefig(path, dpi=110)
  pyplot.close(figure)


def _draw_run(
  panel: Any, run: comparison.Run, domain: str, colour: str
) -> None:
  outcomes = [
    o for (scene, _), all_ in run.outcomes.items() for o in all_
    if scene == domain
  ]  # fmt: skip
  times = np.sort([o.seconds for o in outcomes if o.success])
  share = 100 * np.arange(len(times) + 1) / max(1, len(outcomes))
  end = max((o.seconds for o in outcomes), default=0.0)
  panel.step(
    [0, *times, end], [*share, share[-1]], where='post', color=colour,
    label=run.label,
  )  # fmt: skip


def outcomes_by_task(
  outcomes: Mapping[tuple[str, str, int], rollout.Outcome],
) -> dict[comparison.Key, list[rollout.Outcome]]:
  """From a log's outcomes to those of a `comparison.Run`, in order of index."""
  found: dict[comparison.Key, list[rollout.Outcome]] = {}
  for (scene, task, _), outcome in sorted(
    outcomes.items(), key=lambda item: item[0]
  ):
    found.setdefault((scene, task), []).append(outcome)
  return found


def _share(part: int, whole: int) -> str:
  if not whole:
    return ''
  low, high = interval.wilson_interval(part, whole)
  return f'{part / whole:.1%} ({low:.1%} to {high:.1%}, n={whole})'


def _range(five: Sequence[float], unit: str) -> str:
  if not five:
    return ''
  digits = 0 if unit in ('°', ' s') else 3
  low, _, middle, _, high = (f'{value:.{digits}f}' for value in five)
  return f'{middle}{unit} ({low} to {high})'


def _or_none(value: float | None) -> str:
  return 'no success' if value is None else f'{value:.2f}'
