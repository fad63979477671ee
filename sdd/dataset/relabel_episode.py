"""Judging one stored episode again, by other success code."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from sdd.collection import episode as episodes
from sdd.collection import replay
from sdd.dataset import verdict_change
from sdd.language import task_tree
from sdd.predicates import predicate as predicates
from sdd.scenes import scene as scene_lib
from sdd.scenes import vocabulary
from sdd.simulation import scene_state

_LOST = ('floor', 'foul', 'error')  # endings that no verdict can redeem


@dataclasses.dataclass(frozen=True)
class Label:
  """What to judge an episode by.

  Attributes:
    predicate: the new success code of the whole task.
    task: the sentence that the code is for; empty for the episode's own.
    speak: whether that sentence becomes the episode's.
    completions: identifiers of the completions it was inferred from.
  """

  predicate: predicates.Predicate
  task: str = ''
  speak: bool = False
  completions: tuple[str, ...] = ()


class Relabeller:
  """Judges the episodes of one dataset again."""

  def __init__(self, scene: scene_lib.Scene, texts: Mapping[str, str]):
    """Takes the scene, for its names, and the stored models by SHA-256.

    Raises:
      errors.SddError: the scene does not fit one of the models.
    """
    self.scene = scene
    self._replays = {
      sha256: replay.Replay(dataclasses.replace(scene, mjcf=text, shapes=()))
      for sha256, text in texts.items()
    }
    self._tree = functools.lru_cache(maxsize=256)(self._changed_tree)
    self._root = functools.lru_cache(maxsize=256)(self._old_predicate)

  def __call__(
    self, episode: episodes.Episode, label: Label
  ) -> tuple[episodes.Episode, verdict_change.Change]:
    """The episode as that label has it, and what that changed.

    The initial state of the new predicate is the first step. The root's
    verdicts are replaced; those of the nodes below stay, as do `trials` and
    `retries`: they say what the robot went by. Robustness is that of the
    old code, and is forgotten if the new one is another.

    Raises:
      errors.SddError: the episode does not fit the scene.
    """
    about = episode.metadata
    states = self._replays[about.scene_sha256].states(episode)
    first = jax.tree.map(lambda x: x[:1], states)
    root = label.predicate.verdict(first, states, xp=np)
    last = jax.tree.map(lambda x: x[-1], states)
    success = bool(root[-1] == episodes.TRUE and about.ended not in _LOST)
    truth = self._truth(about, label, last)
    tree = self._tree(about.task_tree, label)
    metadata = _metadata(about, tree, success=success)
    if tree.root.predicate != self._root(about.task_tree):
      metadata = dataclasses.replace(
        metadata, robustness=episodes.UNMEASURED, robustness_copies=0
      )
    if label.speak:
      metadata = dataclasses.replace(
        metadata,
        task=label.task,
        ground_truth=bool(truth),
        judged=truth is not None,
      )
    made = dataclasses.replace(
      episode,
      verdict=np.column_stack([root, episode.verdict[:, 1:]]).astype(np.int8),
      sub_task=_renamed(episode.sub_task, about.nodes[0], tree.root),
      metadata=metadata,
    )
    return made, verdict_change.Change(
      index=about.index,
      task=about.task,
      before=int(episode.verdict[-1, 0]),
      now=int(root[-1]),
      success_before=about.success,
      success=success,
      truth_before=about.ground_truth if about.judged else None,
      truth=truth,
    )

  def _truth(
    self,
    about: episodes.EpisodeMetadata,
    label: Label,
    last: scene_state.SceneState,
  ) -> bool | None:
    """What the hand-written rule says; None where there is none."""
    wanted = vocabulary.normalise(label.task or about.task)
    alive = about.ended not in _LOST
    if wanted == vocabulary.normalise(about.task):
      return about.ground_truth if about.judged else None
    rule = self.scene.rule(wanted)
    return None if rule is None else bool(rule(last)) and alive

  def _old_predicate(self, text: str) -> predicates.Predicate:
    return task_tree.TaskTree.from_json(
      text, self.scene.vocabulary
    ).root.predicate

  def _changed_tree(self, text: str, label: Label) -> task_tree.TaskTree:
    tree = task_tree.TaskTree.from_json(text, self.scene.vocabulary)
    completions = dict.fromkeys((*tree.completions, *label.completions))
    tree = dataclasses.replace(
      tree,
      root=dataclasses.replace(tree.root, predicate=label.predicate),
      completions=tuple(completions),
    )
    if not label.speak:
      return tree
    return dataclasses.replace(
      tree,
      task=label.task,
      explicit='',
      root=dataclasses.replace(tree.root, instruction=label.task),
    )


def _metadata(
  about: episodes.EpisodeMetadata, tree: task_tree.TaskTree, *, success: bool
) -> episodes.EpisodeMetadata:
  ended = about.ended
  if success:
    ended = 'success'
  elif ended == 'success':
    ended = 'undone'  # the skills ran, which does not do by the new code
  return dataclasses.replace(
    about,
    success=success,
    ended=ended,
    error='' if success else about.error,
    task_tree=tree.to_json(),
    nodes=(tree.root.instruction, *about.nodes[1:]),
    completions=tree.completions,
  )


def _renamed(
  labels: Any, before: str, root: task_tree.TaskNode
) -> tuple[str, ...]:
  """The root's name is the label where it has nothing below it."""
  return tuple(root.instruction if x == before else x for x in labels)
