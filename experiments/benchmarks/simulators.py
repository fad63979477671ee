"""Measures both simulators side by side, in physics steps a second.

  python -m experiments.benchmarks.simulators --environments=1,16,64

In every world the arm holds still above the table on which the objects lie,
and after every control period the state of every world is read. The ratio is
of CPU time, by all threads: how many steps of C cost as much as one of MJX.
MJX is compiled afresh for every number of worlds. What it does without the
optimisation barrier (a CPU needs it) is measured in a subprocess that may
take --time_limit seconds, with the smallest number of worlds above one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import program, results

with epy.lazy_imports():
  import jax
  import numpy as np

  from sdd.scenes import registry
  from sdd.simulation import controller, mjx_barrier, simulator

_SCENE = flags.DEFINE_string('scene', 'drawer', 'the scene')
_ENVIRONMENTS = flags.DEFINE_list(
  'environments', ['1', '16', '64'], 'numbers of worlds'
)
_PERIODS = flags.DEFINE_integer(
  'periods', 4, 'control periods to measure', lower_bound=1
)
_TIME_LIMIT = flags.DEFINE_integer(
  'time_limit', 600, 'seconds for MJX without the barrier; 0 leaves it out'
)
_BARRIER = flags.DEFINE_boolean(
  'barrier', True, 'without it, only MJX is measured, and printed as JSON'
)
_WRITE = flags.DEFINE_boolean(
  'write', False, 'keep the numbers in experiments/results/simulators.json'
)


def main(_: Sequence[str]) -> None:
  jax.config.update('jax_enable_compilation_cache', False)
  sizes = [int(size) for size in _ENVIRONMENTS.value]
  if not _BARRIER.value:
    mjx_barrier.install = lambda: False
    print(json.dumps([row for size in sizes for row in measure('mjx', size)]))
    return
  rows = []
  for size in sizes:
    found = {name: _shown(measure(name, size)) for name in simulator.NAMES}
    rows += [row for some in found.values() for row in some]
    rows += _shown([_ratio(size, found['mujoco'], found['mjx'])])
  if _TIME_LIMIT.value and jax.default_backend() == 'cpu':
    rows += _shown(_without_barrier(min([s for s in sizes if s > 1] or sizes)))
  if _WRITE.value:
    device = jax.devices()[0].device_kind
    title = f'Simulators: the {_SCENE.value} scene, MJX on {device}'
    print(results.write_result('simulators', {'title': title, 'rows': rows}))


def measure(name: str, size: int) -> list[dict[str, Any]]:
  """Steps a second of one simulator, and how long its first step took."""
  scene = registry.load(_SCENE.value)
  sim = simulator.make(name, scene, size=size)
  for index in range(size):
    sim.reset(index, scene.initial(np.random.default_rng(index)))
  hold = np.stack([sim.proprioception(index) for index in range(size)])
  active = np.ones(size, bool)

  def run(periods: int) -> float:
    began = time.perf_counter()
    for _ in range(periods):
      sim.step(hold, active)
      for index in range(size):  # waits for the result
        sim.scene_state(index)
    return time.perf_counter() - began

  first, cpu = run(1), time.process_time()
  took = run(_PERIODS.value)
  cpu = time.process_time() - cpu
  steps = controller.make(scene, sim.spec).substeps
  steps *= size * _PERIODS.value
  label = f'{"C MuJoCo" if name == "mujoco" else "MJX"}, {size} worlds'
  rows = [
    {'label': label, 'value': steps / took, 'unit': 'steps/s'},
    {'label': f'{label}, of one core', 'value': steps / cpu, 'unit': 'steps/s'},
  ]
  if name == 'mjx':
    compiling = first - took / _PERIODS.value
    rows.append(
      {'label': f'{label}, compiling', 'value': compiling, 'unit': 's'}
    )
  return rows


def _ratio(size: int, c: list, mjx: list) -> dict[str, Any]:
  """CPU time of a step of MJX by that of a step of C."""
  label = f'MJX / C, CPU time of a step, {size} worlds'
  return {'label': label, 'value': c[1]['value'] / mjx[1]['value'], 'unit': 'x'}


def _without_barrier(size: int) -> list[dict[str, Any]]:
  flagged = [f'--environments={size}', f'--scene={_SCENE.value}']
  command = [sys.executable, '-m', __spec__.name, *flagged, '--periods=1']
  try:
    ran = subprocess.run(
      [*command, '--nobarrier'],
      capture_output=True,
      check=True,
      text=True,
      timeout=_TIME_LIMIT.value,
    )
  except subprocess.TimeoutExpired:
    label, value = f'MJX, {size} worlds', f'none in {_TIME_LIMIT.value} s'
    found = [{'label': label, 'value': value}]
  else:
    found = json.loads(ran.stdout.splitlines()[-1])
  return [{**r, 'label': f'{r["label"]}, without the barrier'} for r in found]


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
  for row in rows:
    value, unit = row['value'], row.get('unit', '')
    digits = 1 if unit == 'x' else 0
    text = f'{value:,.{digits}f}' if isinstance(value, float) else value
    print(f'{row["label"]:50} {text} {unit}', flush=True)
  return rows


if __name__ == '__main__':
  program.run(main)
