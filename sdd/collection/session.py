"""Everything a run of attempts needs, opened and closed together."""

import contextlib
import functools
from collections.abc import Callable, Iterator

from sdd.collection import collector, episode, walk
from sdd.language import planner as language_planner
from sdd.language import provider as provider_lib
from sdd.language import registry as providers
from sdd.language import task_tree
from sdd.planning import motion, pool
from sdd.scenes import physics_variation, reachable
from sdd.scenes import scene as scene_lib
from sdd.simulation import simulator


def trees(
  scene: scene_lib.Scene,
  provider: provider_lib.Provider,
  *,
  depth: int = language_planner.MAX_DEPTH,
  sample: int = 0,
) -> Callable[[str], task_tree.TaskTree]:
  """Infers the task tree of a sentence, once a sentence.

  Args:
    scene: the scene.
    provider: who answers.
    depth: levels that a tree may have.
    sample: which of several trees of a sentence.
  """
  return functools.cache(
    lambda task: language_planner.infer_task_tree(
      task,
      scene.domain,
      scene.vocabulary,
      provider,
      depth=depth,
      sample=sample,
      out_of_reach=reachable.out_of_reach(scene),
    )
  )


def attempt(
  task: str,
  scene: scene_lib.Scene,
  *,
  seed: int = 0,
  index: int = 0,
  provider: provider_lib.Provider | None = None,
) -> episode.Episode:
  """One episode of one sentence, within this process: the short way.

  Plans, tries, verifies and retries; the same episode as that of a whole run
  with this seed.

  Args:
    task: the sentence.
    scene: the scene.
    seed: of the run.
    index: of the episode within it.
    provider: who infers the task tree; by default the recorded completions.

  Raises:
    errors.SddError: no task tree could be inferred, for example because
      nothing is recorded about the sentence.
  """
  infer = trees(scene, provider or providers.make_provider())
  known = scene.find_task(task)
  job = collector.Job(index, known.sentence if known else task)
  with collecting(scene, infer, seed=seed, workers=0) as attempts:
    (made,) = attempts.run([job])
  return made


@contextlib.contextmanager
def collecting(
  scene: scene_lib.Scene,
  infer: Callable[[str], task_tree.TaskTree],
  *,
  seed: int,
  workers: int,
  simulator_name: str = 'mujoco',
  environments: int | None = None,
  retry: walk.Retry = 'inferred',
  primitives: motion.Primitives = '6dof',
  physics: physics_variation.Physics | None = None,
) -> Iterator[collector.Collector]:
  """A collector with its planner processes, which end with the block.

  Args:
    scene: the scene.
    infer: the task tree of a sentence.
    seed: of the run.
    workers: planner subprocesses; 0 plans within this process.
    simulator_name: `mujoco` or `mjx`.
    environments: worlds at once; by default twice the workers, so that
      there is always a plan to work on.
    retry: `inferred` or `none`.
    primitives: `6dof` or `planar`.
    physics: ranges that physics are drawn from; None for the scene's own.
  """
  size = environments or max(1, 2 * workers)
  sim = simulator.make(simulator_name, scene, size=size)
  planners = pool.make(workers, scene.name)
  try:
    yield collector.Collector(
      scene,
      infer,
      sim,
      planners,
      seed=seed,
      retry=retry,
      primitives=primitives,
      physics=physics,
    )
  finally:
    planners.close()
