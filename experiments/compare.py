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

With --record the rates are kept among the measured results; where the labels
are numbers, --curve puts them as a --line into a picture there.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence

from absl import flags
from etils import epy

from experiments import program, results
from sdd import errors

with epy.lazy_imports():
  from rich import console as rich_console
  from rich import table as rich_table

  from experiments import curves
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
_CURVE = flags.DEFINE_string(
  'curve', None, 'the picture that recorded rates are part of, one of those in '
  'experiments/curves.py',
)  # fmt: skip
_LINE = flags.DEFINE_string('line', '', 'what the line in --curve is called')


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
  places = _places(labels)
  found = {
    label: evaluations.joined([evaluations.read(path) for path in paths])
    for label, paths in zip(labels, chosen, strict=True)
  }
  rich_console.Console().print(_table(found))
  if _PNG.value:
    _draw(pathlib.Path(_PNG.value), found, places)
    print(f'Picture: {_PNG.value}')
  if _RECORD.value:
    print(_record(_RECORD.value, found, places))


def _record(
  name: str,
  found: Mapping[str, evaluations.Evaluation],
  places: Sequence[float],
) -> pathlib.Path:
  """Keeps the rates among the measured results."""
  rows = []
  for (label, each), at in zip(found.items(), places, strict=True):
    total = each['total']
    row = {
      'label': label,
      'successes': total['successes'],
      'trials': total['episodes'],
    }
    if _CURVE.value:
      row |= {'curve': _CURVE.value, 'line': _LINE.value, 'at': at}
    rows.append(row)
  # What measured it is what evaluated; two that are alike are named once.
  commands = dict.fromkeys(each['command'] for each in found.values())
  return results.write_result(
    name,
    {'title': _TITLE.value, 'rows': rows},
    command='; '.join(commands),
  )


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


def _places(labels: Sequence[str]) -> list[float]:
  """On the axis: where labels are numbers there, else side by side.

  Raises:
    SddError: they are no numbers, or there is no such picture, but --curve
      wants them in it.
  """
  if _CURVE.value and _CURVE.value not in curves.OF_RESULTS:
    raise errors.UnknownNameError(
      'curve', _CURVE.value, list(curves.OF_RESULTS)
    )
  try:
    return [float(label) for label in labels]
  except ValueError:
    if _CURVE.value:
      raise errors.SddError(
        f'--curve={_CURVE.value}: expected numbers as --labels, got {labels}.'
      ) from None
    return [float(number) for number in range(len(labels))]


def _draw(
  path: pathlib.Path,
  found: Mapping[str, evaluations.Evaluation],
  places: Sequence[float],
) -> None:
  """Rates with their intervals."""
  points = [
    curves.Point(
      '', at, each['total']['successes'], each['total']['episodes'], label
    )
    for at, (label, each) in zip(places, found.items(), strict=True)
  ]
  curves.draw(path, curves.Curve(_TITLE.value, _X.value or ''), points)


if __name__ == '__main__':
  program.run(main)
