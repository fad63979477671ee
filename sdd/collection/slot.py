"""One world of the batch, and the walk that goes on in it."""

import concurrent.futures
import time
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from sdd.collection import events, recorder, walk
from sdd.language import skill as skill_lib
from sdd.planning import motion
from sdd.scenes import scene as scene_lib
from sdd.simulation import scene_state, simulator

_DROP_WAIT = 4  # periods to hold still after losing what was held


class Slot:
  """Carries out what a walk wants in one world.

  Attributes:
    index: of the world.
    notes: what happened so far.
    walk: the walk.
    wants: a plan to ask for.
    future: a plan that was asked for.
    plans: how many were asked for.
    ended: why the episode is over, or empty.
    problem: what went wrong, if anything.
    judging: CPU seconds spent on verdicts.
  """

  def __init__(
    self, index: int, notes: recorder.Recorder, *, retry: walk.Retry
  ):
    self.index, self.notes = index, notes
    self.wants: walk.Plan | None = None
    self.future: concurrent.futures.Future[motion.Answer] | None = None
    self.plans = 0
    self.ended = ''
    self.judging = 0.0
    self.walk = walk.Walk(
      notes.origin.tree,
      verdict=self._verdict,
      begin=notes.begin,
      retry=retry,
    )
    self._steps = self.walk.steps()
    self._move: walk.Move | None = None
    self._skill: skill_lib.Skill | None = None
    self._cursor = 0
    self._wait = 0
    self._final = 0
    self._bug = ''

  @property
  def over(self) -> bool:
    return bool(self.ended)

  @property
  def moving(self) -> bool:
    return self._move is not None

  @property
  def problem(self) -> str:
    return self._bug or self.walk.problem

  def begin(self) -> None:
    """Hears what the walk wants first."""
    self._take(lambda: next(self._steps))

  def send(self, answer: motion.Answer | bool) -> None:
    """Tells the walk how what it wanted went, and hears what it wants."""
    if isinstance(answer, motion.Answer) and answer.motion is None:
      self._tried(planned=False, completed=False)
    self._take(lambda: self._steps.send(answer))

  def _tried(self, *, planned: bool, completed: bool) -> None:
    skill = self._skill
    if skill is not None:  # going back to rest is nobody's task
      self.notes.tried(self.walk.active, planned=planned, completed=completed)

  def fail(self, bug: Exception) -> None:
    """Ends the episode because of a defect of ours."""
    self.ended, self._bug = 'error', f'{type(bug).__name__}: {bug}'
    self.wants = self.future = self._move = None
    self._steps.close()

  def next_action(self) -> Float[np.ndarray, ' 10']:
    """The action to take now; it is noted as taken."""
    assert self._move is not None
    actions, skill = self._move.motion.actions, self._move.skill
    action = actions[min(self._cursor, len(actions) - 1)]
    self.notes.act(
      action, node=self.walk.active, skill=str(skill) if skill else ''
    )
    return action

  def after_step(
    self, scene: scene_lib.Scene, sim: simulator.Simulator
  ) -> None:
    """Ends the episode, the motion, or goes on to the next action."""
    state = self.notes.states[-1]
    self.ended = events.lost(scene, state)
    if not self.ended and sim.world(self.index).time >= scene.time_limit - 1e-6:
      self.ended = 'time'
    if self.over:
      self._tried(planned=True, completed=False)
      self._move = None
      self._steps.close()
    elif self._final:
      self._final -= 1
      if not self._final:
        self._tried(planned=True, completed=True)
        self._move, self.ended = None, 'final'
        self._steps.close()
    elif scene.rules.final(state):
      self._final = round(scene.rules.settle * sim.spec.rate_hz)
      self._hold()
    elif self._wait:
      self._wait -= 1
      if not self._wait:
        self._end_move(completed=False)
    else:
      self._go_on(scene, state)

  def _go_on(
    self, scene: scene_lib.Scene, state: scene_state.SceneState
  ) -> None:
    assert self._move is not None
    actions = self._move.motion.actions
    if self._dropped(scene, state):
      # The student must see what happened.
      self._hold()
      self._wait = _DROP_WAIT
      return
    self._cursor += 1
    if self._cursor >= len(actions):
      self._end_move(completed=True)

  def _hold(self) -> None:
    """From now on the latest action is repeated."""
    assert self._move is not None
    actions = self._move.motion.actions
    held = motion.Motion(actions[self._cursor : self._cursor + 1])
    self._move = walk.Move(held, self._move.skill)
    self._cursor = 0

  def _end_move(self, *, completed: bool) -> None:
    self._tried(planned=True, completed=completed)
    self._move = None
    self.send(completed)

  def _dropped(
    self, scene: scene_lib.Scene, state: scene_state.SceneState
  ) -> bool:
    assert self._move is not None
    span, skill = self._move.motion.holding, self._move.skill
    if span is None or skill is None:
      return False
    if not span[0] <= self._cursor < span[1]:
      return False
    return not events.in_gripper(scene, state, skill.link)

  def _take(self, ask: Callable[[], walk.Plan | walk.Move]) -> None:
    try:
      wanted = ask()
    except StopIteration as stop:
      self.ended = 'success' if stop.value else 'stuck'
      return
    self._skill = wanted.skill
    if isinstance(wanted, walk.Move):
      self._move, self._cursor, self._wait = wanted, 0, 0
    else:
      self.wants = wanted

  def _verdict(self, node: int) -> int:
    began = time.process_time()
    found = self.notes.verdict(node)
    self.judging += time.process_time() - began
    return found
