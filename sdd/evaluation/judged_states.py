"""The states on which success code of the benchmark's tasks is judged.

Gathered once a scene, with trees that are trusted, and kept on disk: states
at reset, waiting, along random motions, attempts at every task, and near
misses: the same attempts with a step left out, or with the object put down
somewhere else. States of one task are those of the others in the same scene:
the crayon box in the middle drawer is a near miss of the top one.
"""

import dataclasses
import functools
import hashlib
import json
import math
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from sdd.collection import (
  achievement,
  audit_states,
  collector,
  episode,
  recorder,
)
from sdd.evaluation import near_miss, plan_world, state_files
from sdd.language import skill as skill_lib
from sdd.language import task_tree
from sdd.planning import pool
from sdd.predicates import audit_group
from sdd.scenes import scene as scene_lib
from sdd.simulation import scene_state

FORMAT = 1
STAGES = ('audit', 'attempts', 'near misses')
_OWN = 10_000  # first index of worlds that no audit draws
_MISSED = 20_000
Trees = Callable[[str], task_tree.TaskTree]


@dataclasses.dataclass(frozen=True)
class Size:
  """How many states, about.

  Attributes:
    share: states a group of the audit has.
    attempts: at all tasks together, at least one each.
    misses: attempts at all near misses together, at least one each.
  """

  share: int = 300
  attempts: int = 24
  misses: int = 36


@dataclasses.dataclass(frozen=True)
class Source:
  """What the states of a scene come from.

  Attributes:
    scene: the scene.
    trees: the trusted task tree of each of its tasks.
    seed: of every draw.
    size: how many.
  """

  scene: scene_lib.Scene
  trees: Trees
  seed: int = 0
  size: Size = Size()

  @functools.cached_property
  def digest(self) -> str:
    """Differs between sources whose states differ."""
    content = {
      'format': FORMAT,
      'scenes': sorted(self.scene.texts),
      'variation': self.scene.variation,
      'trees': [self.trees(t.sentence).to_json() for t in self.scene.tasks],
      'seed': self.seed,
      'size': dataclasses.asdict(self.size),
      'versions': recorder.versions(),
    }
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclasses.dataclass(frozen=True, eq=False)
class JudgedStates:
  """All states of a scene.

  Attributes:
    scene: the scene.
    groups: the states.
    steps: skill as text to the states before and after it was done, (n, ...)
      each, in the attempts at the tasks.
  """

  scene: scene_lib.Scene
  groups: tuple[audit_group.Group, ...]
  steps: state_files.Steps


def load(
  source: Source,
  folder: pathlib.Path,
  gathering: audit_states.Gathering,
  planner: pool.Planner,
) -> JudgedStates:
  """The states, gathered as far as they are not in the folder.

  Every stage is kept when it is complete; one that was cut short begins anew.

  Args:
    source: what the states come from.
    folder: where they are kept.
    gathering: worlds to gather in, with the seed and share of the source.
    planner: of the attempts' motions.

  Raises:
    errors.SddError: a kept file is damaged.
  """
  groups: state_files.Groups = []
  steps: dict[str, state_files.Pair] = {}
  for stage in STAGES:
    if not _path(source, folder, stage).exists():
      keep(source, folder, stage, *_gather(stage, source, gathering, planner))
    found, done = state_files.read(_path(source, folder, stage))
    groups += found
    steps |= done
  return JudgedStates(source.scene, tuple(groups), steps)


def complete(source: Source, folder: pathlib.Path) -> bool:
  """Whether all of it is in the folder."""
  return all(_path(source, folder, stage).exists() for stage in STAGES)


def _path(source: Source, folder: pathlib.Path, stage: str) -> pathlib.Path:
  name = f'{source.scene.name}_{source.digest}_{stage.replace(" ", "_")}.npz'
  return folder / name


def _gather(
  stage: str,
  source: Source,
  gathering: audit_states.Gathering,
  planner: pool.Planner,
) -> tuple[state_files.Groups, dict[str, state_files.Pair]]:
  tasks = [task.sentence for task in source.scene.tasks]
  if stage == 'audit':
    found = audit_states.gather(gathering, source.trees, tasks, planner)
    return [group for group in found if group.size], {}
  if stage == 'attempts':
    count = max(len(tasks), source.size.attempts)
    jobs = [
      collector.Job(_OWN + k, tasks[k % len(tasks)]) for k in range(count)
    ]
    groups, made = audit_states.attempted(
      gathering, source.trees, jobs, planner
    )
    return groups, _steps(source.scene, groups[0], made)
  return _misses(source, gathering, planner), {}


def _misses(
  source: Source,
  gathering: audit_states.Gathering,
  planner: pool.Planner,
) -> state_files.Groups:
  """Every near miss in some worlds, its skills carried out once each."""
  world = plan_world.world(source.scene)
  trees = [
    tree
    for task in source.scene.tasks
    for tree in near_miss.trees(source.trees(task.sentence), world)
  ]
  groups: state_files.Groups = []
  first, repeats = _MISSED, math.ceil(source.size.misses / max(1, len(trees)))
  for tree in trees:
    jobs = [collector.Job(first + k, tree.task) for k in range(repeats)]
    first += repeats
    found, _ = audit_states.attempted(
      gathering, lambda _, tree=tree: tree, jobs, planner, retry='none'
    )
    groups += [group for group in found if group.size]
  return groups


def _steps(
  scene: scene_lib.Scene,
  group: audit_group.Group,
  made: Sequence[episode.Episode],
) -> dict[str, state_files.Pair]:
  """By skill, the states before and after, where it was done in between."""
  pairs: dict[str, list[tuple[int, int]]] = {}
  starts = np.flatnonzero(~group.follows).tolist()
  for begun, each in zip(starts, made, strict=True):
    skills = _skills(each, scene)
    for text, before, after in _stretches(each.skill):
      if text in skills and _done(
        scene, group.final, skills[text], begun + before, begun + after
      ):
        pairs.setdefault(text, []).append((begun + before, begun + after))
  return {
    text: (
      _at(group.final, [before for before, _ in found]),
      _at(group.final, [after for _, after in found]),
    )
    for text, found in pairs.items()
  }


def _skills(
  made: episode.Episode, scene: scene_lib.Scene
) -> dict[str, skill_lib.Skill]:
  tree = task_tree.TaskTree.from_json(made.metadata.task_tree, scene.vocabulary)
  return {str(node.skill): node.skill for node in tree.nodes if node.skill}


def _stretches(labels: Sequence[str]) -> Iterator[tuple[str, int, int]]:
  """Label, first step, and the step after the last, of equal labels."""
  begun = 0
  for index in range(1, len(labels) + 1):
    if index == len(labels) or labels[index] != labels[begun]:
      yield labels[begun], begun, min(index, len(labels) - 1)
      begun = index


def _done(
  scene: scene_lib.Scene,
  states: scene_state.SceneState,
  skill: skill_lib.Skill,
  before: int,
  after: int,
) -> bool:
  """Whether a skill was done after and not before, by hand-written rules."""
  return achievement.achieved(
    scene, _at(states, after), skill
  ) and not achievement.achieved(scene, _at(states, before), skill)


def _at(states: scene_state.SceneState, index: Any) -> scene_state.SceneState:
  return scene_state.SceneState(
    **{name: value[index] for name, value in vars(states).items()}
  )


def keep(
  source: Source,
  folder: pathlib.Path,
  stage: str,
  groups: state_files.Groups,
  steps: state_files.Steps,
) -> None:
  """Writes the states of one stage, at once.

  Args:
    source: what they come from.
    folder: where they are kept.
    stage: one of `STAGES`.
    groups: the states.
    steps: as in `JudgedStates`.
  """
  state_files.write(_path(source, folder, stage), groups, steps)
