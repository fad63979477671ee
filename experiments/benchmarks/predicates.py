"""Measures predicates: how fast they are, and what checking them costs.

First, evaluations a second: success code compiled for a batch of states,
against the same code as ordinary Python over one state at a time. Both have
to agree on every state. Then environment steps a second of the drawer scene,
each followed by the check: MJX with the compiled predicate on the default
device, against C MuJoCo with a thread a core and the predicate in NumPy.

  python -m experiments.benchmarks.predicates --batches=1,4096 --worlds=1,16

An empty list leaves that part out. MJX is compiled afresh for every number
of worlds, which takes a minute or two each.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import program, results
from sdd import errors

with epy.lazy_imports():
  import jax
  import numpy as np

  from experiments.benchmarks import (
    ordinary,
    predicate_physics,
    predicate_states,
    predicate_tables,
    timing,
  )
  from sdd.predicates import predicate
  from sdd.scenes import registry
  from sdd.simulation import scene_state

_BATCHES = flags.DEFINE_list(
  'batches', ['1', '16', '256', '4096', '65536'], 'numbers of states'
)
_WORLDS = flags.DEFINE_list(
  'worlds',
  None,
  'numbers of worlds; by default 1 to 256 by fours, on accelerators to 4096',
)
_PERIODS = flags.DEFINE_integer(
  'periods', 4, 'environment steps to measure', lower_bound=1
)
_OUT = flags.DEFINE_string(
  'out', None, 'also keep the numbers in this file, a .json'
)
_WRITE = flags.DEFINE_boolean(
  'write', False, 'keep numbers and plot in experiments/results/predicates.*'
)
_SINGLES = 1024  # states for ordinary Python


def main(_: Sequence[str]) -> None:
  jax.config.update('jax_enable_compilation_cache', False)
  # Nothing is to be done meanwhile that another thread would be good for.
  jax.config.update('jax_cpu_enable_async_dispatch', False)
  batches = _sizes('batches', _BATCHES.value)
  worlds = _sizes('worlds', _worlds())
  device = jax.devices()[0].device_kind
  rows: list[dict[str, Any]] = []
  parts: list[str] = []
  if batches:
    for each in ordinary.PROGRAMS:
      rows += _shown(measure(each, batches))
    parts.append(predicate_tables.evaluations(rows))
  if worlds:
    checked = []
    for size in worlds:
      checked += _shown(predicate_physics.measure(size, _PERIODS.value))
    parts.append(predicate_tables.steps(checked))
    rows += checked
  print('\n' + '\n\n'.join(parts))
  title = f'Predicates: {device}'
  if _OUT.value:
    results.write_elsewhere(_OUT.value, {'title': title, 'rows': rows})
  if not _WRITE.value:
    return
  if batches:
    picture = results.FOLDER / 'predicates.png'
    predicate_tables.draw(rows, picture)
    place = picture.relative_to(results.ROOT)
    parts.insert(0, f'![Evaluations a second, by batch]({place})')
  kept = {'title': title, 'markdown': '\n\n'.join(parts), 'rows': rows}
  print(results.write_result('predicates', kept))


def _worlds() -> list[str]:
  if _WORLDS.value is not None:
    return _WORLDS.value
  most = 4 if jax.default_backend() == 'cpu' else 6
  return [str(4**k) for k in range(most + 1) if k != 1]


def _sizes(flag: str, given: Sequence[str]) -> list[int]:
  try:
    sizes = [int(each) for each in given if each.strip()]
  except ValueError:
    sizes = [0]
  if min(sizes, default=1) < 1:
    raise errors.SddError(
      f'--{flag}={",".join(given)}: expected whole numbers from 1, with '
      'commas in between.'
    )
  return sizes


def measure(
  code: ordinary.Program,
  batches: Sequence[int],
  *,
  drawn: int = 4096,
  repeats: int = 9,
) -> list[dict[str, Any]]:
  """Evaluations a second: ordinary Python, then compiled by batch size.

  Args:
    code: what is evaluated.
    batches: numbers of states.
    drawn: how many of them differ; larger batches repeat them.
    repeats: measurements that the medians are of.

  Raises:
    errors.SddError: the two do not agree on every state.
  """
  scene = registry.load(code.scene)
  ordinary.look_at(scene.vocabulary)
  compiled = predicate.compile_predicate(code.source, scene.vocabulary)
  final = predicate_states.draw(scene, drawn)
  initial = jax.tree.map(lambda x: np.roll(x, 1, axis=0), final)
  pairs = [
    jax.tree.map(lambda x, k=k: x[k], (initial, final)) for k in range(drawn)
  ]
  _require_agreement(code, compiled, pairs, initial, final)
  few = pairs[:_SINGLES]
  plain = timing.cost(
    lambda: [code.function(*pair) for pair in few], repeats=repeats
  )
  rows = [_row(code, predicate_tables.PYTHON, len(few), plain)]
  for device in _devices():
    for size in batches:
      put = functools.partial(jax.device_put, device=device)
      states = put(_many(initial, size)), put(_many(final, size))

      def judge(states: Any = states) -> None:
        compiled.verdict(*states).block_until_ready()

      found = timing.cost(judge, repeats=repeats)
      rows.append(_row(code, device.device_kind, size, found, rows[0]))
  return rows


def _devices() -> list[Any]:
  """The processor, and the accelerator where there is one."""
  found = [jax.devices('cpu')[0], jax.devices()[0]]
  return found[:1] if found[0] == found[1] else found


def _many(states: scene_state.SceneState, count: int) -> scene_state.SceneState:
  return jax.tree.map(
    lambda x: np.tile(x, (-(-count // len(x)), *(1,) * (x.ndim - 1)))[:count],
    states,
  )


def _require_agreement(
  code: ordinary.Program,
  compiled: predicate.Predicate,
  pairs: Sequence[tuple[scene_state.SceneState, scene_state.SceneState]],
  initial: scene_state.SceneState,
  final: scene_state.SceneState,
) -> None:
  plain = np.array([code.function(*pair) for pair in pairs])
  found = np.asarray(compiled.verdict(initial, final))
  different = int((plain != found).sum())
  if different or len(set(plain.tolist())) < 2:
    raise errors.SddError(
      f'{code.label!r}: ordinary Python and the compiled predicate differ on '
      f'{different} of {len(pairs)} states, of which {plain.sum()} fulfil it.'
    )


def _row(
  code: ordinary.Program,
  on: str,
  count: int,
  cost: timing.Cost,
  plain: dict[str, Any] | None = None,
) -> dict[str, Any]:
  """`ratio` and `wall_ratio` are to the row `plain`."""
  value, wall = count / cost.cpu, count / cost.wall
  return {
    'label': f'{code.label}; {on}' + (f', {count} states' if plain else ''),
    'value': value,
    'unit': 'evaluations/CPU-second',
    'wall': wall,
    'program': code.label,
    'on': on,
    'count': count,
    'detail': True,
    **({'ratio': value / plain['value']} if plain else {}),
    **({'wall_ratio': wall / plain['wall']} if plain else {}),
  }


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
  for row in rows:
    ratio = f' ({row["ratio"]:,.2f} times)' if 'ratio' in row else ''
    print(f'{row["label"]:70} {row["value"]:13,.0f} {row["unit"]}{ratio}')
  return rows


if __name__ == '__main__':
  program.run(main)
