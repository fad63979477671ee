"""Reports: what was done and how well, as one HTML file that needs nothing.

No script, no network, pictures inline: it can be mailed, archived beside
the data and read on a phone.
"""

import base64
import contextlib
import dataclasses
import functools
import math
import os
import pathlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2

from sdd import errors
from sdd.evaluation import report_charts

Curve = report_charts.Curve

_PNG = b'\x89PNG\r\n\x1a\n'


@dataclasses.dataclass(frozen=True)
class TreeRow:
  """One node of a task tree and how it fared.

  Attributes:
    depth: 0 for the root.
    instruction: the node's sentence.
    skill: e.g. `grasp(crayon box)`; empty for inner nodes.
    code: its success predicate as text.
    attempts: how often it was executed.
    retries: how many of those were further tries.
    successes: how many ended with the predicate true.
  """

  depth: int
  instruction: str
  skill: str = ''
  code: str = ''
  attempts: int = 0
  retries: int = 0
  successes: int = 0

  @property
  def rate(self) -> float:
    """Successes per attempt, 0 without attempts."""
    return self.successes / self.attempts if self.attempts else 0.0


@dataclasses.dataclass(frozen=True)
class Table:
  """A table; floats are shown with three digits, columns of numbers right.

  Attributes:
    title: above it.
    header: one name for each column.
    rows: as many cells each.
    note: below it, e.g. what the intervals are.
  """

  title: str
  header: Sequence[str]
  rows: Sequence[Sequence[Any]]
  note: str = ''

  @property
  def numeric(self) -> list[bool]:
    """Which columns hold numbers, or text that begins like one."""
    return [
      bool(self.rows) and all(_is_numeric(row[column]) for row in self.rows)
      for column in range(len(self.header))
    ]


@dataclasses.dataclass(frozen=True)
class Report:
  """What goes into a report; empty parts are left out.

  Attributes:
    title: of the page.
    task: the task sentence, shown large.
    subtitle: e.g. the scene, the seed and the date.
    highlights: (value, what it is) pairs to see first, e.g.
      (`82 %`, `success`).
    tree: the task tree, pre-order.
    tables: results.
    time_split: where the core-seconds went.
    curves: line charts.
    strips: (caption, PNG bytes) film strips.
    commands: command lines that make all this again.
    versions: package to version.
  """

  title: str
  task: str = ''
  subtitle: str = ''
  highlights: Sequence[tuple[str, str]] = ()
  tree: Sequence[TreeRow] = ()
  tables: Sequence[Table] = ()
  time_split: Mapping[str, float] = dataclasses.field(default_factory=dict)
  curves: Sequence[Curve] = ()
  strips: Sequence[tuple[str, bytes]] = ()
  commands: Sequence[str] = ()
  versions: Mapping[str, str] = dataclasses.field(default_factory=dict)


def write_report(path: str | os.PathLike[str], report: Report) -> pathlib.Path:
  """Writes the report, atomically: the file is whole or not there.

  Returns:
    The path.

  Raises:
    errors.SddError: the report does not hold together, as in `to_html`.
  """
  return write_text(path, to_html(report))


def write_text(path: str | os.PathLike[str], text: str) -> pathlib.Path:
  """Writes a page, atomically, and returns its path."""
  target = pathlib.Path(path)
  target.parent.mkdir(parents=True, exist_ok=True)
  handle, draft = tempfile.mkstemp(
    dir=target.parent, prefix=f'.{target.name}.', suffix='.part'
  )
  try:
    with os.fdopen(handle, 'w', encoding='utf-8') as file:
      file.write(text)
      file.flush()
      os.fsync(file.fileno())
    os.chmod(draft, 0o644)
    os.replace(draft, target)
  finally:
    with contextlib.suppress(FileNotFoundError):
      os.unlink(draft)
  return target


def to_html(report: Report) -> str:
  """The report as one HTML document.

  Raises:
    errors.SddError: a table row is not as long as its header, a curve's
      series differ in length, a time is negative, or a strip is not PNG.
  """
  for table in report.tables:
    for number, row in enumerate(table.rows):
      if len(row) != len(table.header):
        raise errors.SddError(
          f'Table {table.title!r}, row {number} has {len(row)} cells; '
          f'expected {len(table.header)}: {", ".join(table.header)}.'
        )
  return (
    environment()
    .get_template('report.html')
    .render(
      report=report,
      charts=[report_charts.chart(curve) for curve in report.curves],
      frame=report_charts,
      shares=report_charts.shares(report.time_split),
      total=report_charts.duration(sum(report.time_split.values())),
      strips=[
        (caption, _data_url(caption, png)) for caption, png in report.strips
      ],
    )
  )


@functools.cache
def environment() -> jinja2.Environment:
  """The templates of all pages, with what they share."""
  made = jinja2.Environment(
    loader=jinja2.PackageLoader('sdd.evaluation', 'templates'),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
  )
  made.filters['cell'] = _cell
  return made


def _data_url(caption: str, png: bytes) -> str:
  if not png.startswith(_PNG):
    raise errors.SddError(
      f'Strip {caption!r} begins with {png[:8]!r}; expected the bytes of a '
      f'PNG file, as from film_strip.encode_png.'
    )
  return 'data:image/png;base64,' + base64.b64encode(png).decode('ascii')


def _cell(value: Any) -> str:
  if isinstance(value, float):
    return f'{value:.3g}' if math.isfinite(value) else '–'
  return '–' if value is None else str(value)


def _is_numeric(value: Any) -> bool:
  text = _cell(value).lstrip('+-−<>≈~ ')
  return text[:1].isdigit() or text == '–'
