"""Runs many attempts at once: plans out of one queue, worlds in one batch."""

import concurrent.futures
import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from sdd.collection import episode, recorder, walk
from sdd.language import task_tree
from sdd.planning import motion
from sdd.planning import pool as pool_lib
from sdd.scenes import scene as scene_lib
from sdd.simulation import simulator

_DROP_WAIT = 4  # periods to hold still after losing what was held
_WORLD, _PLAN = 0, 1  # streams of random numbers of an episode


@dataclasses.dataclass(frozen=True)
class Job:
  """One episode to attempt."""

  index: int
  task: str


@dataclasses.dataclass
class Spent:
  """Where the time went, CPU seconds; wall-clock where it says so."""

  planning: float = 0.0
  simulation: float = 0.0
  predicates: float = 0.0
  plans: int = 0
  infeasible: int = 0


class Collector:
  """Attempts jobs and yields episodes in the order in which they end.

  What is in an episode depends on (seed, index, task) alone, neither on the
  number of workers nor on what else is running.

  Attributes:
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
  ):
    self.scene, self.sim, self.seed, self.retry = scene, sim, seed, retry
    self.spent = Spent()
    self._trees, self._planner = trees, planner

  def run(self, jobs: Iterable[Job]) -> Iterator[episode.Episode]:
    """Attempts every job."""
    queue = iter(jobs)
    slots: list[_Slot | None] = [None] * self.sim.size
    while True:
      for index, slot in enumerate(slots):
        if slot is None:
          job = next(queue, None)
          slots[index] = self._start(index, job) if job else None
      if not any(slots):
        return
      self._advance([slot for slot in slots if slot is not None])
      for index, slot in enumerate(slots):
        if slot is not None and slot.over:
          slots[index] = None
          yield self._finish(slot)

  def _start(self, index: int, job: Job) -> '_Slot':
    rng = np.random.default_rng((self.seed, job.index, _WORLD))
    initial = self.scene.initial(rng)
    self.sim.reset(index, initial)
    tree = self._trees(job.task)
    origin = recorder.Origin(job.index, self.seed, job.task, tree)
    notes = recorder.Recorder(self.scene, origin, initial)
    notes.observe(self.sim, index)
    slot = _Slot(index, notes, self.spent)
    slot.begin(self.retry)
    return slot

  def _advance(self, slots: list['_Slot']) -> None:
    """Fetches plans that are ready and steps the worlds that can move."""
    for slot in slots:
      if not slot.over and slot.wants is not None:
        slot.future = self._planner.submit(self._request(slot))
        slot.wants = None
    waiting = [slot.future for slot in slots if slot.future is not None]
    if len(waiting) == len(slots):
      concurrent.futures.wait(
        waiting, return_when=concurrent.futures.FIRST_COMPLETED
      )
    for slot in slots:
      if slot.future is not None and slot.future.done():
        answer, slot.future = slot.future.result(), None
        self._account(answer)
        slot.send(answer)
    moving = [slot for slot in slots if not slot.over and slot.moving]
    if moving:
      self._step(moving)

  def _account(self, answer: motion.Answer) -> None:
    self.spent.planning += answer.seconds
    self.spent.plans += 1
    self.spent.infeasible += answer.motion is None

  def _request(self, slot: '_Slot') -> motion.Request:
    assert slot.wants is not None
    slot.plans += 1
    return motion.Request(
      scene=self.scene.name,
      world=self.sim.world(slot.index),
      skill=slot.wants.skill,
      holding=held_link(self.scene, slot.notes.states[-1]),
      seed=(self.seed, slot.notes.origin.index, _PLAN, slot.plans),
    )

  def _step(self, moving: list['_Slot']) -> None:
    began = time.process_time()
    actions = np.zeros((self.sim.size, 10), np.float32)
    active = np.zeros(self.sim.size, bool)
    for slot in moving:
      actions[slot.index] = slot.next_action()
      active[slot.index] = True
    self.sim.step(actions, active)
    for slot in moving:
      slot.notes.observe(self.sim, slot.index)
    self.spent.simulation += time.process_time() - began
    for slot in moving:
      slot.after_step(self.scene, self.sim)

  def _finish(self, slot: '_Slot') -> episode.Episode:
    began = time.process_time()
    found = slot.notes.finish(
      ended=slot.ended,
      problem=slot.walk.problem,
      retries=tuple(slot.walk.retries),
      duration=self.sim.world(slot.index).time,
    )
    self.spent.predicates += time.process_time() - began
    return found


class _Slot:
  """One world and the walk that goes on in it.

  Attributes:
    wants: a plan to ask for.
    future: a plan that was asked for.
    ended: why the episode is over, or empty.
  """

  def __init__(self, index: int, notes: recorder.Recorder, spent: Spent):
    self.index, self.notes = index, notes
    self.wants: walk.Plan | None = None
    self.future: concurrent.futures.Future | None = None
    self.ended = ''
    self.plans = 0
    self._spent = spent
    self._move: walk.Move | None = None
    self._cursor = 0
    self._wait = 0

  def begin(self, retry: walk.Retry) -> None:
    self.walk = walk.Walk(
      self.notes.origin.tree, verdict=self._verdict, begin=self.notes.begin,
      retry=retry,
    )  # fmt: skip
    self._steps = self.walk.steps()
    self._take(lambda: next(self._steps))

  def _verdict(self, node: int) -> int:
    began = time.process_time()
    found = self.notes.verdict(node)
    self._spent.predicates += time.process_time() - began
    return found

  @property
  def over(self) -> bool:
    return bool(self.ended)

  @property
  def moving(self) -> bool:
    return self._move is not None

  def send(self, answer: motion.Answer | bool) -> None:
    """Tells the walk how what it wanted went, and hears what it wants."""
    self._take(lambda: self._steps.send(answer))

  def _take(self, ask: Callable[[], walk.Plan | walk.Move]) -> None:
    try:
      wanted = ask()
    except StopIteration as stop:
      self.ended = 'success' if stop.value else 'stuck'
      return
    if isinstance(wanted, walk.Move):
      self._move, self._cursor, self._wait = wanted, 0, 0
    else:
      self.wants = wanted

  def next_action(self) -> np.ndarray:
    assert self._move is not None
    motion_ = self._move.motion
    action = motion_.actions[min(self._cursor, len(motion_.actions) - 1)]
    skill = self._move.skill
    self.notes.act(
      action, node=self.walk.active, skill=str(skill) if skill else ''
    )
    return action

  def after_step(
    self, scene: scene_lib.Scene, sim: simulator.Simulator
  ) -> None:
    """Ends the episode, the motion, or goes on to the next action."""
    state = self.notes.states[-1]
    if on_floor(scene, state):
      self.ended = 'floor'
    elif sim.world(self.index).time >= scene.time_limit - 1e-6:
      self.ended = 'time'
    if self.over:
      self._steps.close()
      return
    assert self._move is not None
    if self._wait:
      self._wait -= 1
      if not self._wait:
        self._end_move(False)
      return
    dropped = self._dropped(scene, state)
    self._cursor += 1
    if dropped:
      # Freeze where the arm is: the student must see what happened.
      held = self._move.motion.actions[self._cursor - 1 : self._cursor]
      self._move = walk.Move(motion.Motion(held), self._move.skill)
      self._cursor, self._wait = 0, _DROP_WAIT
    elif self._cursor >= len(self._move.motion.actions):
      self._end_move(True)

  def _end_move(self, completed: bool) -> None:
    self._move = None
    self.send(completed)

  def _dropped(self, scene: scene_lib.Scene, state) -> bool:
    assert self._move is not None
    span, skill = self._move.motion.holding, self._move.skill
    if span is None or skill is None:
      return False
    if not span[0] <= self._cursor < span[1]:
      return False
    return not in_gripper(scene, state, skill.link)


def in_gripper(scene: scene_lib.Scene, state, link: str) -> bool:
  """Whether both fingertips touch the link."""
  index = scene.vocabulary.index(link)
  left, right = scene.vocabulary.fingers
  return bool(state.contact[left, index] and state.contact[right, index])


def held_link(scene: scene_lib.Scene, state) -> str | None:
  """The object between the fingertips, if there is one."""
  for link in scene.vocabulary.links:
    if link.kind == 'object' and in_gripper(scene, state, link.name):
      return link.name
  return None


def on_floor(scene: scene_lib.Scene, state) -> bool:
  """Whether an object touches the floor."""
  words = scene.vocabulary
  floor = words.index('floor')
  return any(
    state.contact[index, floor]
    for index, link in enumerate(words.links)
    if link.kind == 'object'
  )
