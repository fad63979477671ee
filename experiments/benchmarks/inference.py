"""Measures one decision on one core: NumPy beside JAX and PyTorch.

  python -m experiments.benchmarks.inference --write

The denoiser alone, for one chunk: the small U-Net with 10 steps (also for the
8 chunks of which a policy chooses one) and the paper's with 5, in the NumPy
that a robot runs, in JAX (one compiled loop) and in PyTorch (eager), with the
same parameters; they first have to give the same chunk. Then the whole policy
of the paper's size, three cameras of 160x240 pixels included, in NumPy and in
JAX. They take turns in one process that is kept on one core; the median of the
CPU time counts.

PyTorch is left out where it is missing: pip install "sdd[benchmark]".
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import program, results
from sdd import errors

with epy.lazy_imports():
  import jax
  import numpy as np

  from experiments.benchmarks import inference_calls, timing

_ROUNDS = flags.DEFINE_integer(
  'rounds', 15, 'decisions of each, in turns', lower_bound=1
)
_PARTS = flags.DEFINE_list(
  'parts', ['small', 'candidates', 'paper', 'whole'], 'what to measure'
)
_WRITE = flags.DEFINE_boolean(
  'write', False, 'keep the numbers in experiments/results/inference.json'
)
_SAME = 1e-3  # largest difference of the chunks; their range is 2
_WARM_UP = 2  # compiles, then finds its memory

Row = dict[str, Any]


def main(_: Sequence[str]) -> None:
  os.environ['OPENBLAS_NUM_THREADS'] = '1'  # as on a robot; NumPy comes later
  if hasattr(os, 'sched_setaffinity'):  # before JAX counts the cores
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
  jax.config.update('jax_cpu_enable_async_dispatch', False)
  rows: list[Row] = []
  for name in _PARTS.value:
    if name not in inference_calls.PARTS:
      raise errors.UnknownNameError('part', name, inference_calls.PARTS)
    rows += _measured(name, _ROUNDS.value)
  print('\n' + inference_calls.table(rows))
  if _WRITE.value:
    kept = {
      'title': 'One decision on one core: NumPy beside JAX and PyTorch',
      'markdown': inference_calls.table(rows),
      'rows': rows,
    }
    print(results.write_result('inference', kept))


def _measured(name: str, rounds: int) -> list[Row]:
  """What everybody takes for one part, and NumPy's ratio to each other."""
  calls = inference_calls.make(name)
  first = {who: call() for who, call in calls.items()}
  worst = max(
    float(np.abs(chunk - first['numpy']).max()) for chunk in first.values()
  )
  if worst > _SAME:
    raise errors.SddError(
      f'{name}: the chunks differ by {worst:.1e}; expected at most {_SAME}.'
    )
  costs: dict[str, list[float]] = {who: [] for who in calls}
  for turn in range(_WARM_UP + rounds):
    for who, call in calls.items():
      spent = timing.once(call).cpu
      if turn >= _WARM_UP:
        costs[who].append(spent)
  label = inference_calls.PARTS[name]
  rows: list[Row] = [
    {
      'label': f'{label}: {who}',
      'part': label,
      'who': who,
      'value': 1e3 * statistics.median(spent),
      'best': 1e3 * min(spent),
      'difference': worst,
      'unit': 'ms',
    }
    for who, spent in costs.items()
  ]
  for row in rows:
    print(f'{row["label"]:48} {row["value"]:8.1f} ms', flush=True)
  return rows


if __name__ == '__main__':
  program.run(main)
