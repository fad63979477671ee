"""Runs the data generator, whole episodes at once in several processes."""

import functools
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent import futures
from typing import Any

import pebble

from sdd.collection import collector, walk
from sdd.evaluation import attempt, rollout
from sdd.language import task_tree
from sdd.planning import motion, pool
from sdd.scenes import physics_variation, registry
from sdd.scenes import scene as scene_lib
from sdd.simulation import simulator

_HUNG = 600.0  # seconds; an episode takes a few. So that a run ends.


def outcomes(
  scene: scene_lib.Scene,
  infer: Callable[[str], task_tree.TaskTree],
  jobs: Iterable[tuple[str, int]],
  *,
  seed: int,
  workers: int,
  retry: walk.Retry,
  primitives: motion.Primitives,
  physics: physics_variation.Physics | None = None,
) -> Iterator[rollout.Outcome]:
  """Attempts (task, index) episodes, in the order in which they end.

  The same episodes as `sdd.collection.session` makes: they depend on seed,
  index and task alone.

  Args:
    scene: the scene.
    infer: the task tree of a sentence.
    jobs: task and index of each episode.
    seed: of all.
    workers: processes; 0 runs them in this one.
    retry: see `walk`.
    primitives: see `motion.Request`.
    physics: ranges that physics are drawn from; None for the scene's own.
  """
  jobs = list(jobs)
  texts = {task: infer(task).to_json() for task, _ in jobs}
  settings = (scene.name, scene.variation, retry, primitives, physics, seed)
  if not workers:
    for task, index in jobs:
      yield _attempt(*settings, texts[task], index)
    return
  processes = pebble.ProcessPool(
    max_workers=workers,
    context=multiprocessing.get_context('spawn'),
    initializer=_prepare,
  )
  with processes:
    asked = {
      processes.schedule(
        _attempt, args=[*settings, texts[task], index], timeout=_HUNG
      ): (task, index)
      for task, index in jobs
    }
    try:
      yield from results(asked)
    except BaseException:
      processes.stop()
      raise


def results(
  asked: Mapping[Any, tuple[str, int]],
) -> Iterator[rollout.Outcome]:
  """Each answer as it comes; a process that died is an episode that failed."""
  for future in futures.as_completed(asked):
    try:
      yield future.result()
    except (pebble.ProcessExpired, TimeoutError) as problem:
      task, index = asked[future]
      yield rollout.Outcome(
        task=task, index=index, success=False, seconds=0.0, ended='error',
        error=f'its process died: {problem}',
      )  # fmt: skip


def _prepare() -> None:
  signal.signal(signal.SIGINT, signal.SIG_IGN)
  os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')


def _attempt(
  scene: str,
  variation: scene_lib.Variation,
  retry: walk.Retry,
  primitives: motion.Primitives,
  physics: physics_variation.Physics | None,
  seed: int,
  tree: str,
  index: int,
) -> rollout.Outcome:
  world, understood, sim = _ready(scene, variation, tree)
  began = time.process_time()
  attempts = collector.Collector(
    world,
    lambda _: understood,
    sim,
    pool.InlinePlanner(),
    seed=seed,
    retry=retry,
    primitives=primitives,
    physics=physics,
  )
  (episode,) = attempts.run([collector.Job(index, understood.task)])
  spent = time.process_time() - began
  return attempt.outcome(world, understood, episode, cpu=spent)


@functools.lru_cache(maxsize=64)
def _ready(
  scene: str, variation: scene_lib.Variation, tree: str
) -> tuple[scene_lib.Scene, task_tree.TaskTree, simulator.Simulator]:
  world = registry.load(scene, variation)
  understood = task_tree.TaskTree.from_json(tree, world.vocabulary)
  return world, understood, _simulator(scene, variation)


@functools.cache
def _simulator(
  scene: str, variation: scene_lib.Variation
) -> simulator.Simulator:
  return simulator.make('mujoco', registry.load(scene, variation))
