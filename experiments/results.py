"""Prints the tables of measured results, from experiments/results/*.json.

Every number in README.md comes from here:

  python -m experiments.results            prints the tables as Markdown
  python -m experiments.results --write    writes them all to the page
                                           experiments/results/README.md, its
                                           curves beside it, and the main ones
                                           into README.md
"""

import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import program
from sdd import errors
from sdd.evaluation import interval

with epy.lazy_imports():
  from experiments import curves

ROOT = pathlib.Path(__file__).parents[1]
FOLDER = ROOT / 'experiments' / 'results'
README = ROOT / 'README.md'
PAGE = FOLDER / 'README.md'
# What a reader of README.md sees.
MAIN = ('benchmark', 'benchmark_policies', 'drawer_state_policy')
BEGIN, END = '<!-- results:begin -->', '<!-- results:end -->'
_PACKAGES = ('numpy', 'mujoco', 'jax', 'flax', 'ompl')


def write_result(
  name: str,
  measurements: Mapping[str, Any],
  *,
  command: str | None = None,
  folder: pathlib.Path = FOLDER,
) -> pathlib.Path:
  """Keeps what was measured, and how, in `folder/name.json`.

  Args:
    name: of the file; results are listed in the order of their names.
    measurements: `title` and `rows`, and whatever else should be kept. A row
      has a `label` and either `successes` and `trials` or a `value` with, if
      it has one, a `unit`. Rows with a true `detail` stay out of the tables;
      text under `markdown` goes before them. What makes a row a point of a
      picture says `curves.points`.
    command: the command line that measured it; this process's by default.
    folder: where to write.

  Returns:
    the file's path.

  Raises:
    errors.SddError: the measurements do not have that shape.
  """
  if not re.fullmatch(r'[a-z0-9_]+', name):
    raise errors.SddError(
      f'Got the result name {name!r}; expected a-z, 0-9 and _ only.'
    )
  result = {
    **measurements,
    'rows': [_complete(row) for row in measurements.get('rows', ())],
    'command': command or _command(),
    'commit': _commit(),
    'date': datetime.datetime.now(datetime.UTC).isoformat(timespec='seconds'),
    'processor': {'model': _processor(), 'cores': os.cpu_count()},
    'load': os.getloadavg()[0],
    'versions': {
      'python': platform.python_version(),
      **{name: importlib.metadata.version(name) for name in _PACKAGES},
    },
  }
  if not result.get('title') or not result['rows']:
    raise errors.SddError(f'Result {name!r} needs a title and rows.')
  path = folder / f'{name}.json'
  part = path.with_suffix('.part')
  part.write_text(json.dumps(result, indent=2, ensure_ascii=False) + '\n')
  part.replace(path)
  return path


def write_elsewhere(path: str, measurements: Mapping[str, Any]) -> None:
  """Keeps measurements in a file of the user's, as `write_result` does.

  Raises:
    errors.SddError: the name is not that of a .json file, or see there.
  """
  place = pathlib.Path(path).expanduser()
  if place.suffix != '.json':
    raise errors.SddError(f'--out={path}: expected the name of a .json file.')
  place.parent.mkdir(parents=True, exist_ok=True)
  write_result(place.stem, measurements, folder=place.parent)


def load(folder: pathlib.Path = FOLDER) -> list[dict[str, Any]]:
  """All results, in the order of their names."""
  return [
    {'name': path.stem, **json.loads(path.read_text())}
    for path in sorted(folder.glob('*.json'))
  ]


def page(results: Sequence[Mapping[str, Any]]) -> str:
  """The page of everything that was measured, in the results' own folder."""
  own = f'({FOLDER.relative_to(ROOT)}/'
  return (
    '# Everything that was measured\n\n'
    'Written by `python -m experiments.results --write` from the files beside '
    'it; the command that measured is below each table.\n\n'
    f'{_pictures(results)}{tables(results).replace(own, "(")}\n'
  )


def _pictures(results: Sequence[Mapping[str, Any]]) -> str:
  """The curves that rows of results are points of."""
  return ''.join(
    f'![{curves.OF_RESULTS[name].title}]({name}.png)\n\n'
    for name in curves.points(results)
  )


def tables(results: Sequence[Mapping[str, Any]]) -> str:
  """The results as Markdown."""
  if not results:
    return 'Nothing has been measured yet.'
  return '\n\n'.join(_table(result) for result in results)


def insert(readme: str, markdown: str) -> str:
  """`readme` with `markdown` between the two markers.

  Raises:
    errors.SddError: a marker is missing.
  """
  begin, end = readme.find(BEGIN), readme.find(END)
  if begin < 0 or end < begin:
    raise errors.SddError(f'Expected {BEGIN} and, after it, {END} in README.md')
  return f'{readme[: begin + len(BEGIN)]}\n\n{markdown}\n\n{readme[end:]}'


def _table(result: Mapping[str, Any]) -> str:
  processor = result['processor']
  day = result['date'].partition('T')[0]
  shown = [
    f'| {_cell(r["label"])} | {_cell(_value(r))} |'
    for r in result['rows']
    if not r.get('detail')
  ]
  header = ['| | measured |', '|---|---|']
  lines = [
    f'**{result["title"]}**',
    '',
    *([result['markdown'], ''] if 'markdown' in result else []),
    *([*header, *shown, ''] if shown else []),
    f'`{result["command"]}`, {day}, commit `{result["commit"]}`, '
    f'{processor["model"]}, {processor["cores"]} cores, '
    f'load {result["load"]:.1f}.',
  ]  # fmt: skip
  return '\n'.join(lines)


def _value(row: Mapping[str, Any]) -> str:
  if 'trials' in row:
    low, high = (100 * end for end in row['interval'])
    return (
      f'{100 * row["value"]:.0f} % ({row["successes"]}/{row["trials"]}; '
      f'95 % interval {low:.0f}–{high:.0f} %)'
    )
  value = row['value']
  text = _number(value) if isinstance(value, float) else f'{value}'
  return f'{text} {row["unit"]}' if row.get('unit') else text


def _number(value: float) -> str:
  """Three digits that count, and no exponent where people do not use one."""
  return f'{value:,.0f}' if 1000 <= abs(value) < 1e9 else f'{value:.3g}'


def _cell(text: str) -> str:
  return text.replace('|', '\\|')


def _complete(row: Mapping[str, Any]) -> dict[str, Any]:
  """Adds the rate and its interval to counted rows."""
  if not isinstance(row.get('label'), str):
    raise errors.SddError(f'Row {dict(row)!r} has no label.')
  if 'successes' in row and 'trials' in row:
    successes, trials = row['successes'], row['trials']
    if trials < 1:
      raise errors.SddError(f'Row {row["label"]!r} has no trials.')
    ends = interval.wilson_interval(successes, trials)
    return {**row, 'value': successes / trials, 'interval': list(ends)}
  if 'value' not in row:
    raise errors.SddError(
      f'Row {row["label"]!r} needs a value, or successes and trials.'
    )
  return dict(row)


def _command() -> str:
  return shlex.join(['python', *sys.orig_argv[1:]])


def _commit() -> str:
  """Of this checkout, `+dirty` if the code differs from it; or `unknown`."""
  code = ('--', '.', ':!experiments/results', ':!README.md')
  try:
    commit = _git('rev-parse', '--short', 'HEAD')
    changes = _git('status', '--short', *code)
  except (OSError, subprocess.CalledProcessError):
    return 'unknown'
  return commit + ('+dirty' if changes else '')


def _git(*arguments: str) -> str:
  command = ['git', '-C', str(ROOT), *arguments]
  ran = subprocess.run(command, capture_output=True, check=True, text=True)
  return ran.stdout.strip()


def _processor() -> str:
  """The processor's name as its maker gives it."""
  cpuinfo = pathlib.Path('/proc/cpuinfo')
  if cpuinfo.exists():
    named = re.search(r'^model name\s*: (.*)$', cpuinfo.read_text(), re.M)
    if named:
      return named[1].strip()
  return platform.processor() or platform.machine() or 'unknown processor'


def main(_: list[str]) -> None:
  everything = load()
  if not flags.FLAGS.write:
    print(tables(everything))
    return
  main_ones = [result for result in everything if result['name'] in MAIN]
  for path, new in (
    (README, insert(README.read_text(), tables(main_ones))),
    (PAGE, page(everything)),
  ):
    old = path.read_text() if path.exists() else ''
    path.write_text(new)
    changed = 'has changed' if new != old else 'was up to date'
    print(f'{path.relative_to(ROOT)} {changed}.')
  for name, points in curves.points(everything).items():
    curves.draw(FOLDER / f'{name}.png', curves.OF_RESULTS[name], points)


if __name__ == '__main__':  # other programs import this one: no flag for them
  flags.DEFINE_boolean(
    'write', False, 'Write the page, and the main tables into README.md.'
  )
  program.run(main)
