"""The states on which predicates are audited, come about in a simulator.

Worlds that have just been reset, or in which the arm only waited; random
motions; attempts at tasks; and, after the motions, worlds in which nothing
is done any more but a tremble of the tool, to see what flickers.
"""

import dataclasses
import itertools
from collections.abc import Callable, Sequence

import jax
import mujoco
import numpy as np
from jaxtyping import Bool, Float

from sdd.collection import (
  collector,
  events,
  random_motion,
  walk,
  witness,
)
from sdd.collection import episode as episode_lib
from sdd.language import task_tree
from sdd.planning import pool
from sdd.predicates import audit_group
from sdd.scenes import scene as scene_lib
from sdd.simulation import action, scene_state, simulator

# What `seen` is told of, and how many shares of states come of each.
STAGES = {'at reset': 2, 'of random motion': 1, 'of attempts': 2}
_WORLD, _MOTION, _SHAKE = 0, 2, 3  # streams of random numbers
_WAIT, _HOLD = 4, 8  # periods
_LONG, _SHORT = 60, 12  # states of an attempt, and of a random motion
# While worlds are held still the tool trembles, metres, and whatever lies about
# is nudged, metres and radians a second: it slides by a tenth of a millimetre.
_TREMBLING, _NUDGE, _TWIST = 0.0003, 0.05, 0.3
Runs = list[list[scene_state.SceneState]]


@dataclasses.dataclass
class _Moved:
  """What became of worlds in which something was done.

  Attributes:
    runs: the states of each world from its reset on.
    held: states of those that were held still in the end, while they were.
    before: the first state of the run of each of these.
  """

  runs: Runs = dataclasses.field(default_factory=list)
  held: Runs = dataclasses.field(default_factory=list)
  before: list[scene_state.SceneState] = dataclasses.field(default_factory=list)

  @property
  def states(self) -> int:
    """How many there are before anything was held."""
    return sum(map(len, self.runs))


@dataclasses.dataclass(frozen=True)
class Gathering:
  """What states come from.

  Attributes:
    sim: a batch of worlds.
    seed: of every draw; worlds begin as those of a collection with it.
    share: how many states a group should have, about.
    seen: told of new states by their number, and what they are.
  """

  sim: simulator.Simulator
  seed: int
  share: int
  seen: Callable[[int, str], object] = lambda count, what: None

  def witness(self, what: str) -> witness.Witness:
    """The simulator, remembering what it shows from now on."""
    return witness.Witness(self.sim, lambda count: self.seen(count, what))

  def rng(self, *stream: int) -> np.random.Generator:
    """Random numbers of one of its streams."""
    return np.random.default_rng((self.seed, *stream))


def gather(
  gathering: Gathering,
  infer: Callable[[str], task_tree.TaskTree],
  tasks: Sequence[str],
  planner: pool.Planner,
) -> list[audit_group.Group]:
  """All groups: reset, waiting, random motion, attempts, holding still.

  Args:
    gathering: what states come from.
    infer: the task tree of a sentence.
    tasks: sentences that are attempted in turn, each at least once.
    planner: of the attempts' motions.
  """
  reset, waiting = _untouched(gathering)
  chance = _random(gathering)
  tried = _attempts(gathering, infer, tasks, planner)
  held, before = chance.held + tried.held, chance.before + tried.before
  return [
    audit_group.group('reset', 'reset', reset),
    audit_group.group(
      'waiting',
      'reset',
      waiting,
      initial=[run[0] for run in reset[: len(waiting)]],
    ),
    audit_group.group('random motion', 'motion', chance.runs),
    audit_group.group('scripted motion', 'motion', tried.runs),
    audit_group.group('holding still', 'motion', held, initial=before),
  ]


def attempted(
  gathering: Gathering,
  infer: Callable[[str], task_tree.TaskTree],
  jobs: Sequence[collector.Job],
  planner: pool.Planner,
  *,
  retry: walk.Retry = 'inferred',
) -> tuple[list[audit_group.Group], list[episode_lib.Episode]]:
  """The states of these attempts, and of holding still after them.

  Args:
    gathering: what states come from; `share` is not looked at.
    infer: the task tree of a job's sentence.
    jobs: the attempts, each with an index of its own.
    planner: of their motions.
    retry: what to do about failures, see `walk`.

  Returns:
    two groups, and the episodes. The first group has their steps as runs, in
    the same order.
  """
  moved, made = _Moved(), []
  order = {job.index: k for k, job in enumerate(jobs)}
  for begun in range(0, len(jobs), gathering.sim.size):
    now = jobs[begun : begun + gathering.sim.size]
    sim = gathering.witness('of attempts')
    made += _attempt(sim, gathering.seed, infer, now, planner, retry)
    _end(gathering, sim, range(len(now)), moved)
  made.sort(key=lambda each: order[each.metadata.index])
  groups = [
    audit_group.group('attempts', 'motion', moved.runs),
    audit_group.group('held still', 'motion', moved.held, initial=moved.before),
  ]
  return groups, made


def _untouched(gathering: Gathering) -> tuple[Runs, Runs]:
  """States at reset, and what becomes of them when the arm only waits."""
  sim = gathering.witness('at reset')
  reset: Runs = []
  waiting: Runs = []
  while len(reset) < gathering.share:
    here = range(min(sim.size, gathering.share - len(reset)))
    for index in here:
      _reset(gathering, sim, index, len(reset) + index)
    if sum(map(len, waiting)) < gathering.share:
      _hold(gathering, sim, here, periods=_WAIT, shaken=False)
      waiting += [sim.runs[index][1:] for index in here]
    reset += [sim.runs[index][:1] for index in here]
  return reset, waiting


def _random(gathering: Gathering) -> _Moved:
  """Random motions, anew where something fell on the floor."""
  sim = gathering.witness('of random motion')
  scene, number = sim.scene, itertools.count()
  size = min(sim.size, max(1, gathering.share // _SHORT))
  wanderers = [
    random_motion.Wanderer(
      scene, gathering.rng(index, _MOTION), rate_hz=sim.spec.rate_hz
    )
    for index in range(size)
  ]

  def begin(index: int) -> None:
    _reset(gathering, sim, index, next(number))
    wanderers[index].begin(sim.proprioception(index))

  for index in range(size):
    begin(index)
  moved = _Moved()
  while moved.states + sum(map(len, sim.runs)) < gathering.share:
    actions = np.zeros((sim.size, action.DIMENSION), np.float32)
    for index, wanderer in enumerate(wanderers):
      if events.lost(scene, sim.scene_state(index)):
        moved.runs.append(sim.runs[index])
        begin(index)
      actions[index] = wanderer.act(sim.scene_state(index))
    sim.step(actions, _active(sim, range(size)))
  _end(gathering, sim, range(size), moved)
  return moved


def _attempts(
  gathering: Gathering,
  infer: Callable[[str], task_tree.TaskTree],
  tasks: Sequence[str],
  planner: pool.Planner,
) -> _Moved:
  """Attempts at every task, each in a world of its own."""
  count = max(len(tasks), -(-gathering.share // _LONG))
  moved, first = _Moved(), 0
  # Where verdicts end attempts too early, skills are carried out regardless.
  for retry in ('inferred', 'none', 'none'):
    if moved.states >= gathering.share:
      break
    for begun in range(0, count, gathering.sim.size):
      size = min(gathering.sim.size, count - begun)
      jobs = [
        collector.Job(first + k, tasks[(first + k) % len(tasks)])
        for k in range(size)
      ]
      first += size
      sim = gathering.witness('of attempts')
      _attempt(sim, gathering.seed, infer, jobs, planner, retry)
      _end(gathering, sim, range(size), moved)
  return moved


def _attempt(
  sim: witness.Witness,
  seed: int,
  infer: Callable[[str], task_tree.TaskTree],
  jobs: Sequence[collector.Job],
  planner: pool.Planner,
  retry: walk.Retry,
) -> list[episode_lib.Episode]:
  """Attempts each job in a world of its own; states stay in the simulator."""
  attempts = collector.Collector(
    sim.scene, infer, sim, planner, seed=seed, retry=retry
  )
  return list(attempts.run(jobs))


def _end(
  gathering: Gathering,
  sim: witness.Witness,
  worlds: range,
  moved: _Moved,
) -> None:
  """Keeps the runs of these worlds, and holds the worlds still."""
  runs = [list(sim.runs[index]) for index in worlds]
  _hold(gathering, sim, worlds, periods=_HOLD, shaken=True)
  for index, run in zip(worlds, runs, strict=True):
    moved.runs.append(run)
    moved.held.append(sim.runs[index][len(run) - 1 :])
    moved.before.append(run[0])


def _hold(
  gathering: Gathering,
  sim: witness.Witness,
  worlds: range,
  *,
  periods: int,
  shaken: bool,
) -> None:
  """Repeats the latest action; if `shaken`, with the slightest motion."""
  rng = gathering.rng(_SHAKE)
  hold = np.zeros((sim.size, action.DIMENSION), np.float32)
  for index in worlds:
    latest = sim.commands[index]
    hold[index] = sim.proprioception(index) if latest is None else latest
  for _ in range(periods):
    actions = hold.copy()
    if shaken:
      actions[:, :3] += rng.uniform(-_TREMBLING, _TREMBLING, (sim.size, 3))
      for index in worlds:
        sim.nudge(index, _push(sim.scene, rng))
    sim.step(actions, _active(sim, worlds))


def _push(
  scene: scene_lib.Scene, rng: np.random.Generator
) -> Float[np.ndarray, ' nv']:
  """Small velocities of everything that lies about."""
  model, push = scene.model, np.zeros(scene.model.nv)
  free = model.jnt_type == mujoco.mjtJoint.mjJNT_FREE
  for start in model.jnt_dofadr[free]:
    push[start : start + 3] = rng.uniform(-_NUDGE, _NUDGE, 3)
    push[start + 3 : start + 6] = rng.uniform(-_TWIST, _TWIST, 3)
  return push


def _reset(
  gathering: Gathering, sim: witness.Witness, index: int, number: int
) -> None:
  sim.reset(index, sim.scene.initial(gathering.rng(number, _WORLD)))


def _active(sim: witness.Witness, worlds: range) -> Bool[np.ndarray, ' B']:
  active = np.zeros(sim.size, bool)
  active[worlds.start : worlds.stop] = True
  return active


def truth(
  group: audit_group.Group, rule: Callable[[scene_state.SceneState], bool]
) -> Bool[np.ndarray, ' n']:
  """What a hand-written rule says about each state of a group."""
  states = group.final
  return np.array(
    [
      rule(jax.tree.map(lambda x, index=index: x[index], states))
      for index in range(group.size)
    ],
    bool,
  )
