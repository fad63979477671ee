"""What happened in one world, step by step, until it is an `Episode`."""

import dataclasses
import functools
import importlib.metadata

import numpy as np

from sdd.collection import achievement, episode
from sdd.collection import judge as judge_lib
from sdd.language import task_tree
from sdd.scenes import scene as scene_lib
from sdd.scenes import world_state
from sdd.simulation import scene_state, simulator

_PACKAGES = ('jax', 'mujoco', 'mujoco-mjx', 'numpy', 'ompl')


@functools.cache
def versions() -> dict[str, str]:
  """Versions of what decides an episode's numbers."""
  import sdd

  found = {name: importlib.metadata.version(name) for name in _PACKAGES}
  return {'sdd': sdd.__version__, **found}


@dataclasses.dataclass(frozen=True)
class Origin:
  """What an episode is an attempt at; see `EpisodeMetadata`."""

  index: int
  seed: int
  task: str
  tree: task_tree.TaskTree


class Recorder:
  """Collects the steps of one world."""

  def __init__(
    self,
    scene: scene_lib.Scene,
    origin: Origin,
    initial: world_state.WorldState,
    judge: judge_lib.Judge,
  ):
    self.scene, self.origin, self.initial = scene, origin, initial
    self.states: list[scene_state.SceneState] = []
    self._judge = judge
    self._proprioception: list[np.ndarray] = []
    self._world: list[np.ndarray] = []
    self._action: list[np.ndarray] = []
    self._sub_task: list[str] = []
    self._skill: list[str] = []
    self._trials: list[tuple[int, ...]] = []

  def observe(self, sim: simulator.Simulator, slot: int) -> None:
    """Notes the state that the next action will be taken in."""
    self.states.append(sim.scene_state(slot))
    self._judge.see(self.states[-1])
    self._proprioception.append(sim.proprioception(slot))
    self._world.append(sim.world(slot).qpos)

  def act(self, action: np.ndarray, *, node: int, skill: str) -> None:
    """Notes the action taken, and for the sake of which node."""
    self._action.append(np.asarray(action, np.float32))
    self._sub_task.append(self._below_root(node))
    self._skill.append(skill)

  def begin(self, node: int) -> None:
    """The latest state is from now on the initial one of that node."""
    self._judge.begin(node)

  def tried(self, node: int, *, planned: bool, completed: bool) -> None:
    """Notes that a leaf's skill was to be done, and how it looks now."""
    skill = self.origin.tree.nodes[node].skill
    assert skill is not None
    done = achievement.achieved(self.scene, self.states[-1], skill)
    row = (node, planned, completed, self.verdict(node), done)
    self._trials.append(tuple(int(entry) for entry in row))

  def verdict(self, node: int) -> int:
    """Verdict of a node's predicate in the latest state."""
    return self._judge.verdict(node)

  def finish(
    self, *, ended: str, problem: str, retries: tuple[int, ...], duration: float
  ) -> episode.Episode:
    """The episode. The last state has been observed and not acted upon."""
    stacked = judge_lib.stack(self.states)
    verdict = self._judge.timeline()
    actions = self._action or [_hold(self._proprioception[-1])]
    labels = self._sub_task or [self.origin.task]
    skills = self._skill or ['']
    over = len(self.states) - len(self._action)
    return episode.Episode(
      proprioception=np.asarray(self._proprioception, np.float32),
      state=self.scene.state_vector(stacked).astype(np.float32),
      action=np.asarray(self._action + actions[-1:] * over, np.float32),
      world=np.asarray(self._world, np.float32),
      sub_task=[*self._sub_task, *labels[-1:] * over],
      skill=[*self._skill, *skills[-1:] * over],
      verdict=verdict,
      metadata=self._metadata(verdict, ended, problem, retries, duration),
    )

  def _metadata(
    self,
    verdict: np.ndarray,
    ended: str,
    problem: str,
    retries: tuple[int, ...],
    duration: float,
  ) -> episode.EpisodeMetadata:
    origin, done = self.origin, verdict[-1, 0] == episode.TRUE
    rule = self.scene.rule(origin.task)
    truth = rule is not None and rule(self.states[-1])
    alive = ended not in ('floor', 'foul', 'error')
    success = bool(done and alive)
    if not success and ended in ('success', 'final'):
      ended = 'undone'  # every skill ran, which did not do
    return episode.EpisodeMetadata(
      index=origin.index,
      seed=origin.seed,
      scene=self.scene.name,
      task=origin.task,
      success=success,
      ground_truth=bool(truth and alive),
      judged=rule is not None,
      ended='success' if success else ended,
      error=problem if not success and ended in ('stuck', 'error') else '',
      task_tree=origin.tree.to_json(),
      nodes=tuple(node.instruction for node in origin.tree.nodes),
      completions=origin.tree.completions,
      retries=retries,
      trials=tuple(self._trials),
      scene_sha256=self.scene.shaped(self.initial.shape).sha256,
      versions=versions(),
      duration=duration,
      initial={
        key: np.asarray(value)
        for key, value in dataclasses.asdict(self.initial).items()
      },
    )

  def _below_root(self, node: int) -> str:
    """Instruction of the node's ancestor one level below the root."""
    nodes, parents = self.origin.tree.nodes, self.origin.tree.parents
    while parents[node] not in (None, 0):
      above = parents[node]
      assert above is not None
      node = above
    return nodes[node].instruction


def _hold(proprioception: np.ndarray) -> np.ndarray:
  """An action that stays where the robot is."""
  return np.asarray(proprioception, np.float32)
