"""One episode on whatever machine: what the workers of a pipeline do.

Nothing in here knows of flags or of Beam: a worker gets `Work`, which is
plain values, and makes the very episodes that `experiments.collect` makes.
"""

import contextlib
import dataclasses
import functools
import hashlib
import json
import threading
import time
from typing import Any

from sdd.collection import collector, robustness, session, walk
from sdd.dataset import record
from sdd.language import task_tree
from sdd.planning import motion
from sdd.scenes import physics_variation, registry
from sdd.scenes import scene as scene_lib
from sdd.simulation import simulator

_SIMULATOR = 'mujoco'
# A worker may be asked by several threads, and a planner seeds its library's
# random numbers for the whole process.
_one_at_a_time = threading.Lock()
stopping = threading.Event()  # set it, and nothing new begins in this process


@dataclasses.dataclass(frozen=True)
class Work:
  """What all episodes of a run have in common; travels to workers.

  Attributes:
    scene: the scene's address.
    hashes: of its MJCF texts, sorted.
    variation: how much its worlds vary.
    seed: of the run.
    retry: what the generator does about failures.
    primitives: which motions its planner draws.
    physics: how many times as much as usual physics vary; 0, not at all.
    push: metres by which the robot is pushed off its way, at most.
    copies: in which the robustness of a success is measured; 0, in none.
    trees: every task sentence and the JSON of its task tree.
  """

  scene: str
  hashes: tuple[str, ...]
  variation: scene_lib.Variation
  seed: int
  retry: walk.Retry
  primitives: motion.Primitives
  physics: float
  push: float
  copies: int
  trees: tuple[tuple[str, str], ...]

  @property
  def fingerprint(self) -> str:
    """Sixteen letters that differ between works whose episodes may differ."""
    text = json.dumps(dataclasses.asdict(self), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclasses.dataclass(frozen=True)
class Made:
  """A finished episode.

  Attributes:
    record: the episode, as `record.encode` gives it.
    spent: plans and CPU seconds that went into it, by what for.
  """

  record: bytes
  spent: dict[str, Any]


def make(work: Work, job: collector.Job) -> Made | None:
  """Attempts an episode; None if this process is `stopping`.

  Raises:
    errors.SddError: there is no such scene here, or its tree does not fit.
  """
  with _one_at_a_time:
    return None if stopping.is_set() else _attempts(work).make(job)


class _Attempts:
  """A world, and a planner within this process, for one episode at a time."""

  def __init__(self, work: Work):
    self._work = work
    self._scene = registry.load(work.scene, work.variation)
    self._trees = {
      task: task_tree.TaskTree.from_json(text, self._scene.vocabulary)
      for task, text in work.trees
    }
    # With no subprocess there is nothing to end but this process.
    self._stack = contextlib.ExitStack()
    self._collector = self._stack.enter_context(
      session.collecting(
        self._scene,
        self._trees.__getitem__,
        seed=work.seed,
        workers=0,
        simulator_name=_SIMULATOR,
        environments=1,
        retry=work.retry,
        primitives=work.primitives,
        physics=physics_variation.of_strength(work.physics, work.push),
      )
    )

  @functools.cached_property
  def _copies(self) -> simulator.Simulator:
    return simulator.make(_SIMULATOR, self._scene, size=1)

  def make(self, job: collector.Job) -> Made:
    spent = self._collector.spent = collector.Spent()
    began = time.process_time()
    (episode,) = self._collector.run([job])
    attempted = time.process_time()
    if self._work.copies:
      episode = robustness.measured(
        self._scene,
        self._trees[job.task].root.predicate,
        episode,
        self._copies,
        copies=self._work.copies,
        seed=self._work.seed,
      )
    replayed = time.process_time()
    data = record.encode(episode)
    cost = dataclasses.asdict(spent)
    if self._work.copies:
      cost['robustness'] = replayed - attempted
    return Made(data, {**cost, 'core_seconds': time.process_time() - began})


@functools.lru_cache(maxsize=1)
def _attempts(work: Work) -> _Attempts:
  return _Attempts(work)
