"""Puts evaluations side by side: ablations, learning curves.

  python -m experiments.compare --evaluations=runs/a.json,runs/b.json
  python -m experiments.compare --labels=1000,2000,4000 --x="training steps" \\
    --evaluations=runs/at_1000.json,runs/at_2000.json,runs/at_4000.json \\
    --png=runs/curve.png

The files are those that experiments.evaluate and experiments.control write.
Where two have the same task and seed they met the same world; how often only
one of them succeeded there says more than the two rates. Parts of one
evaluation, run side by side, are taken together with a colon in between:

  python -m experiments.compare --labels=evaluated,controlled \\
    --evaluations=runs/a.json,runs/first.json:runs/second.json
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence

from absl import flags
from etils import epy

from experiments import program, results
from sdd import errors

with epy.lazy_imports():
  from matplotlib import figure
  from rich import console as rich_console
  from rich import table as rich_table

  from sdd.evaluation import evaluations, score

_EVALUATIONS = flags.DEFINE_list(
  'evaluations', None, 'files of experiments.evaluate or experiments.control; '
  'with a colon in between, parts of one evaluation', required=True,
)  # fmt: skip
_LABELS = flags.DEFINE_list(
  'labels', None, 'what each is called; by default the name of its file'
)
_TITLE = flags.DEFINE_string('title', 'Evaluations side by side', 'of it all')
_X = flags.DEFINE_string(
  'x', None, 'what the labels are numbers of, for the axis of --png'
)
_PNG = flags.DEFINE_string('png', None, 'draw the rates into this file')
_RECORD = flags.DEFINE_string(
  'record', None, 'also keep the rates as experiments/results/RECORD.json'
)


def main(_: Sequence[str]) -> None:
  chosen = [
    [pathlib.Path(name) for name in names.split(':')]
    for names in _EVALUATIONS.value
  ]
  labels = _LABELS.value or [':'.join(p.stem for p in each) for each in chosen]
  if len(labels) != len(chosen):
    raise errors.SddError(
      f'--labels has {len(labels)} labels for {len(chosen)} evaluations.'
    )
  found = {
    label: evaluations.joined([evaluations.read(path) for path in paths])
    for label, paths in zip(labels, chosen, strict=True)
  }
  rich_console.Console().print(_table(found))
  if _PNG.value:
    _draw(pathlib.Path(_PNG.value), found)
    print(f'Picture: {_PNG.value}')
  if _RECORD.value:
    rows = [
      {
        'label': label,
        'successes': each['total']['successes'],
        'trials': each['total']['episodes'],
      }
      for label, each in found.items()
    ]
    kept = {'title': _TITLE.value, 'rows': rows}
    # What measured it is what evaluated; two that are alike are named once.
    commands = dict.fromkeys(each['command'] for each in found.values())
    command = '; '.join(commands)
    print(results.write_result(_RECORD.value, kept, command=command))


def _table(found: Mapping[str, evaluations.Evaluation]) -> rich_table.Table:
  first, *_ = found
  caption = f'alone: worlds in which only it, and in which only {first} won'
  table = rich_table.Table(title=_TITLE.value, caption=caption)
  limits = [f'{limit:.0f} s' for limit in score.WITHIN]
  table.add_column('', overflow='fold')
  for column in ('success', '95 %', 'episodes', *limits, 'alone'):
    table.add_column(column, justify='right', no_wrap=True)
  for label, each in found.items():
    total = each['total']
    low, high = total['interval']
    won, lost = evaluations.paired(each, found[first])
    table.add_row(
      label,
      f'{100 * total["rate"]:.1f} %',
      f'{100 * low:.1f} to {100 * high:.1f}',
      str(total['episodes']),
      *(f'{100 * w / total["episodes"]:.0f} %' for w in total['within']),
      '' if label == first else f'{won}, {lost}',
    )
  return table


def _draw(
  path: pathlib.Path, found: Mapping[str, evaluations.Evaluation]
) -> None:
  """Rates with their intervals; over numbers where the labels are numbers."""
  try:
    places = [float(label) for label in found]
  except ValueError:
    places = list(range(len(found)))
  totals = [each['total'] for each in found.values()]
  rates = [100 * total['rate'] for total in totals]
  around = [
    [rate - 100 * t['interval'][0] for rate, t in zip(rates, totals)],
    [100 * t['interval'][1] - rate for rate, t in zip(rates, totals)],
  ]
  drawn = figure.Figure(figsize=(5, 3.2), layout='constrained')
  axes = drawn.subplots()
  axes.errorbar(places, rates, yerr=around, marker='o', capsize=3)
  axes.set(ylim=(0, 100), ylabel='success, %', title=_TITLE.value)
  axes.set_xticks(places, list(found))
  axes.set_xlabel(_X.value or '')
  axes.grid(alpha=0.3)
  path.parent.mkdir(parents=True, exist_ok=True)
  drawn.savefig(path, dpi=150)


if __name__ == '__main__':
  program.run(main)
