"""Success over a number, such as training steps, drawn with its intervals."""

import collections
import dataclasses
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from matplotlib import figure

from sdd.evaluation import interval


@dataclasses.dataclass(frozen=True)
class Curve:
  """What a picture of measured rates is called.

  Attributes:
    title: of the picture.
    x: what the number counts.
  """

  title: str
  x: str


@dataclasses.dataclass(frozen=True)
class Point:
  """One rate that was measured.

  Attributes:
    line: which points are joined; lines are told apart by it.
    at: the number on the axis.
    successes: of the episodes.
    trials: how many episodes.
    tick: what stands on the axis; by default the number.
  """

  line: str
  at: float
  successes: int
  trials: int
  tick: str = ''


# Pictures of the page of results, by the name that rows give as `curve`.
OF_RESULTS = {
  'balance_learning': Curve(
    'Balance by sight: more episodes, more training', 'training steps'
  ),
  'balance_inference': Curve(
    'Balance by state: steps of a decision', 'inference steps'
  ),
}
_APART = 0.008  # of the axis, between the whiskers of two lines


def points(results: Iterable[Mapping[str, Any]]) -> dict[str, list[Point]]:
  """Of each curve, what the rows of results say of it.

  Such a row has, beside `successes` and `trials`, the name of a `curve`, the
  `line` that it is on and the number `at` which it stands.
  """
  found: dict[str, list[Point]] = collections.defaultdict(list)
  for result in results:
    for row in result['rows']:
      if 'curve' in row:
        found[row['curve']].append(
          Point(row['line'], row['at'], row['successes'], row['trials'])
        )
  return dict(found)


def draw(path: pathlib.Path, curve: Curve, drawn: Sequence[Point]) -> None:
  """Draws the points into a PNG; whiskers are 95 % intervals."""
  picture = figure.Figure(figsize=(5, 3.2), layout='constrained')
  axes = picture.subplots()
  lines = list(dict.fromkeys(point.line for point in drawn))
  places = [point.at for point in drawn]
  apart = _APART * (max(places) - min(places))
  for number, line in enumerate(lines):
    ours = sorted((p for p in drawn if p.line == line), key=lambda p: p.at)
    rates = [p.successes / p.trials for p in ours]
    ends = [interval.wilson_interval(p.successes, p.trials) for p in ours]
    around = [
      [100 * (rate - low) for rate, (low, _) in zip(rates, ends, strict=True)],
      [
        100 * (high - rate) for rate, (_, high) in zip(rates, ends, strict=True)
      ],
    ]
    axes.errorbar(
      [p.at + apart * (number - (len(lines) - 1) / 2) for p in ours],
      [100 * rate for rate in rates],
      yerr=around,
      marker='o',
      capsize=3,
      label=line,
    )
  ticks = {p.at: p.tick or f'{p.at:,.10g}' for p in drawn}
  axes.set_xticks(list(ticks), list(ticks.values()))
  axes.set(ylim=(0, 100), ylabel='success, %', title=curve.title)
  axes.set_xlabel(curve.x)
  axes.grid(alpha=0.3)
  if any(lines):  # not of one that needs no name
    axes.legend(loc='lower right')
  path.parent.mkdir(parents=True, exist_ok=True)
  picture.savefig(path, dpi=150)
