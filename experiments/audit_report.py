"""The result of an audit on the terminal: a table, and problems in words."""

from collections.abc import Sequence

from rich import console as rich_console
from rich import markup, padding
from rich import table as rich_table
from rich import text as rich_text

from sdd.evaluation import interval
from sdd.predicates import audit, audit_row

REFUSED = (
  'Refused: not to be collected with, nor to judge by, until that is mended.'
)
_BAR = 10  # cells
# `refuse` comes before `warn`, in the alphabet too.
_MARKS = {'refuse': '[red]✗[/]', 'warn': '[yellow]![/]'}


def show(
  tables: Sequence[audit.TruthTable], console: rich_console.Console
) -> None:
  """Prints the first table in full, the others as a line, then problems.

  Args:
    tables: of a tree, the whole task first; or a single one.
    console: where to print.
  """
  console.print(_groups(tables[0]))
  if len(tables) > 1:
    console.print()
    console.print(_nodes(tables))
  _say(tables, console)


def show_briefly(
  tables: Sequence[audit.TruthTable], console: rich_console.Console
) -> None:
  """Prints only what is wrong with a tree, if anything is.

  Args:
    tables: of a tree, the whole task first.
    console: where to print.
  """
  if all(not table.problems for table in tables):
    console.print(
      f'[green]✓[/] {markup.escape(tables[0].name)}', highlight=False
    )
    return
  console.print()
  console.print(_nodes(tables))
  _say(tables, console)


def _say(
  tables: Sequence[audit.TruthTable], console: rich_console.Console
) -> None:
  """Prints what is wrong with each predicate, in words."""
  console.print()
  for number, table in enumerate(tables, 1):
    severities = [problem.severity for problem in table.problems]
    mark = _MARKS[min(severities)] if severities else '[green]✓[/]'
    console.print(
      f'{mark} {number} {markup.escape(table.name)}', highlight=False
    )
    for problem in table.problems:
      console.print(
        padding.Padding(
          f'{_MARKS[problem.severity]} {markup.escape(problem.text)}',
          (0, 0, 0, 4),
        ),
        highlight=False,
      )


def _groups(table: audit.TruthTable) -> rich_table.Table:
  """What one predicate says about each group."""
  shown = _table(
    table.name,
    '█ true  · false  ? unknown; flips: other verdicts while nothing moved; '
    'rule: states in which the hand-written rule agrees; runs: those in which '
    'it does from beginning to end, and the share of such runs (95 %)',
  )
  shown.add_column('group', no_wrap=True)
  shown.add_column('', no_wrap=True)
  for name in ('states', 'true', '?', 'flips', 'rule', 'runs'):
    shown.add_column(name, justify='right', no_wrap=True)
  for row in table.rows:
    shown.add_row(
      row.name,
      bar(row),
      str(row.n),
      str(row.true),
      str(row.unknown),
      f'{row.changes}/{row.still}' if row.still else '',
      f'{row.agreeing / row.judged:.1%}' if row.judged else '',
      _interval(row),
    )
  return shown


def _nodes(tables: Sequence[audit.TruthTable]) -> rich_table.Table:
  """How often each predicate of a tree holds, by their numbers."""
  shown = _table('', '% of states in which each holds; rule: agreement, %')
  shown.add_column('group', no_wrap=True)
  for number in range(len(tables)):
    shown.add_column(str(number + 1), justify='right')
  for rows in zip(*(_real(table) for table in tables), strict=True):
    shares = [f'{100 * row.true / row.n:.0f}' for row in rows]
    shown.add_row(rows[0].name, *shares)
  shown.add_row('rule', *map(_agreement, tables), style='dim')
  return shown


def _real(table: audit.TruthTable) -> list[audit_row.Row]:
  """Rows that all predicates of a tree have."""
  return [row for row in table.rows if row.kind != 'oddity']


def _agreement(table: audit.TruthTable) -> str:
  judged = sum(row.judged for row in table.rows)
  agreeing = sum(row.agreeing for row in table.rows)
  return f'{100 * agreeing / judged:.1f}' if judged else ''


def _table(title: str, caption: str) -> rich_table.Table:
  return rich_table.Table(
    title=title or None,
    title_justify='left',
    caption=caption,
    caption_justify='left',
    box=None,
    pad_edge=False,
  )


def bar(row: audit_row.Row) -> rich_text.Text:
  """How often it is true, false and unknown; what there is gets a cell."""
  marks = ((row.true, '█', 'green'), (row.unknown, '?', 'red'))
  drawn = rich_text.Text()
  for part, mark, style in marks:
    cells = max(round(part / row.n * _BAR), int(part > 0))
    drawn.append(mark * cells, style)
  dots = max(_BAR - len(drawn), int(row.false > 0))
  return drawn.append('·' * dots, 'dim')


def _interval(row: audit_row.Row) -> str:
  """Share of runs in which the rule agrees from beginning to end."""
  if not row.judged:
    return ''
  low, high = interval.wilson_interval(row.runs_agreeing, row.runs)
  return f'{row.runs_agreeing}/{row.runs} {100 * low:.0f}-{high:.0%}'
