"""A policy in the loop: observe, infer a chunk, execute part of it."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sdd import errors
from sdd.collection import episode as episode_lib
from sdd.collection import events
from sdd.evaluation import eyes as eyes_lib
from sdd.policy import protocol
from sdd.predicates import predicate as predicate_lib
from sdd.scenes import physics_variation
from sdd.scenes import scene as scene_lib
from sdd.simulation import scene_state, simulator


@dataclasses.dataclass(frozen=True)
class Trial:
  """One time that a skill was to be done.

  Attributes:
    instruction: of the leaf.
    skill: as text.
    planned: whether a motion was found.
    completed: whether it was carried out to its end.
    verdict: of the leaf's inferred predicate afterwards: 1, 0 or -1.
    achieved: what a hand-written rule says.
  """

  instruction: str
  skill: str
  planned: bool
  completed: bool
  verdict: int
  achieved: bool


@dataclasses.dataclass(frozen=True)
class Outcome:
  """How one evaluation episode went.

  Attributes:
    task: the sentence.
    index: of the episode; with the seed it fixes the initial world.
    success: ground truth; where there is none, what success code says.
    seconds: simulated time at which it ended.
    ended: as in `EpisodeMetadata`.
    error: the message, when `ended` is `error` or `stuck`.
    retries: how often a sub-task was tried again; the generator's only.
    inferred: the verdict of the inferred predicate; the generator's only.
    cpu: CPU seconds it took where that is known.
    trials: of the generator's skills, in order.
    path: metres that the tool travelled.
    grasp: where the first object was held and from where: tool position (3,
      metres) and approach direction (3), both in the object's own frame.
    unknown: whether some node's verdict was unknown once; None where nothing
      is inferred.
    unknown_at_end: whether that of the root was, at the end.
    digest: of the actions; equal ones have equal digests.
    judged: whether a hand-written rule said so.
    instead: other tasks of the scene that were done at the end; a policy's
      only.
  """

  task: str
  index: int
  success: bool
  seconds: float
  ended: str
  error: str = ''
  retries: int = 0
  inferred: bool | None = None
  cpu: float = 0.0
  trials: tuple[Trial, ...] = ()
  path: float = 0.0
  grasp: tuple[float, ...] = ()
  unknown: bool | None = None
  unknown_at_end: bool | None = None
  digest: str = ''
  judged: bool = True
  instead: tuple[str, ...] = ()

  def to_json(self) -> dict[str, Any]:
    return dataclasses.asdict(self)

  @classmethod
  def from_json(cls, fields: dict[str, Any]) -> 'Outcome':
    trials = tuple(Trial(**trial) for trial in fields['trials'])
    grasp = tuple(fields['grasp'])
    instead = tuple(fields.get('instead', ()))
    return cls(
      **{**fields, 'trials': trials, 'grasp': grasp, 'instead': instead}
    )


def rollout(
  policy: protocol.Policy,
  scene: scene_lib.Scene,
  task: str,
  *,
  seed: int,
  index: int,
  sim: simulator.Simulator | None = None,
  watch: Callable[[simulator.Simulator], None] | None = None,
  code: predicate_lib.Predicate | None = None,
  physics: physics_variation.Physics | None = None,
) -> Outcome:
  """One episode under a policy, judged by the ground truth.

  Where nobody wrote a rule for the task, the success code `code` judges.

  Ends at the first success (paper, section 4), at the time limit, when an
  object touches the floor, or as the scene's rules say. An exception of the
  policy is a failure.
  `watch` is called with the simulator before every action. `physics` are the
  ranges that the world's are drawn from; None for the scene's own.
  """
  sim = sim or simulator.make('mujoco', scene)
  began = time.process_time()
  sim.reset(
    0,
    physics_variation.initial(scene, seed=seed, index=index, physics=physics),
  )
  ended, error = 'time', ''
  try:
    policy.reset(seed=index)
    truth = scene.rule(task) or _by_code(code, sim.scene_state(0))
    with eyes_lib.Eyes(scene, protocol.wanted(policy)) as eyes:
      ended = _run(
        policy, scene, sim, task, truth, watch or (lambda _: None), eyes
      )
  # Whatever a policy raises is its failure, and the others' runs go on.
  except Exception as problem:  # noqa: BLE001
    ended, error = 'error', f'{type(problem).__name__}: {problem}'
  return Outcome(
    task=task,
    index=index,
    success=ended == 'success',
    seconds=float(sim.world(0).time),
    ended=ended,
    error=error,
    cpu=time.process_time() - began,
    judged=scene.rule(task) is not None,
    instead=_others(scene, task, sim.scene_state(0)),
  )


def _others(
  scene: scene_lib.Scene, task: str, state: scene_state.SceneState
) -> tuple[str, ...]:
  """Other tasks that hand-written rules call done."""
  asked = scene.find_task(task)
  return tuple(
    other.sentence
    for other in scene.tasks
    if other != asked
    and (rule := scene.rule(other.sentence)) is not None
    and bool(rule(state))
  )


def _by_code(
  code: predicate_lib.Predicate | None, initial: scene_state.SceneState
) -> scene_lib.GroundTruth:
  """Success code as a rule on the state now; unknown is not done."""
  if code is None:
    raise errors.SddError(
      'Nobody wrote a rule for this task, and no success code is given.'
    )
  return lambda state: (
    int(code.verdict(initial, state, xp=np)) == episode_lib.TRUE
  )


def _run(
  policy: protocol.Policy,
  scene: scene_lib.Scene,
  sim: simulator.Simulator,
  task: str,
  truth: scene_lib.GroundTruth,
  watch: Callable[[simulator.Simulator], None],
  eyes: eyes_lib.Eyes,
) -> str:
  everywhere = np.ones(1, bool)
  chunk, cursor = np.zeros((0, 10)), 0
  while sim.world(0).time < scene.time_limit - 1e-6:
    watch(sim)
    seen = observe(scene, sim, 0, task)
    if cursor >= min(len(chunk), policy.execution_horizon):
      seen |= eyes.see(sim, 0)
      chunk, cursor = np.asarray(policy.infer(seen)), 0
      if not np.all(np.isfinite(chunk)):
        raise FloatingPointError('the policy answered a number not finite')
    else:
      policy.observe(seen)
    sim.step(chunk[None, cursor], everywhere)
    cursor += 1
    state = sim.scene_state(0)
    if lost := events.lost(scene, state):
      return lost
    if truth(state):
      return 'success'
    if scene.rules.final(state):
      return _settle(scene, sim, chunk[None, cursor - 1], truth, watch)
  return 'time'


def _settle(
  scene: scene_lib.Scene,
  sim: simulator.Simulator,
  hold: np.ndarray,
  truth: scene_lib.GroundTruth,
  watch: Callable[[simulator.Simulator], None],
) -> str:
  """The robot holds still; what comes of it counts."""
  for _ in range(round(scene.rules.settle * sim.spec.rate_hz)):
    watch(sim)
    sim.step(hold, np.ones(1, bool))
    state = sim.scene_state(0)
    if lost := events.lost(scene, state):
      return lost
    if truth(state):
      return 'success'
  return 'undone'


def observe(
  scene: scene_lib.Scene, sim: simulator.Simulator, index: int, task: str
) -> dict[str, Any]:
  """What a policy gets to know of one world, but for pictures."""
  return {
    'proprioception': sim.proprioception(index).astype(np.float32),
    'state': scene.state_vector(sim.scene_state(index)).astype(np.float32),
    'instruction': task,
  }
