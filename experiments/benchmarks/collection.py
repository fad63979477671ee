"""Measures collection with both simulators, over numbers of worlds at once.

Runs `experiments.collect` with the same episodes for every simulator and
every number of worlds, and reports success, the pace, and where the time
went:

  python -m experiments.benchmarks.collection --scene=transport

The same command again leaves out what has been collected already. Compiling
has a column of its own, nearly nothing where JAX's cache had the program.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import program, results
from sdd import errors

with epy.lazy_imports():
  import jax

  from sdd.dataset import cost, reader
  from sdd.evaluation import interval
  from sdd.scenes import registry
  from sdd.simulation import simulator

_SCENE = flags.DEFINE_string('scene', 'drawer', 'the scene')
_TASK = flags.DEFINE_string('task', 'all', 'the sentence, or all in turn')
_ENVIRONMENTS = flags.DEFINE_list(
  'environments', ['1', '16', '64', '256'], 'numbers of worlds at once'
)
_SIMULATORS = flags.DEFINE_list(
  'simulators', ['mujoco', 'mjx'], 'which simulators'
)
_EPISODES = flags.DEFINE_list(
  'episodes', ['8', '32', '64', '100'], 'episodes, for each number of worlds'
)
_SEED = flags.DEFINE_integer('seed', 0, 'fixes every draw', lower_bound=0)
_OUT = flags.DEFINE_string(
  'out', 'runs/collection', 'where the datasets are put'
)
_WRITE = flags.DEFINE_boolean(
  'write', False, 'keep it in experiments/results/collection_<scene>.json'
)
_PARTS = ('planning', 'simulation', 'predicates', 'writing')
_COMPILING, _OTHER = 'compiling', 'start-up and other'


def main(_: Sequence[str]) -> None:
  registry.load(_SCENE.value)  # complains about a wrong name at once
  for name in _SIMULATORS.value:
    if name not in simulator.NAMES:
      raise errors.UnknownNameError('simulator', name, simulator.NAMES)
  sizes = [_count(text) for text in _ENVIRONMENTS.value]
  episodes = [_count(text) for text in _EPISODES.value]
  if len(sizes) != len(episodes):
    raise errors.SddError(
      f'--environments has {len(sizes)} entries and --episodes '
      f'{len(episodes)}; expected as many.'
    )
  rows = []
  for size, count in zip(sizes, episodes, strict=True):
    for name in _SIMULATORS.value:
      rows.append(_row(name, size, _collect(name, size, count)))
      print(_markdown(rows[-1:]).splitlines()[-1], flush=True)
  markdown = _markdown(rows)
  print(f'\n{markdown}')
  if _WRITE.value:
    device = jax.devices()[0].device_kind
    title = (
      f'Collecting in the {_SCENE.value} scene: worlds at once, MJX on {device}'
    )
    kept = {'title': title, 'markdown': markdown, 'rows': rows}
    print(results.write_result(f'collection_{_SCENE.value}', kept))


def _count(text: str) -> int:
  if not text.isdecimal() or int(text) < 1:
    raise errors.SddError(f'Got {text!r}; expected whole numbers from 1.')
  return int(text)


def _collect(name: str, size: int, episodes: int) -> pathlib.Path:
  """The dataset of one run, finished now if it was not before."""
  out = pathlib.Path(_OUT.value) / _SCENE.value / f'{name}_{size}'
  command = [
    sys.executable, '-m', 'experiments.collect', f'--scene={_SCENE.value}',
    f'--task={_TASK.value}', f'--episodes={episodes}', f'--seed={_SEED.value}',
    f'--simulator={name}', f'--environments={size}', f'--out={out}',
  ]  # fmt: skip
  log = out.with_suffix('.txt')
  log.parent.mkdir(parents=True, exist_ok=True)
  with log.open('a') as file:
    ran = subprocess.run(command, stdout=file, stderr=file, check=False)
  if ran.returncode:
    last = log.read_text().strip().splitlines()[-1:]
    raise errors.SddError(
      f'Collecting with {name} in {size} worlds failed; see {log}: {last}'
    )
  return out


def _row(name: str, size: int, dataset: pathlib.Path) -> dict[str, Any]:
  """Counts and costs of one run."""
  spent, total = cost.total(dataset), reader.summary(dataset).total
  low, high = interval.wilson_interval(total.success, total.episodes)
  split = spent['split']
  lasting = spent['core_seconds'] - split.get(_COMPILING, 0.0)
  return {
    'label': f'{name}, {size} worlds', 'detail': True,
    'value': lasting / max(1, total.success),
    'unit': 'core-seconds a success',
    'simulator': name, 'worlds': size,
    'succeeded': total.success, 'episodes': total.episodes,
    'low': low, 'high': high,
    'an_hour': 3600 * total.episodes / spent['wall_seconds'],
    'split': {part: split.get(part, 0.0) for part in (*_PARTS, _OTHER)},
    'compiling': split.get(_COMPILING, 0.0),
  }  # fmt: skip


def _markdown(rows: Sequence[dict[str, Any]]) -> str:
  head = (
    'worlds', 'simulator', 'success, % (95 %)', 'episodes an hour',
    'core-s a success', *_PARTS, _OTHER, 'compiling, core-s in all',
  )  # fmt: skip
  lines = [' | '.join(head), '|'.join(['---'] * len(head))]
  lines += [' | '.join(_cells(row)) for row in rows]
  return '\n'.join(f'| {line} |' for line in lines)


def _cells(row: dict[str, Any]) -> Iterator[str]:
  share = 100 * row['succeeded'] / row['episodes']
  low, high = 100 * row['low'], 100 * row['high']
  yield str(row['worlds'])
  yield 'MJX' if row['simulator'] == 'mjx' else 'C MuJoCo'
  yield f'{share:.0f} ({low:.0f} to {high:.0f}, n={row["episodes"]})'
  yield f'{row["an_hour"]:,.0f}'
  yield f'{row["value"]:.2f}'
  for seconds in row['split'].values():
    yield f'{seconds / max(1, row["succeeded"]):.2f}'
  yield f'{row["compiling"]:.0f}'


if __name__ == '__main__':
  program.run(main)
