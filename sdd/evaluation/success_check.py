"""Whether success code tells when a task is done, by trying it on states.

The code of a tree's root is compared with the task's hand-written rule over
`judged_states`. What counts:

- Only states in which no object and no joint moves: that is when a robot asks,
  and what passes by is neither done nor not done.
- No states in which the rule holds while an object is in the gripper. Some
  rules ask for letting go and some do not, and either is right.
- Every *situation* by itself: which parts of the task hold, whether the object
  has been moved, and what is in the gripper. States at reset are many and
  easy. If all weighed the same, code that forgets to look whether the drawer
  is closed would agree with the rule in nineteen out of twenty.
- Every rest once: what lies about for a minute while the robot tries again is
  one case, not 240. States that follow each other in the same situation share
  one vote.

Code is accurate if in every situation it is right in at least `THRESHOLD` of
the cases: holds where the rule does, and does not where it does not. That is
90 %, not all, as what is inside and what lies on top have no sharp boundary
and some things come to rest on it: code of our own that asks for 75 % of a
toy's box within the bin's differs from the rule in one of 71 cases in
`transport`, and in none elsewhere. Code that forgets a part of the task gets 0
% in the situation in which just that part is missing. A verdict that is
unknown is one that does not hold. Situations with fewer than `FEWEST` cases
say nothing.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from sdd import errors
from sdd.collection import audit_states
from sdd.evaluation import judged_states, plan_world
from sdd.language import task_tree
from sdd.predicates import audit_group, predicate
from sdd.scenes import scene as scene_lib
from sdd.scenes import vocabulary as vocabulary_lib
from sdd.simulation import scene_state

THRESHOLD = 0.9
FEWEST = 3
MOVED = 0.03  # metres


@dataclasses.dataclass(frozen=True)
class Situation:
  """Cases that are alike as far as the task goes.

  Attributes:
    text: what is so, in words.
    done: whether the rule holds.
    cases: how many there are.
    share: of them, in which the code says the same as the rule.
  """

  text: str
  done: bool
  cases: int
  share: float


@dataclasses.dataclass(frozen=True)
class Score:
  """How well success code tells when a task is done.

  Attributes:
    situations: those with enough states.
  """

  situations: tuple[Situation, ...]

  @property
  def true_share(self) -> float:
    """Share of the cases with the task done that are called done."""
    return _mean([s.share for s in self.situations if s.done])

  @property
  def false_share(self) -> float:
    """Share of the others called not done, each situation weighing alike."""
    return _mean([s.share for s in self.situations if not s.done])

  @property
  def balanced(self) -> float:
    """Balanced accuracy: the mean of the two."""
    return (self.true_share + self.false_share) / 2

  @property
  def accurate(self) -> bool:
    """Whether the code is right often enough in every situation."""
    return all(s.share >= THRESHOLD for s in self.situations)

  @property
  def reason(self) -> str:
    """Where the code is worst, a sentence; empty if it is accurate."""
    if self.accurate:
      return ''
    worst = min(self.situations, key=lambda s: (s.share, s.done))
    says = 'does not hold' if worst.done else 'holds'
    return (
      f'It {says} in {1 - worst.share:.0%} of {worst.cases} cases in which '
      f'{worst.text}.'
    )


class Examiner:
  """Scores the success code of one task.

  Attributes:
    goal: what the task comes to.
  """

  def __init__(self, states: judged_states.JudgedStates, task: str):
    """Sorts the states into situations.

    Raises:
      errors.SddError: the task is never done in them.
    """
    scene, words = states.scene, states.scene.vocabulary
    self.goal = plan_world.goal(scene, task)
    self._steps = states.steps
    self._initial, self._final = audit_group.together(states.groups)
    self._done = _judge(states.groups, scene.task(task).ground_truth)
    ready = [_with_joints(group, self.goal, words) for group in states.groups]
    placed = _judge(ready, scene.task(task).ground_truth)
    still = [settled(group, words) for group in states.groups]
    held = _held(words, self._final)
    self._counted = np.concatenate(still) & ~(self._done & (held >= 0))
    moved = self._moved(words.index(self.goal.thing))
    # What the rule says comes first: a situation is done, or it is not.
    keys = [self._done, placed, moved, *self._joints(words), held]
    self._keys, which = np.unique(
      np.column_stack(keys)[self._counted], axis=0, return_inverse=True
    )
    self._which = which.ravel()
    follows = np.concatenate([group.follows for group in states.groups])
    self._vote = _votes(follows, self._counted, self._which)
    self._cases = self._count(np.ones(len(self._which)))
    self._texts = [self._text(key, words) for key in self._keys]
    if not any(self._keys[self._cases >= FEWEST][:, 0]):
      raise errors.SddError(
        f'Among the states of {scene.name!r} there are not {FEWEST} cases in '
        f'which {task!r} is done. Gather more, with --attempts.'
      )

  def _count(self, values: Float[np.ndarray, ' n']) -> np.ndarray:
    """Votes by situation."""
    votes = np.bincount(self._which, self._vote * values, len(self._keys))
    return votes.round(6)

  def score(self, code: predicate.Predicate) -> Score:
    """How well code tells when the task is done."""
    verdict = np.asarray(code.verdict(self._initial, self._final, xp=np))
    right = ((verdict == predicate.TRUE) == self._done)[self._counted]
    agreeing = self._count(right.astype(float))
    return Score(
      tuple(
        Situation(text, bool(key[0]), round(cases), float(votes / cases))
        for text, key, cases, votes in zip(
          self._texts, self._keys, self._cases, agreeing, strict=True
        )
        if cases >= FEWEST
      )
    )

  def steps(self, tree: task_tree.TaskTree) -> tuple[int, int]:
    """How many of a tree's leaves have good code, and of how many.

    A leaf counts if its skill was done in the trusted attempts. Its code is
    good if it does not hold before and holds after in `THRESHOLD` of them,
    the state before being the initial one.
    """
    good = count = 0
    for node in tree.nodes:
      if node.skill is None or str(node.skill) not in self._steps:
        continue
      before, after = self._steps[str(node.skill)]
      was = node.predicate.verdict(before, before, xp=np) == predicate.TRUE
      now = node.predicate.verdict(before, after, xp=np) == predicate.TRUE
      good += min(float((~was).mean()), float(now.mean())) >= THRESHOLD
      count += 1
    return good, count

  def _moved(self, thing: int) -> Bool[np.ndarray, ' n']:
    """Whether an object is not where it was at first."""
    way = self._final.link_position - self._initial.link_position
    return np.linalg.norm(way[:, thing], axis=-1) > MOVED

  def _joints(
    self, words: vocabulary_lib.Vocabulary
  ) -> list[Bool[np.ndarray, ' n']]:
    """Which of the goal's joints are at their ends."""
    found = []
    for link, end in self.goal.joints:
      joint = words.joint_index(link)
      lower, upper = words.ranges[joint]
      share = (self._final.joint_position[:, joint] - lower) / (upper - lower)
      found.append(share < 0.2 if end == 'min' else share > 0.8)
    return found

  def _text(self, key: np.ndarray, words: vocabulary_lib.Vocabulary) -> str:
    _, placed, moved, *joints, held = key
    goal = self.goal
    where = goal.there if placed else 'somewhere else'
    if not moved:
      where = 'where it was'
    parts = [
      f'the {goal.thing} is {where}',
      *(
        plan_world.says(link, end, true=bool(there))
        for (link, end), there in zip(goal.joints, joints, strict=True)
      ),
    ]
    if held >= 0:
      parts.append(f'the {words.links[held].name} is in the gripper')
    return ', '.join(parts[:-1]) + (', and ' if parts[1:] else '') + parts[-1]


def _judge(
  groups: Sequence[audit_group.Group], rule: scene_lib.GroundTruth
) -> Bool[np.ndarray, ' n']:
  """What a hand-written rule says of the states of all groups."""
  return np.concatenate([audit_states.truth(group, rule) for group in groups])


def settled(
  group: audit_group.Group, words: vocabulary_lib.Vocabulary
) -> Bool[np.ndarray, ' n']:
  """Whether no object and no joint has moved since the state before."""
  things = [k for k, link in enumerate(words.links) if link.kind == 'object']
  state, still = group.final, np.ones(group.size, bool)
  for values, limit in (
    (state.link_position[:, things], audit_group.STILL_METRES),
    (state.link_quaternion[:, things], audit_group.STILL_TURN),
    (state.joint_position, audit_group.STILL_JOINT),
  ):
    flat = np.reshape(values, (group.size, -1))
    moved = np.abs(np.diff(flat, axis=0)).max(axis=1, initial=0.0)
    still[1:] &= (moved < limit) | ~group.follows[1:]
  return still & ~group.broken


def _votes(
  follows: Bool[np.ndarray, ' n'],
  counted: Bool[np.ndarray, ' n'],
  situation: Int[np.ndarray, ' m'],
) -> Float[np.ndarray, ' m']:
  """What each counted state weighs: those of one rest together one."""
  where = np.flatnonzero(counted)
  begins = np.ones(len(where), bool)
  begins[1:] = np.diff(where) > 1
  begins[1:] |= situation[1:] != situation[:-1]
  begins |= ~follows[where]
  rest = np.cumsum(begins) - 1
  return 1 / np.bincount(rest)[rest]


def _with_joints(
  group: audit_group.Group,
  goal: plan_world.Goal,
  words: vocabulary_lib.Vocabulary,
) -> audit_group.Group:
  """The same states with the goal's joints where they should be.

  What the rule says of them is whether the object is.
  """
  joints = np.array(group.final.joint_position)
  for link, end in goal.joints:
    index = words.joint_index(link)
    joints[:, index] = words.ranges[index, int(end == 'max')]
  final = group.final.replace(  # pyright: ignore[reportAttributeAccessIssue]
    joint_position=joints
  )
  return dataclasses.replace(group, final=final)


def _held(
  words: vocabulary_lib.Vocabulary, states: scene_state.SceneState
) -> np.ndarray:
  """Index of the object between the fingertips, -1 for none."""
  left, right = words.fingers
  held = np.full(len(states.gripper_command), -1)
  for index, link in enumerate(words.links):
    if link.kind == 'object':
      both = states.contact[:, left, index] & states.contact[:, right, index]
      held[both] = index
  return held


def _mean(shares: list[float]) -> float:
  return float(np.mean(shares)) if shares else 0.0
