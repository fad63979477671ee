"""Runs many attempts at once: plans out of one queue, worlds in one batch."""

import concurrent.futures
import contextlib
import dataclasses
import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from sdd import errors
from sdd.collection import (
  batch_judge,
  episode,
  events,
  judge,
  recorder,
  walk,
)
from sdd.collection import slot as slot_lib
from sdd.language import task_tree
from sdd.planning import motion
from sdd.planning import pool as pool_lib
from sdd.scenes import physics_variation
from sdd.scenes import scene as scene_lib
from sdd.simulation import action, simulator

_logger = logging.getLogger(__name__)
_PLAN = 1  # stream of random numbers of an episode, after its world's
_BUSY_LANES = 0.25  # share of a batch that must be able to move, or no step


@dataclasses.dataclass(frozen=True)
class Job:
  """One episode to attempt."""

  index: int
  task: str


@dataclasses.dataclass
class Spent:
  """Where the time went.

  Attributes:
    planning: CPU seconds, in whatever process.
    simulation: CPU seconds, compiling not included.
    compiling: CPU seconds.
    predicates: CPU seconds.
    plans: how many were asked for.
    infeasible: how many of them came to nothing.
  """

  planning: float = 0.0
  simulation: float = 0.0
  compiling: float = 0.0
  predicates: float = 0.0
  plans: int = 0
  infeasible: int = 0


class Collector:
  """Attempts jobs and yields episodes in the order in which they end.

  What is in an episode depends on (seed, index, task) alone, neither on the
  number of workers nor on what else is running.

  An unexpected exception while planning for, or walking in, one world ends
  that episode with `ended='error'`; the others go on. An `SddError` is the
  user's to mend, and ends the run.

  Attributes:
    scene: the scene.
    sim: the worlds.
    seed: of the run.
    retry: what to do about failures, see `walk`.
    primitives: which motions the planner draws, see `motion.Request`.
    physics: ranges that physics are drawn from; None for the scene's own.
    spent: where the time went so far.
  """

  def __init__(
    self,
    scene: scene_lib.Scene,
    trees: Callable[[str], task_tree.TaskTree],
    sim: simulator.Simulator,
    planner: pool_lib.Planner,
    *,
    seed: int,
    retry: walk.Retry = 'inferred',
    primitives: motion.Primitives = '6dof',
    physics: physics_variation.Physics | None = None,
  ):
    self.scene, self.sim, self.seed = scene, sim, seed
    self.retry: walk.Retry = retry
    self.primitives: motion.Primitives = primitives
    self.physics = physics
    self.spent = Spent()
    self._trees, self._planner = trees, planner
    self._enough = max(1, math.ceil(sim.lanes * _BUSY_LANES))

  def run(self, jobs: Iterable[Job]) -> Iterator[episode.Episode]:
    """Attempts every job."""
    jobs = list(jobs)
    if not jobs:
      return
    judges = self._judges({job.task for job in jobs})
    queue = iter(jobs)
    slots: list[slot_lib.Slot | None] = [None] * self.sim.size
    while True:
      free = [index for index, slot in enumerate(slots) if slot is None]
      for slot in self._start(judges, zip(free, queue, strict=False)):
        slots[slot.index] = slot
      if not any(slots):
        return
      self._advance(judges, [slot for slot in slots if slot is not None])
      for index, slot in enumerate(slots):
        if slot is not None and slot.over:
          slots[index] = None
          yield self._finish(slot)

  def _judges(self, tasks: Iterable[str]) -> judge.Judges:
    """A batch is judged by the program that steps it."""
    if isinstance(self.sim, simulator.WatchingSimulator):
      trees = [self._trees(task) for task in sorted(tasks)]
      return batch_judge.BatchJudges(self.sim, trees)
    return judge.SingleJudges(self.sim)

  def _start(
    self, judges: judge.Judges, jobs: Iterable[tuple[int, Job]]
  ) -> list[slot_lib.Slot]:
    """Begins jobs, each in a world; a batch is looked at once for all."""
    slots = []
    for index, job in jobs:
      initial = physics_variation.initial(
        self.scene, seed=self.seed, index=job.index, physics=self.physics
      )
      self.sim.reset(index, initial)
      tree = self._trees(job.task)
      origin = recorder.Origin(job.index, self.seed, job.task, tree)
      notes = recorder.Recorder(
        self.scene, origin, initial, judges.enter(index, tree)
      )
      slots.append(slot_lib.Slot(index, notes, retry=self.retry))
    for slot in slots:
      slot.notes.observe(self.sim, slot.index)
      with self._confined(slot):
        slot.begin()
    return slots

  def _advance(self, judges: judge.Judges, slots: list[slot_lib.Slot]) -> None:
    """Fetches plans that are ready and steps the worlds that can move.

    Nobody waits for the slowest plan. But while plans are still being made, a
    batch is not stepped for the sake of a few.
    """
    for slot in slots:
      if slot.wants is not None:
        with self._confined(slot):
          slot.future = self._planner.submit(self._request(slot))
          slot.wants = None
    waiting = [slot.future for slot in slots if slot.future is not None]
    enough = min(self._enough, math.ceil(len(slots) / 2))
    if waiting and len(slots) - len(waiting) < enough:
      concurrent.futures.wait(
        waiting, return_when=concurrent.futures.FIRST_COMPLETED
      )
    for slot in slots:
      if slot.future is not None and slot.future.done():
        with self._confined(slot):
          answer, slot.future = slot.future.result(), None
          self._account(answer)
          slot.send(answer)
    moving = [slot for slot in slots if slot.moving]
    if moving:
      self._step(judges, moving)

  def _account(self, answer: motion.Answer) -> None:
    self.spent.planning += answer.seconds
    self.spent.plans += 1
    self.spent.infeasible += answer.motion is None

  def _request(self, slot: slot_lib.Slot) -> motion.Request:
    assert slot.wants is not None
    slot.plans += 1
    return motion.Request(
      scene=self.scene.name,
      world=self.sim.world(slot.index),
      skill=slot.wants.skill,
      holding=events.held_link(self.scene, slot.notes.states[-1]),
      seed=(self.seed, slot.notes.origin.index, _PLAN, slot.plans),
      primitives=self.primitives,
    )

  def _step(self, judges: judge.Judges, moving: list[slot_lib.Slot]) -> None:
    began, compiled = time.process_time(), self.sim.compiling
    actions = np.zeros((self.sim.size, action.DIMENSION), np.float32)
    active = np.zeros(self.sim.size, bool)
    for slot in moving:
      with self._confined(slot):
        actions[slot.index] = slot.next_action()
        active[slot.index] = True
    judges.step(actions, active)
    moved = [slot for slot in moving if not slot.over]
    for slot in moved:
      slot.notes.observe(self.sim, slot.index)
    self.spent.simulation += time.process_time() - began
    self.spent.simulation -= self.sim.compiling - compiled
    self.spent.compiling = self.sim.compiling
    for slot in moved:
      with self._confined(slot):
        slot.after_step(self.scene, self.sim)

  def _finish(self, slot: slot_lib.Slot) -> episode.Episode:
    began = time.process_time()
    found = slot.notes.finish(
      ended=slot.ended,
      problem=slot.problem,
      retries=tuple(slot.walk.retries),
      duration=self.sim.world(slot.index).time,
    )
    self.spent.predicates += slot.judging + time.process_time() - began
    return found

  @contextlib.contextmanager
  def _confined(self, slot: slot_lib.Slot) -> Iterator[None]:
    """Whatever is raised in here ends this episode and no other."""
    try:
      yield
    except errors.SddError:
      raise
    except Exception as bug:
      _logger.exception('A defect ended episode %d:', slot.notes.origin.index)
      slot.fail(bug)
