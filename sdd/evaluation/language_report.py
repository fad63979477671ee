"""How well models plan: tables beside the paper's, as a page and as JSON."""

import collections
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sdd.evaluation import (
  comparison,
  interval,
  paper,
  plan_sample,
  success_check,
)
from sdd.language import metering

_SHORT = {
  key: column
  for columns in (paper.TABLE_7_COLUMNS, paper.TABLE_6_COLUMNS)
  for column, key in columns.items()
}
_ABOUT = ' '.join(
  f"""\
**Planning** is right if the skills of the tree's leaves, carried out in order
in an abstract world, can each be done and achieve the task in the end; order
and wording are the model's. **Success code** is right if in every situation
the root's code agrees with the hand-written rule in at least
{success_check.THRESHOLD:.0%} of the cases, which come of resets, random
motions, attempts, and attempts with a step left out. **Steps' code** counts
the leaves whose code does not hold before and holds after their skill was
done in trusted attempts. A sample without a tree is
wrong in both columns. Intervals are Wilson's, 95 %. The paper's figures are of
{paper.TABLE_4_SAMPLES} samples a task.""".split()
)


@dataclasses.dataclass(frozen=True)
class Run:
  """All samples of one model.

  Attributes:
    label: names the model.
    samples: what it made of the tasks.
    missing: samples that were wanted and are not recorded; not counted.
    budget: what tokens cost.
    executed: successes and episodes of the trees that were carried out.
    command: that makes the samples.
  """

  label: str
  samples: Sequence[plan_sample.Sample]
  missing: int = 0
  budget: metering.Budget = dataclasses.field(default_factory=metering.Budget)
  executed: Mapping[plan_sample.Key, tuple[int, int]] = dataclasses.field(
    default_factory=dict
  )
  command: str = ''

  @property
  def tasks(self) -> dict[tuple[str, str], list[plan_sample.Sample]]:
    """Its samples by scene and sentence, in the paper's order."""
    found = collections.defaultdict(list)
    for sample in self.samples:
      found[sample.scene, sample.task].append(sample)
    return {key: found[key] for key in paper.TASKS if key in found}


def comparison_table(runs: Sequence[Run]) -> str:
  """The paper's Table 4, and a line for each model."""
  rows: list[list[Any]] = [
    [name, *(f'{row[c]:.1f}' for c in paper.TABLE_4_COLUMNS), '', '']
    for name, row in paper.TABLE_4.items()
  ]
  for run in runs:
    rows.append(
      [
        run.label,
        *_rates(run.samples),
        len(run.tasks),
        len(run.samples),
      ]
    )
  header = ['accurate, %', *paper.TABLE_4_COLUMNS, 'tasks', 'samples']
  return comparison.table(header, rows)


def task_table(run: Run) -> str:
  """One line a task, and all together."""
  lines = [(_SHORT[key], found) for key, found in run.tasks.items()]
  lines.append(('all', list(run.samples)))
  columns = _columns(run)
  rows = [
    [name, *(cell(found) for cell in columns.values())] for name, found in lines
  ]
  return comparison.table(['task', *columns], rows)


def page(runs: Sequence[Run]) -> str:
  """Everything, as Markdown."""
  parts = [
    '# How well language models plan',
    _ABOUT,
    comparison_table(runs),
  ]
  for run in runs:
    parts += [f'## {run.label}', task_table(run)]
    if run.missing:
      parts.append(missing(run))
    uncounted = sum(sample.uncounted for sample in run.samples)
    if uncounted:
      parts.append(f'The tokens of {uncounted} answers were not counted.')
    faults = list(_faults(run))
    if faults:
      parts += ['What was wrong:', '\n'.join(faults)]
    parts.append(f'`{run.command}`')
  return '\n\n'.join(parts) + '\n'


def missing(run: Run) -> str:
  """Says which samples are not counted."""
  were = 'sample is' if run.missing == 1 else 'samples are'
  return f'{run.missing} further {were} not recorded and not counted.'


def to_json(runs: Sequence[Run]) -> dict[str, Any]:
  """Counts of every run, by task."""
  return {
    run.label: {
      'command': run.command,
      'missing': run.missing,
      'tasks': [
        {'scene': scene, 'task': task, **_counts(run, found)}
        for (scene, task), found in run.tasks.items()
      ],
      'all': _counts(run, run.samples),
    }
    for run in runs
  }


def _counts(run: Run, samples: Sequence[plan_sample.Sample]) -> dict[str, Any]:
  won, episodes = _executed(run, samples)
  return {
    'samples': len(samples),
    'planning': sum(s.planning for s in samples),
    'planning_interval': _ends(samples, lambda s: s.planning),
    'success_code': sum(s.code for s in samples),
    'success_code_interval': _ends(samples, lambda s: s.code),
    'good_steps': sum(s.good_steps for s in samples),
    'steps': sum(s.steps for s in samples),
    'repaired': sum(s.repairs > 0 for s in samples),
    'without_tree': sum(not s.tree for s in samples),
    'tokens_in': sum(s.tokens_in for s in samples),
    'tokens_out': sum(s.tokens_out for s in samples),
    'uncounted_answers': sum(s.uncounted for s in samples),
    'answers': sum(s.answers for s in samples),
    'seconds': sum(s.seconds for s in samples),
    'cost': _cost(run, samples),
    'executed': episodes,
    'succeeded': won,
  }


def _columns(
  run: Run,
) -> dict[str, Callable[[Sequence[plan_sample.Sample]], Any]]:
  """Header and cell of each column; those that nothing is known of go."""
  columns: dict[str, Callable[[Sequence[plan_sample.Sample]], Any]] = {
    'samples': len,
    'planning, %': lambda found: _rates(found)[0],
    'success code, %': lambda found: _rates(found)[1],
    "steps' code": lambda found: (
      f'{sum(s.good_steps for s in found)}/{sum(s.steps for s in found)}'
    ),
    'repaired': lambda found: sum(s.repairs > 0 for s in found),
    'no tree': lambda found: sum(not s.tree for s in found),
  }
  if any(s.tokens_in + s.tokens_out for s in run.samples):
    columns['tokens in'] = lambda found: f'{sum(s.tokens_in for s in found):,}'
    columns['out'] = lambda found: f'{sum(s.tokens_out for s in found):,}'
  if any(s.seconds for s in run.samples):
    columns['seconds'] = lambda found: f'{sum(s.seconds for s in found):.1f}'
  if _cost(run, run.samples) is not None:
    columns['cost'] = lambda found: f'{_cost(run, found) or 0.0:.4f}'
  if run.executed:
    columns['executed'] = lambda found: '{}/{}'.format(*_executed(run, found))
  return columns


def _rates(samples: Sequence[plan_sample.Sample]) -> tuple[str, str]:
  return (
    _rate(samples, lambda sample: sample.planning),
    _rate(samples, lambda sample: sample.code),
  )


def _rate(
  samples: Sequence[plan_sample.Sample],
  right: Callable[[plan_sample.Sample], bool],
) -> str:
  if not samples:
    return ''
  share = sum(map(right, samples)) / len(samples)
  low, high = _ends(samples, right)
  return f'{100 * share:.1f} ({100 * low:.1f} to {100 * high:.1f})'


def _ends(
  samples: Sequence[plan_sample.Sample],
  right: Callable[[plan_sample.Sample], bool],
) -> tuple[float, float]:
  return interval.wilson_interval(sum(map(right, samples)), len(samples))


def _cost(run: Run, samples: Sequence[plan_sample.Sample]) -> float | None:
  prices = [sample.price(run.budget) for sample in samples]
  known = [price for price in prices if price is not None]
  return sum(known) if len(known) == len(prices) else None


def _executed(
  run: Run, samples: Sequence[plan_sample.Sample]
) -> tuple[int, int]:
  found = [run.executed.get(sample.key, (0, 0)) for sample in samples]
  return sum(won for won, _ in found), sum(count for _, count in found)


def _faults(run: Run) -> Iterator[str]:
  """A line for everything that was wrong, equal ones together."""
  for key, samples in run.tasks.items():
    counted: dict[str, list[int]] = {}
    for sample in samples:
      for fault in _wrong(sample):
        counted.setdefault(fault, []).append(sample.index)
    for fault, indices in counted.items():
      numbers = ', '.join(map(str, indices))
      yield f'- {_SHORT[key]}, sample {numbers}: {fault}'


def _wrong(sample: plan_sample.Sample) -> Iterator[str]:
  if not sample.tree:
    yield f'no tree. {_line(sample.failure)}'
    return
  if not sample.planning:
    yield f'plan. {_line(sample.plan_reason)}'
  if not sample.code:
    yield f'success code. {_line(sample.code_reason)}'


def _line(text: str) -> str:
  """On one line, without what Markdown would take for its own."""
  return ' '.join(text.split()).replace('|', '\\|').replace('<', '&lt;')
