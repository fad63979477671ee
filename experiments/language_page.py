"""The page of the language benchmark: all models that are in one folder."""

from __future__ import annotations

import json
import pathlib
import shlex
import shutil
from collections.abc import Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import executing, results
from sdd import errors

with epy.lazy_imports():
  from rich import console as rich_console
  from rich import markdown as rich_markdown

  from sdd.evaluation import language_report, line_log, plan_sample
  from sdd.language import metering

_WRITE = flags.DEFINE_bool(
  'write', False, 'also keep the figures in experiments/results'
)
WHAT = 'samples'
_RECORDED = 'recorded'
_RECORDED_LABEL = (
  "recorded completions (the authors' own: checks the benchmark, not a model)"
)


def samples(
  path: pathlib.Path, lines: Sequence[dict[str, Any]]
) -> list[plan_sample.Sample]:
  """Those of the lines of a log.

  Raises:
    errors.SddError: they are no samples.
  """
  try:
    return [plan_sample.Sample.from_json(line) for line in lines]
  except (KeyError, TypeError) as problem:
    raise line_log.damaged(path, WHAT, problem) from problem


def write(out: pathlib.Path, *, current: str, missing: int) -> None:
  """Writes the page of all models in the folder.

  Args:
    out: the folder.
    current: name of the log of the model that was asked now; the prices of
      the flags are its own.
    missing: samples of it that are not recorded.

  Raises:
    errors.SddError: there are none.
  """
  runs = []
  for path in sorted(out.glob('*.jsonl')):
    if not path.stem.endswith(executing.ENDING):
      run = _run(path, current, missing if path.stem == current else 0)
      runs += [run] if run.samples else []
  if not runs:
    raise errors.SddError(
      f'{out} holds no samples. Ask for some first: leave out --samples=0.'
    )
  figures = language_report.to_json(runs)
  _write(out / 'language.json', json.dumps(figures, indent=1) + '\n')
  _write(out / 'language.md', language_report.page(runs))
  console = rich_console.Console()
  console.print(rich_markdown.Markdown(language_report.comparison_table(runs)))
  for run in runs:
    console.print(f'\n{run.label}', markup=False)
    console.print(rich_markdown.Markdown(language_report.task_table(run)))
    if run.missing:
      console.print(language_report.missing(run))
  console.print(f'Page: {out / "language.md"}')
  if _WRITE.value:
    _record(runs, out)


def _run(path: pathlib.Path, current: str, missing: int) -> language_report.Run:
  settings, lines = line_log.load(path, what=WHAT)
  found = samples(path, lines)
  most = 1 + max((sample.index for sample in found), default=0)
  return language_report.Run(
    _label(settings),
    found,
    missing=missing,
    budget=_prices() if path.stem == current else metering.Budget(),
    executed=executing.rates(episodes(path)),
    command=_command(settings, most),
  )


def _prices() -> metering.Budget:
  return metering.Budget(
    price_in=flags.FLAGS.llm_price_in, price_out=flags.FLAGS.llm_price_out
  )


def _record(runs: Sequence[language_report.Run], out: pathlib.Path) -> None:
  """Keeps the figures and the page among the measured results."""
  rows = [
    {
      'label': f'{run.label}; {what}; {scene}: {task}',
      'successes': sum(right(s) for s in samples),
      'trials': len(samples),
      'detail': True,
    }
    for run in runs
    for (scene, task), samples in run.tasks.items()
    for what, right in (
      ('planning', lambda s: s.planning), ('success code', lambda s: s.code)
    )
  ]  # fmt: skip
  results.write_result(
    'language',
    {
      'title': 'Language models: planning and success code, by behaviour',
      'markdown': language_report.comparison_table(runs),
      'rows': rows,
      'figures': language_report.to_json(runs),
    },
    command='; '.join(run.command for run in runs),
  )
  shutil.copy(out / 'language.md', results.FOLDER / 'language.md')


def _write(path: pathlib.Path, text: str) -> None:
  part = path.with_suffix(path.suffix + '.part')
  part.write_text(text, encoding='utf-8')
  part.replace(path)


def episodes(path: pathlib.Path) -> pathlib.Path:
  """Where the episodes of a log's trees are kept."""
  return path.with_stem(path.stem + executing.ENDING)


def _label(settings: dict[str, Any]) -> str:
  name = settings['llm']
  label = _RECORDED_LABEL if name == _RECORDED else name
  paper_like = settings['variation'] != 'wide'
  return f'ours: {label}{", as in the paper" if paper_like else ""}'


def _command(settings: dict[str, Any], samples: int) -> str:
  words = [
    f'--{name}={value}'
    for name, value in {**settings, 'samples': samples}.items()
    if name in ('llm', 'samples')
    or (name in flags.FLAGS and value != flags.FLAGS[name].default)
  ]
  return shlex.join(['python', '-m', 'experiments.benchmark_language', *words])
