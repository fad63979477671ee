"""The measurements of predicates as Markdown tables and as a plot."""

import pathlib
from collections.abc import Sequence
from typing import Any

from sdd.evaluation import comparison

PYTHON = 'ordinary Python'
C, MJX = 'C MuJoCo', 'MJX'
_COLOURS = ('#2b6cb0', '#dd6b20', '#2f855a', '#9f3a70')


def evaluations(rows: Sequence[dict[str, Any]]) -> str:
  """A line for every success code and device, a column for every batch."""
  batches = sorted({row['count'] for row in rows if row['on'] != PYTHON})
  lines = []
  for plain in (row for row in rows if row['on'] == PYTHON):
    found = _of(rows, plain['program'])
    for device, group in found.items():
      cells = [
        f'{_short(group[size]["value"])} ({_short(group[size]["ratio"])}×)'
        for size in batches
      ]
      lines.append([plain['program'], device, _short(plain['value']), *cells])
  header = [
    'evaluations a CPU-second', 'compiled for', PYTHON,
    *(f'{size:,} at once' for size in batches),
  ]  # fmt: skip
  return comparison.table(header, lines)


def _of(
  rows: Sequence[dict[str, Any]], name: str
) -> dict[str, dict[int, dict[str, Any]]]:
  """One program's compiled rows, by device and batch."""
  found: dict[str, dict[int, dict[str, Any]]] = {}
  for row in rows:
    if row.get('program') == name and row['on'] != PYTHON:
      found.setdefault(row['on'], {})[row['count']] = row
  return found


def steps(rows: Sequence[dict[str, Any]]) -> str:
  """A line for every number of worlds."""
  worlds = {row['count'] for row in rows}
  at = {(row['on'], row['count']): row for row in rows}
  lines = []
  for size in sorted(worlds):
    c, mjx = at[C, size], at[MJX, size]
    lines.append(
      [
        f'{size:,}',
        *(_short(each['value']) for each in (c, mjx)),
        f'{mjx["ratio"]:.2g}',
        *(_short(each['wall']) for each in (c, mjx)),
        f'{mjx["wall_ratio"]:.2g}',
        f'{mjx["compiling"]:.0f} s',
      ]
    )
  header = ['worlds, each checked after every environment step']
  for unit in ('a CPU-second', 'a second'):
    header += [f'{C}, steps {unit}', f'{MJX}, steps {unit}', 'ratio']
  return comparison.table([*header, f'{MJX}, compiling'], lines)


def draw(rows: Sequence[dict[str, Any]], path: pathlib.Path) -> None:
  """Evaluations a second against the batch, both axes logarithmic."""
  import matplotlib

  matplotlib.use('agg')
  from matplotlib import pyplot

  figure, panel = pyplot.subplots(figsize=(7.5, 4))
  plain = [row for row in rows if row.get('on') == PYTHON]
  for each, colour in zip(plain, _COLOURS, strict=False):
    panel.axhline(each['wall'], color=colour, linestyle=':')
    for (device, group), mark in zip(
      _of(rows, each['program']).items(), 'os', strict=False
    ):
      values = [row['wall'] for row in group.values()]
      label = f'{each["program"]}, {device}'
      panel.loglog([*group], values, f'{mark}-', color=colour, label=label)
  panel.set(xlabel='states at once', ylabel='evaluations a second')
  panel.set_title('compiled (lines) and ordinary Python (dotted)', fontsize=10)
  panel.spines[['top', 'right']].set_visible(False)
  panel.grid(alpha=0.3)
  panel.legend(frameon=False, fontsize=8)
  figure.tight_layout()
  figure.savefig(path, dpi=110)
  pyplot.close(figure)


def _short(value: float) -> str:
  """Three digits that count, and no exponent."""
  for least, unit, name in ((1e9, 1e9, 'G'), (1e6, 1e6, 'M'), (1e4, 1e3, 'k')):
    if value >= least:
      return f'{value / unit:.3g} {name}'
  return f'{value:,.0f}' if value >= 100 else f'{value:.3g}'
