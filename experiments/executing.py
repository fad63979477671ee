"""Carries out the task trees that a model made, in worlds like any other."""

from __future__ import annotations

import contextlib
import itertools
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from absl import flags
from etils import epy

from experiments import examining, generator_flags, program

with epy.lazy_imports():
  from experiments import generator
  from sdd.evaluation import line_log, plan_sample
  from sdd.language import task_tree
  from sdd.scenes import scene as scene_lib

_EXECUTE = flags.DEFINE_integer(
  'execute', 0, 'also carry out every tree, in so many worlds', lower_bound=0
)
_FIRST_SEED = flags.DEFINE_integer(
  'first_seed', 100000, 'of the worlds that trees are carried out in',
  lower_bound=0,
)  # fmt: skip
ENDING = '_executed'  # of the names of logs of episodes
Rates: TypeAlias = 'dict[plan_sample.Key, tuple[int, int]]'


def execute(
  samples: Sequence[plan_sample.Sample],
  scenes: Mapping[str, scene_lib.Scene],
  path: pathlib.Path,
) -> None:
  """Carries out what has not been, and keeps how that went.

  Args:
    samples: whose trees; those without one are left out.
    scenes: by name, those of the samples.
    path: the log of episodes.
  """
  if not _EXECUTE.value:
    return
  samples = [sample for sample in samples if sample.tree]
  settings = {
    **generator_flags.settings(),
    'variation': flags.FLAGS.variation,
    'first_seed': _FIRST_SEED.value,
  }
  with contextlib.closing(line_log.LineLog(path, settings)) as kept:
    done = {_key(line) for line in kept.lines}
    total = len(samples) * _EXECUTE.value
    before = sum((*s.key, e) in done for s in samples for e in _episodes())
    with program.progress('Executing', total, done=before) as meter:
      for line in _executed(samples, scenes, done):
        kept.add(line)
        meter.advance(1, status=f'{line["scene"]}, {line["ended"]}')


def rates(path: pathlib.Path) -> Rates:
  """Successes and episodes by sample; none if there is no such log."""
  found: Rates = {}
  for line in line_log.load(path)[1] if path.exists() else ():
    scene, task, index, _ = _key(line)
    won, count = found.get((scene, task, index), (0, 0))
    found[scene, task, index] = won + line['success'], count + 1
  return found


def _episodes() -> range:
  return range(_FIRST_SEED.value, _FIRST_SEED.value + _EXECUTE.value)


def _key(line: dict[str, Any]) -> tuple[str, str, int, int]:
  return line['scene'], line['task'], line['sample'], line['episode']


def _executed(
  samples: Sequence[plan_sample.Sample],
  scenes: Mapping[str, scene_lib.Scene],
  done: set[tuple[str, str, int, int]],
) -> Iterator[dict[str, Any]]:
  """Episodes that were not done, those of one scene and sample together."""
  for (name, index), group in itertools.groupby(
    sorted(samples, key=lambda s: (s.scene, s.index)),
    key=lambda s: (s.scene, s.index),
  ):
    scene, trees = scenes[name], {s.task: s.tree for s in group}
    jobs = [
      (task, episode)
      for episode, task in itertools.product(_episodes(), trees)
      if (name, task, index, episode) not in done
    ]
    for outcome in generator.outcomes(
      scene,
      lambda task, scene=scene, trees=trees: task_tree.TaskTree.from_json(
        trees[task], scene.vocabulary
      ),
      jobs,
      seed=0,
      workers=min(examining.workers(), len(jobs)),
      retry=generator_flags.retry(),
      primitives=generator_flags.primitives(),
      physics=generator_flags.physics(),
    ):
      yield {
        'scene': name, 'task': outcome.task, 'sample': index,
        'episode': outcome.index, 'success': outcome.success,
        'ended': outcome.ended,
      }  # fmt: skip
