"""Measures how soon, and with how much memory, bad success code is refused.

The code is that of the tests: everything that success code must not be.

  python -m experiments.benchmarks.refusals

Time is CPU time, the median of three; memory is the peak of what Python
allocates meanwhile.
"""

from __future__ import annotations

import pathlib
import runpy
import statistics
import time
import tracemalloc
from collections.abc import Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import program, results
from sdd import errors

with epy.lazy_imports():
  from sdd.predicates import predicate, rejection
  from sdd.scenes import registry
  from sdd.scenes import vocabulary as vocabulary_lib

_ATTACKS = flags.DEFINE_string(
  'attacks',
  None,
  "a Python file that defines ATTACKS, a list of texts; by default the tests'",
)
_TESTS = results.ROOT / 'tests' / 'predicates' / 'attacks.py'
_REPEATS = 3


def main(_: Sequence[str]) -> None:
  attacks = _read(_ATTACKS.value or str(_TESTS))
  vocabulary = registry.load('drawer').vocabulary
  refuse(attacks[0], vocabulary)  # imports what the first refusal needs
  seconds = [
    statistics.median(refuse(each, vocabulary)[0] for _ in range(_REPEATS))
    for each in attacks
  ]
  tracemalloc.start()
  allocated = [refuse(each, vocabulary)[1] for each in attacks]
  tracemalloc.stop()
  rows = [
    _row('texts that were refused', len(attacks), ''),
    _row('refused in, median', 1e3 * statistics.median(seconds), 'ms'),
    _row('refused in, slowest', 1e3 * max(seconds), 'ms'),
    _row('memory, most', max(allocated) / 1e6, 'MB'),
  ]
  for row in rows:
    print(f'{row["label"]:30} {row["value"]:8.3g} {row["unit"]}')
  slowest = attacks[seconds.index(max(seconds))]
  print(f'The slowest begins: {slowest[:300]!r}')
  if flags.FLAGS.write:
    title = 'Success code that is none, refused'
    print(results.write_result('refusals', {'title': title, 'rows': rows}))


def refuse(
  source: str, vocabulary: vocabulary_lib.Vocabulary
) -> tuple[float, int]:
  """CPU seconds; and bytes at the peak, if allocations are traced.

  Raises:
    errors.SddError: it was not refused.
  """
  tracing = tracemalloc.is_tracing()
  before = 0
  if tracing:
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
  began = time.process_time()
  try:
    predicate.compile_predicate(source, vocabulary)
  except (rejection.PredicateError, rejection.LinkError):
    took = time.process_time() - began
  else:
    raise errors.SddError(f'This was not refused: {source[:300]!r}')
  return took, tracemalloc.get_traced_memory()[1] - before if tracing else 0


def _read(path: str) -> list[str]:
  try:
    return list(runpy.run_path(str(pathlib.Path(path)))['ATTACKS'])
  except (OSError, KeyError, SyntaxError) as problem:
    raise errors.SddError(
      f'--attacks={path}: {problem!r}. Name a Python file that defines ATTACKS.'
    ) from problem


def _row(label: str, value: Any, unit: str) -> dict[str, Any]:
  return {'label': label, 'value': value, 'unit': unit}


if __name__ == '__main__':  # tests import this one too: no flag for them
  flags.DEFINE_boolean(
    'write', False, 'keep the numbers in experiments/results/refusals.json'
  )
  program.run(main)
