"""One attempt at one task, as the dataset keeps it."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int8

from sdd.scenes import world_state

TRUE, FALSE, UNKNOWN = 1, 0, -1  # verdicts of a predicate
# What is noted of every time a skill was to be done: for which node, whether
# a motion was found, whether it was carried out to its end, and afterwards
# the node's verdict and the hand-written `achievement`.
TRIAL = ('node', 'planned', 'completed', 'verdict', 'achieved')
UNMEASURED = -1.0  # the robustness of an episode that was not replayed


@dataclasses.dataclass(frozen=True)
class EpisodeMetadata:
  """Where an episode comes from and how it ended.

  Deterministic: the same seed gives the same metadata on every run, so no
  wall-clock time is in here.

  Attributes:
    index: number of the episode within its run; unique in a dataset.
    seed: the run's seed; (seed, index) fixes every random draw.
    scene: name of the scene.
    task: the task sentence.
    success: the inferred predicate of the root held at the end, and
      nothing ended the episode early. Decides the split.
    ground_truth: the hand-written rule held at the end. Never used to
      filter; evaluation and agreement only. False, and without meaning,
      where it is not `judged`.
    ended: why the episode ended: `success`, `time`, `floor`, `foul` (the
      scene's rules were broken), `stuck` (no motion found, or too many
      retries), `undone` (the skills ran, the predicate does not hold) or
      `error`.
    error: the message when `ended` is `error` or `stuck`, else empty.
    task_tree: JSON of the task tree, success code included.
    nodes: instruction of each node, pre-order; the verdicts' last axis.
    completions: identifiers of the completions the tree was built from.
    retries: how often each node was tried again, pre-order.
    trials: a row for every time a skill was to be done, columns `TRIAL`.
    scene_sha256: hash of the scene's MJCF; the text is kept by the dataset.
    versions: package name to version.
    duration: simulated seconds.
    initial: the initial world, name to array, enough to replay actions.
    robustness: the share of perturbed copies of the world in which the same
      actions succeed, within 0 and 1; `UNMEASURED` where nobody measured.
    robustness_copies: how many copies that was measured on.
    judged: whether the scene has a hand-written rule for the sentence.
    appearance: how images of the episode were made: renderer, picture size
      and what was varied; empty where there are none.
  """

  index: int
  seed: int
  scene: str
  task: str
  success: bool
  ground_truth: bool
  ended: str
  error: str
  task_tree: str
  nodes: tuple[str, ...]
  completions: tuple[str, ...]
  retries: tuple[int, ...]
  trials: tuple[tuple[int, ...], ...]
  scene_sha256: str
  versions: Mapping[str, str]
  duration: float
  initial: Mapping[str, np.ndarray]
  robustness: float = UNMEASURED
  robustness_copies: int = 0
  judged: bool = True
  appearance: Mapping[str, Any] = dataclasses.field(default_factory=dict)

  @property
  def initial_world(self) -> world_state.WorldState:
    """The initial world, as a simulator takes it."""
    values: dict[str, Any] = {
      name: np.array(value) if np.ndim(value) else float(value)
      for name, value in self.initial.items()
    }
    for name in ('shape', 'latency', 'push_seed'):
      values[name] = int(values[name])
    return world_state.WorldState(**values)


@dataclasses.dataclass(frozen=True)
class Episode:
  """`T` observations and actions at the control rate.

  The last step holds the final observation; its action repeats the one
  before, so that a policy trained to the end learns to stay.

  Attributes:
    proprioception: end-effector position (3), first two rows of its
      rotation matrix (6), measured opening (1); robot base frame.
    state: object and joint state, laid out by the scene's `state_names`.
    action: as in `sdd.simulation.action`.
    world: full `qpos` of every step, for rendering.
    sub_task: instruction of the active node one level below the root.
    skill: the active skill as text, e.g. `grasp(crayon box)`; empty while
      waiting.
    verdict: every node's predicate at every step: 1, 0 or -1 (unknown).
    metadata: the rest.
  """

  proprioception: Float[np.ndarray, 'T 10']
  state: Float[np.ndarray, 'T S']
  action: Float[np.ndarray, 'T 10']
  world: Float[np.ndarray, 'T nq']
  sub_task: Sequence[str]
  skill: Sequence[str]
  verdict: Int8[np.ndarray, 'T N']
  metadata: EpisodeMetadata


def has_unknown(verdict: Int8[np.ndarray, 'T N']) -> tuple[bool, bool]:
  """Whether any node was ever unknown, and whether the root was at the end.

  An unknown verdict counts as not successful.
  """
  unknown = verdict == UNKNOWN
  return bool(unknown.any()), bool(unknown[-1:, :1].any())
