"""One task tree of one task, asked of a model, and how good it is."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from sdd.evaluation import plan_check, plan_world, success_check
from sdd.language import metering, planner, provider, recorded, task_tree
from sdd.scenes import scene as scene_lib

Key = tuple[str, str, int]  # scene, sentence, index of the sample
_HAND_WRITTEN = 'recorded'  # what `recorded` calls who answers


@dataclasses.dataclass(frozen=True)
class Sample:
  """What a model made of a task, once.

  Attributes:
    scene: name of the scene.
    task: the sentence.
    index: which of several samples.
    tree: JSON of the task tree; empty if there is none.
    failure: why there is none; empty if there is one.
    answers: how many the model gave.
    repairs: how many of them were asked for as an earlier one was unusable.
    tokens_in: of the questions.
    tokens_out: of the answers.
    uncounted: answers whose tokens nobody counted.
    seconds: that the model took.
    skills: of the leaves, in order.
    planning: whether they do the task, by `plan_check`.
    plan_reason: why not.
    code: whether the root's success code is accurate, by `success_check`.
    code_reason: why not.
    true_share: how often it holds where the task is done.
    false_share: how often it does not hold where it is not.
    good_steps: leaves with good success code.
    steps: leaves whose success code could be judged.
  """

  scene: str
  task: str
  index: int
  tree: str = ''
  failure: str = ''
  answers: int = 0
  repairs: int = 0
  tokens_in: int = 0
  tokens_out: int = 0
  uncounted: int = 0
  seconds: float = 0.0
  skills: tuple[str, ...] = ()
  planning: bool = False
  plan_reason: str = ''
  code: bool = False
  code_reason: str = ''
  true_share: float = 0.0
  false_share: float = 0.0
  good_steps: int = 0
  steps: int = 0

  @property
  def key(self) -> Key:
    return self.scene, self.task, self.index

  def price(self, budget: metering.Budget) -> float | None:
    """What the answers cost; None without prices, or if nobody counted."""
    if self.uncounted:
      return None
    spent = metering.Usage(tokens_in=self.tokens_in, tokens_out=self.tokens_out)
    return spent.money(budget)

  def to_json(self) -> dict[str, Any]:
    """Fields by name."""
    return dataclasses.asdict(self)

  @classmethod
  def from_json(cls, fields: Mapping[str, Any]) -> 'Sample':
    """The sample whose `to_json` is `fields`."""
    return cls(**{**fields, 'skills': tuple(fields['skills'])})


class _Metered:
  """A provider, counted for one sample.

  Attributes:
    repairs: answers asked for as an earlier one was unusable.
  """

  def __init__(self, source: provider.Provider):
    self.usage, self.repairs = metering.Usage(), 0
    self._source = source

  def complete(self, request: provider.Request) -> provider.Completion:
    completion = self._source.complete(request)
    if request.sample and completion.model == _HAND_WRITTEN:
      raise recorded.MissingCompletionError(
        f'Sample {request.sample} of {request.instruction!r} is not recorded: '
        'answers written by hand are those of sample 0.'
      )
    # Out of records or not: it is what this sample takes.
    self.usage.add(completion)
    self.repairs += bool(request.attempts)
    return completion


def ask(
  infer: Callable[[provider.Provider], task_tree.TaskTree],
  source: provider.Provider,
  key: Key,
) -> Sample:
  """Asks for one tree; that there is none is a result too.

  Args:
    infer: infers the tree of the sample's task, given who answers.
    source: who answers.
    key: of the sample.

  Raises:
    recorded.MissingCompletionError: it is not recorded, and nobody is asked.
    errors.SddError: whatever else the provider raises.
  """
  asked, tree, failure = _Metered(source), '', ''
  try:
    tree = infer(asked).to_json()
  except planner.LanguageError as error:
    failure = _reason(error)
  scene, task, index = key
  return Sample(
    scene=scene,
    task=task,
    index=index,
    tree=tree,
    failure=failure,
    answers=asked.usage.calls,
    repairs=asked.repairs,
    tokens_in=asked.usage.tokens_in,
    tokens_out=asked.usage.tokens_out,
    uncounted=asked.usage.uncounted,
    seconds=round(asked.usage.seconds, 3),
  )


def _reason(error: planner.LanguageError) -> str:
  """What went wrong, in a line or two."""
  first = str(error).partition('\n')[0]
  last = error.attempts[-1].problem if error.attempts else ''
  return first if not last or last in first else f'{first} {last}'


def judged(
  sample: Sample, scene: scene_lib.Scene, examiner: success_check.Examiner
) -> Sample:
  """The sample with how good its tree is; without one it is no good.

  Args:
    sample: of a task of the scene.
    scene: the scene.
    examiner: of the task's success code.
  """
  if not sample.tree:
    return sample
  tree = task_tree.TaskTree.from_json(sample.tree, scene.vocabulary)
  skills = plan_check.leaves(tree)
  plan = plan_check.check(
    skills, examiner.goal, plan_world.world(scene), scene.vocabulary
  )
  score = examiner.score(tree.root.predicate)
  good, steps = examiner.steps(tree)
  return dataclasses.replace(
    sample,
    skills=tuple(map(str, skills)),
    planning=plan.right,
    plan_reason=plan.reason,
    code=score.accurate,
    code_reason=score.reason,
    true_share=round(score.true_share, 4),
    false_share=round(score.false_share, 4),
    good_steps=good,
    steps=steps,
  )
