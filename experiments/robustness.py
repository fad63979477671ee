"""Measures how robust the successes of a stored dataset are.

Replays the actions of every success in perturbed copies of its world, in
which objects lie, weigh and slide a little otherwise and the arm starts a
little off, and judges all copies by the episode's own success code. The share
that succeeds is kept with the episode, as `robustness`, in a new dataset; the
old one stays as it is. Failures are taken over with a robustness of -1.

  python -m experiments.robustness --data=runs/data --copies=64 \\
    --out=runs/robust

Nothing is retried in a copy, so this is lower than a policy's success rate.
The same command again goes on where it stopped.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence

from absl import flags
from etils import epy

from experiments import program
from sdd import errors

with epy.lazy_imports():
  from sdd.collection import episode as episodes
  from sdd.collection import perturbation, robustness
  from sdd.dataset import derived, kept_scene, measure, reader, spec, writer
  from sdd.evaluation import robustness_table
  from sdd.language import task_tree
  from sdd.scenes import scene as scene_lib
  from sdd.simulation import simulator

_DATA = flags.DEFINE_string('data', None, 'the dataset', required=True)
_OUT = flags.DEFINE_string(
  'out', None, 'the directory of the new dataset', required=True
)
_COPIES = flags.DEFINE_integer(
  'copies', 64, 'of the world of each success', lower_bound=1
)
_NOISE = flags.DEFINE_float(
  'noise', 1.0, 'how many times as much as usual the copies differ',
  lower_bound=0.0,
)  # fmt: skip
_SIMULATOR = flags.DEFINE_string(
  'simulator', None,
  'mujoco (C), or mjx (batched, for accelerators); by default the one that '
  'collected',
)  # fmt: skip
_ENVIRONMENTS = flags.DEFINE_integer(
  'environments', None, 'copies at once; by default all, but at most 1024',
  lower_bound=1,
)  # fmt: skip
_SEED = flags.DEFINE_integer('seed', 0, 'fixes every draw', lower_bound=0)
_MOST = 1024


def main(_: Sequence[str]) -> int:
  source = reader.load_spec(_DATA.value)
  scene = kept_scene.load(_DATA.value)
  total = derived.count(_DATA.value)
  if not total:
    raise errors.SddError(f'{_DATA.value} holds no episode yet.')
  measure.require_same_models(_DATA.value, scene)
  noise = perturbation.Noise().scaled(_NOISE.value)
  name = _simulator(source)
  how = robustness.settings(
    copies=_COPIES.value, seed=_SEED.value, simulator=name, noise=noise
  )
  with measure.open_writer(_DATA.value, _OUT.value, how=how) as dataset:
    kept_scene.carry(_DATA.value, _OUT.value)
    sim = simulator.make(
      name, scene, size=_ENVIRONMENTS.value or min(_COPIES.value, _MOST),
      spec=source.action_spec,
    )  # fmt: skip
    label = functools.partial(labelled, scene, sim, noise=noise)
    try:
      seconds, measured = _measure(label, dataset, total)
    except KeyboardInterrupt:
      dataset.close()
      program.when_interrupted(
        f'Stopped. Every episode measured so far is in {_OUT.value}; the same '
        'command goes on from there.'
      )
      raise
  print(f'\n{robustness_table.Table.of(_OUT.value)}\n')
  if measured:
    print(f'This run: {seconds / measured:.2f} core-seconds a success.')
  print(f'The new dataset: {_OUT.value}')
  return 0


def _simulator(source: spec.DatasetSpec) -> str:
  name = _SIMULATOR.value or source.run.get('simulator', simulator.NAMES[0])
  if name not in simulator.NAMES:
    raise errors.UnknownNameError('simulator', name, simulator.NAMES)
  return name


def labelled(
  scene: scene_lib.Scene,
  sim: simulator.Simulator,
  episode: episodes.Episode,
  *,
  noise: perturbation.Noise,
) -> episodes.Episode:
  """The episode with its robustness by its own success code."""
  tree = task_tree.TaskTree.from_json(
    episode.metadata.task_tree, scene.vocabulary
  )
  outcome = robustness.robustness(
    scene, tree.root.predicate, episode, sim,
    copies=_COPIES.value, seed=_SEED.value, noise=noise,
  )  # fmt: skip
  return robustness.labelled(episode, outcome)


def _measure(
  label: Callable[[episodes.Episode], episodes.Episode],
  dataset: writer.DatasetWriter,
  total: int,
) -> tuple[float, int]:
  """CPU seconds spent, and how many successes were measured."""
  began, successes = time.process_time(), 0
  done, sums = len(dataset.done), 0.0
  with program.progress('Replaying', total, done=done) as meter:
    for about in measure.measured(_DATA.value, label, into=dataset):
      if about.robustness_copies:
        successes += 1
        sums += about.robustness
      meter.advance(1, status=f'{sums / max(1, successes):.0%} robust')
  return time.process_time() - began, successes


if __name__ == '__main__':
  program.run(main)
