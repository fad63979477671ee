"""Charts of a report: numbers to coordinates; the template draws them."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sdd import errors

WIDTH, HEIGHT = 520, 280  # of the drawing, in its own units
LEFT, RIGHT, TOP, BOTTOM = 58, 10, 12, 44  # margins around the axes


@dataclasses.dataclass(frozen=True)
class Curve:
  """One line chart.

  Attributes:
    title: above the chart.
    x: (N,) ascending.
    y: (N,) values, or several series by name. A value that is not finite
      interrupts its line.
    xlabel: with the unit.
    ylabel: with the unit.
  """

  title: str
  x: Sequence[float]
  y: Sequence[float] | Mapping[str, Sequence[float]]
  xlabel: str = ''
  ylabel: str = ''


@dataclasses.dataclass(frozen=True)
class Tick:
  """A labelled place on an axis."""

  at: float
  text: str


@dataclasses.dataclass(frozen=True)
class Line:
  """A series as SVG path data; `end` is its last point."""

  name: str
  path: str
  end: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Chart:
  """A curve in the drawing's coordinates."""

  curve: Curve
  lines: tuple[Line, ...]
  x_ticks: tuple[Tick, ...]
  y_ticks: tuple[Tick, ...]


@dataclasses.dataclass(frozen=True)
class Share:
  """One part of a whole: where its bar starts and how wide it is, in %."""

  name: str
  seconds: str
  percent: str
  start: float
  width: float


def chart(curve: Curve) -> Chart:
  """Scales a curve to the drawing.

  Raises:
    errors.SddError: a series and `x` differ in length, or nothing finite.
  """
  x = np.asarray(curve.x, np.float64)
  named = curve.y if isinstance(curve.y, Mapping) else {'': curve.y}
  series = {name: np.asarray(y, np.float64) for name, y in named.items()}
  for name, y in series.items():
    if x.ndim != 1 or y.shape != x.shape:
      raise errors.SddError(
        f'Curve {curve.title!r}, series {name!r}: y has shape {y.shape} and '
        f'x {x.shape}; expected one y for each x.'
      )
  x_ticks, x_range = _axis(curve.title, [x], snug=True)
  y_ticks, y_range = _axis(curve.title, list(series.values()))

  def across(value: Any) -> Any:
    return LEFT + _share(value, x_range) * (WIDTH - LEFT - RIGHT)

  def up(value: Any) -> Any:
    return HEIGHT - BOTTOM - _share(value, y_range) * (HEIGHT - TOP - BOTTOM)

  return Chart(
    curve=curve,
    lines=tuple(
      _line(name, across(x), up(value)) for name, value in series.items()
    ),
    x_ticks=tuple(Tick(float(across(t)), text) for t, text in x_ticks),
    y_ticks=tuple(Tick(float(up(t)), text) for t, text in y_ticks),
  )


def shares(seconds: Mapping[str, float]) -> tuple[Share, ...]:
  """Parts of a stacked bar, in the order given.

  Raises:
    errors.SddError: a part is negative or not finite.
  """
  for name, value in seconds.items():
    if not (math.isfinite(value) and value >= 0):
      raise errors.SddError(
        f'Time {name!r} is {value}; expected seconds, 0 or more.'
      )
  total = sum(seconds.values())
  parts, start = [], 0.0
  for name, value in seconds.items():
    width = 100 * value / total if total else 0.0
    percent = '< 1 %' if 0 < width < 0.5 else f'{width:.0f} %'
    parts.append(Share(name, duration(value), percent, start, width))
    start += width
  return tuple(parts)


def duration(seconds: float) -> str:
  """`8.4 s`, `12 min`, `3.5 h`: short, for people."""
  for limit, size, unit in ((120, 1, 's'), (7200, 60, 'min')):
    if seconds < limit:
      return f'{seconds / size:.3g} {unit}'
  return f'{seconds / 3600:.3g} h'


def _share(value: Any, limits: tuple[float, float]) -> Any:
  return (value - limits[0]) / (limits[1] - limits[0])


def _line(name: str, x: np.ndarray, y: np.ndarray) -> Line:
  """Straight pieces; a lone point is a piece of no length, still visible."""
  pieces, pen, end = [], 'M', (math.nan, math.nan)
  for across, up in zip(x, y):
    if not (math.isfinite(across) and math.isfinite(up)):
      pen = 'M'
      continue
    if pen == 'M':
      pieces.append(f'M{across:.1f} {up:.1f}h0')
    else:
      pieces.append(f'L{across:.1f} {up:.1f}')
    pen, end = 'L', (float(across), float(up))
  return Line(name, ''.join(pieces), end)


def _axis(
  title: str, values: Sequence[np.ndarray], *, snug: bool = False
) -> tuple[list[tuple[float, str]], tuple[float, float]]:
  """Round ticks, and the axis's limits: the outer ticks, or data if snug."""
  flat = np.concatenate([value.ravel() for value in values] or [np.empty(0)])
  flat = flat[np.isfinite(flat)]
  if not flat.size:
    raise errors.SddError(f'Curve {title!r} has no finite values to draw.')
  low, high = float(flat.min()), float(flat.max())
  if low >= 0 and low < 0.5 * high:
    low = 0.0  # a bar or a rate is read against zero
  if high - low < 1e-12 * max(abs(high), 1e-12):
    low, high = low - 0.5, high + 0.5
  step = _round_step((high - low) / 5)
  first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
  if snug:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
  places = max(0, -math.floor(math.log10(step) + 1e-9))
  ticks = [
    (n * step, _number(n * step, places)) for n in range(first, last + 1)
  ]
  return ticks, (low, high) if snug else (first * step, last * step)


def _round_step(step: float) -> float:
  """The next 1, 2, 2.5 or 5 times a power of ten."""
  scale = 10.0 ** math.floor(math.log10(step))
  return next(
    nice * scale for nice in (1, 2, 2.5, 5, 10) if nice * scale >= step * 0.999
  )


def _number(value: float, places: int) -> str:
  if value and (abs(value) >= 1e6 or places > 4):
    return f'{value:.3g}'
  text = f'{value:.{min(places + 1, 6)}f}'
  return text.rstrip('0').rstrip('.') if '.' in text else text
