"""Measures the training step beside the same in PyTorch, and what feeds it.

  python -m experiments.benchmarks.training --write

A step is forward, backward, AdamW and the moving average of the U-Net alone,
of the small size and of the paper's, on one batch. Both networks first get
the same parameters and have to compute the same function. Then they take
turns in one process, on --threads cores: of the CPU time and of the clock the
median counts, the best is shown too. PyTorch runs eagerly, with its fused
AdamW. Last, windows a second of the input pipeline alone, against what the
step of that batch size consumes.

Needs PyTorch: pip install "sdd[benchmark]".
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable, Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import program, results
from sdd import errors

with epy.lazy_imports():
  import jax

  from experiments.benchmarks import timing, torch_network, training_steps

_SIZES = flags.DEFINE_list('sizes', ['small', 'paper'], 'networks')
_BATCH = flags.DEFINE_integer('batch', 64, 'windows a step', lower_bound=1)
_ROUNDS = flags.DEFINE_integer(
  'rounds', 15, 'steps of each, in turns', lower_bound=1
)
_THREADS = flags.DEFINE_integer('threads', 1, 'cores for either', lower_bound=1)
_WRITE = flags.DEFINE_boolean(
  'write', False, 'keep the numbers in experiments/results/training.json'
)
_SAME = 1e-4  # largest difference between the outputs of the two networks

Row = dict[str, Any]


def main(_: Sequence[str]) -> None:
  _pin(_THREADS.value)
  jax.config.update('jax_cpu_enable_async_dispatch', False)
  torch_network.require().set_num_threads(_THREADS.value)
  rows: list[Row] = []
  for name in _SIZES.value:
    if name not in training_steps.SIZES:
      raise errors.UnknownNameError('size', name, list(training_steps.SIZES))
    rows += compare(name, _BATCH.value, _ROUNDS.value)
  rows += [
    pipeline(row['label'], _BATCH.value, _BATCH.value / row['jax'])
    for row in [row for row in rows if row.get('clock')]
  ]
  print('\n' + table(rows))
  if _WRITE.value:
    title = f'Training step: JAX beside PyTorch, {_THREADS.value} core(s)'
    kept = {'title': title, 'markdown': table(rows), 'rows': rows}
    print(results.write_result('training', kept))


def _pin(threads: int) -> None:
  """Keeps this process on some cores, before JAX counts them."""
  if hasattr(os, 'sched_setaffinity'):
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < threads:
      raise errors.SddError(
        f'--threads={threads}: this process may use {len(cores)} cores.'
      )
    os.sched_setaffinity(0, cores[-threads:])


def compare(name: str, batch: int, rounds: int) -> list[Row]:
  """Both steps in turns: a row by the processor and one by the clock.

  Raises:
    SddError: if the networks do not compute the same function, or there is
      no PyTorch.
  """
  both = training_steps.make(name, batch)
  if both.difference > _SAME:
    raise errors.SddError(
      f'The {name} networks differ by {both.difference:.1e}; expected at most '
      f'{_SAME}.'
    )
  print(
    f'{name}: {both.parameters:,} parameters; outputs differ by at most '
    f'{both.difference:.1e}.',
    flush=True,
  )
  ours, theirs = _turns([both.jax, both.torch], rounds)
  return [
    _row(f'{name}, batch {batch}, {kind}', pick, ours, theirs)
    for kind, pick in (('CPU', _cpu), ('clock', _wall))
  ]


def _turns(
  calls: Sequence[Callable[[], object]], rounds: int
) -> list[list[timing.Cost]]:
  found: list[list[timing.Cost]] = [[] for _ in calls]
  for _ in range(2):  # the first compiles, the second finds its memory
    for call in calls:
      call()
  for done in range(rounds):
    for call, costs in zip(calls, found, strict=True):
      costs.append(timing.once(call))
    line = ', '.join(f'{1e3 * costs[-1].cpu:.0f} ms' for costs in found)
    print(f'  {done + 1}/{rounds}: {line}', file=sys.stderr, flush=True)
  return found


def _cpu(cost: timing.Cost) -> float:
  return cost.cpu


def _wall(cost: timing.Cost) -> float:
  return cost.wall


def _row(
  label: str,
  pick: Callable[[timing.Cost], float],
  ours: Sequence[timing.Cost],
  theirs: Sequence[timing.Cost],
) -> Row:
  mine, other = [pick(c) for c in ours], [pick(c) for c in theirs]
  return {
    'label': label,
    'value': statistics.median(mine) / statistics.median(other),
    'unit': "of PyTorch's time",
    'jax': statistics.median(mine),
    'torch': statistics.median(other),
    'jax_best': min(mine),
    'torch_best': min(other),
    'best_ratio': min(mine) / min(other),
    'clock': pick is _wall,
    'detail': True,
  }


def pipeline(step: str, batch: int, consumed: float) -> Row:
  """Windows a second of the input pipeline, with one thread.

  Args:
    step: the label of the step that consumes them.
    batch: windows a step.
    consumed: windows a second that the step takes.
  """
  draw = training_steps.batches(batch)
  number = iter(range(10**9))
  cost = timing.cost(lambda: draw(next(number)), repeats=9, at_least=0.2)
  return {
    'label': f'input pipeline, times what "{step}" consumes',
    'value': batch / cost.cpu / consumed,
    'unit': 'times',
    'windows': batch / cost.cpu,
    'consumed': consumed,
    'detail': True,
  }


def table(rows: Sequence[Row]) -> str:
  """Everything as Markdown."""
  lines = [
    '| one step | JAX, ms (best) | PyTorch, ms (best) | ratio (of the best) |',
    '| --- | --- | --- | --- |',
  ]
  for row in rows:
    if 'jax' in row:
      ours, best, theirs, theirs_best = (
        f'{1e3 * row[name]:,.0f}'
        for name in ('jax', 'jax_best', 'torch', 'torch_best')
      )
      lines.append(
        f'| {row["label"]} | {ours} ({best}) | {theirs} ({theirs_best}) | '
        f'{row["value"]:.2f} ({row["best_ratio"]:.2f}) |'
      )
  lines += [
    '',
    '| the input pipeline alone, windows a second | the step | times |',
    '| --- | --- | --- |',
  ]
  lines += [
    f'| {row["windows"]:,.0f} | {row["label"].split(chr(34))[1]}: '
    f'{row["consumed"]:,.0f} | {row["value"]:.1f} |'
    for row in rows
    if 'windows' in row
  ]
  return '\n'.join(lines)


if __name__ == '__main__':
  program.run(main)
