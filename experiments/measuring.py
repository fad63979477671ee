"""Runs the episodes that a policy is measured on, whatever policy it is."""

from __future__ import annotations

import os
from collections.abc import Iterator

from absl import flags
from etils import epy

from experiments import acting_flags, generator_flags, language_flags

with epy.lazy_imports():
  from experiments import generator, policies
  from sdd.evaluation import rollout
  from sdd.scenes import scene as scene_lib

flags.adopt_module_key_flags(acting_flags)
FIRST_SEED = flags.DEFINE_integer(
  'first_seed', 100000, 'seed of the first episode', lower_bound=0
)
_WORKERS = flags.DEFINE_integer(
  'workers', None, 'subprocesses; by default one a core', lower_bound=0
)


def outcomes(
  policy: str, scene: scene_lib.Scene, jobs: list[tuple[str, int]]
) -> Iterator[rollout.Outcome]:
  """Runs (task, index) episodes, in the order in which they end.

  Args:
    policy: `generator`, or the path of a distilled policy.
    scene: the scene.
    jobs: task and index of each episode; there may be none.

  Raises:
    errors.SddError: there is no such policy, or it is for another scene.
  """
  if not jobs:
    return iter(())
  workers = os.cpu_count() or 1 if _WORKERS.value is None else _WORKERS.value
  workers = min(workers, len(jobs))
  infer = language_flags.trees(scene, language_flags.provider())
  if policy != policies.GENERATOR:
    unruled = [task for task, _ in jobs if scene.rule(task) is None]
    trees = {task: infer(task).to_json() for task in dict.fromkeys(unruled)}
    return policies.rollouts(
      policy, scene, jobs, seed=0, workers=workers, trees=trees,
      physics=generator_flags.physics(), acting=acting_flags.chosen(),
    )  # fmt: skip
  return generator.outcomes(
    scene,
    infer,
    jobs,
    seed=0,
    workers=workers,
    retry=generator_flags.retry(),
    primitives=generator_flags.primitives(),
    physics=generator_flags.physics(),
  )
