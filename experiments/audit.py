"""Tries success code on thousands of states before it is trusted.

States at reset, along random motions and attempts, held still after them,
and, with --data, of stored successes and failures:

  python -m experiments.audit --scene=drawer --states=4096 \\
    --task="move the crayon box into the top drawer"

audits every predicate of that task's tree;

  python -m experiments.audit --scene=drawer --predicate=success.txt \\
    --task="move the crayon box into the top drawer" --data=runs/crayon

the code in a file, with the hand-written rule of the task beside it. It says
how often the code holds in each group and what is wrong: true before anything
was done, never true, always true, unknown, going to and fro while nothing
moves, or at odds with the rule. What cannot serve ends with exit status 1.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import TypeAlias

from absl import flags
from etils import epy

from experiments import generator_flags, language_flags, program
from sdd import errors

with epy.lazy_imports():
  import jax
  from rich import console as rich_console

  from experiments import audit_report, success_code
  from sdd.collection import achievement, audit_states, recorder
  from sdd.dataset import audit_stored, reader
  from sdd.language import skill as skill_lib
  from sdd.language import task_tree
  from sdd.planning import pool
  from sdd.predicates import audit, audit_group, audit_problem, predicate
  from sdd.scenes import scene as scene_lib
  from sdd.simulation import scene_state, simulator

_SCENE = flags.DEFINE_string('scene', 'drawer', 'the scene')
_TASK = flags.DEFINE_string(
  'task', None, 'the sentence whose tree is audited, or all; with --predicate '
  'the sentence whose rule that is compared with',
)  # fmt: skip
_PREDICATE = flags.DEFINE_string(
  'predicate', None, 'a text file with the success code to audit'
)
_STATES = flags.DEFINE_integer(
  'states', 4096, 'to look at, about', lower_bound=1
)
_ENVIRONMENTS = flags.DEFINE_integer(
  'environments', 64, 'worlds at once', lower_bound=1
)
_SIMULATOR = flags.DEFINE_string(
  'simulator', 'mjx', 'mjx (batched), or mujoco (C), which starts at once'
)
_DATA = flags.DEFINE_string(
  'data', None, 'a dataset: its episodes are looked at too, and the result '
  'is kept with it, in audits/',
)  # fmt: skip
_OUT = flags.DEFINE_string('out', None, 'a JSON file for the result')
_SEED = flags.DEFINE_integer('seed', 0, 'fixes every draw', lower_bound=0)
_WORKERS = flags.DEFINE_integer(
  'workers', None, 'planner subprocesses; by default one a core; 0 for none',
  lower_bound=0,
)  # fmt: skip
_ON_PROBLEM = flags.DEFINE_enum(
  'on_problem', 'refuse', ('refuse', 'warn'),
  'exit status for code that cannot serve: refuse gives 1, warn 0',
)  # fmt: skip
flags.adopt_module_key_flags(language_flags)
flags.declare_key_flag('variation')
REFUSED = 1  # exit status
_ODD = 8  # worlds in which each link is gone once
Groups: TypeAlias = 'list[audit_group.Group]'


@dataclasses.dataclass(frozen=True)
class Question:
  """One predicate to audit.

  Attributes:
    name: what it is about.
    predicate: the predicate.
    role: whether that is the whole task or one of its steps.
    rule: hand-written, of the same, if there is one.
  """

  name: str
  predicate: predicate.Predicate
  role: audit_problem.Role
  rule: Callable[[scene_state.SceneState], bool] | None


def main(_: Sequence[str]) -> int:
  scene = _checked_scene()
  kept = pathlib.Path(_DATA.value) / 'records' if _DATA.value else None
  infer = language_flags.trees(scene, language_flags.provider(kept=kept))
  tasks, subjects = _asked(scene, infer)
  _require_episodes(tasks)
  program.when_interrupted('Stopped. Nothing was written.')
  groups = _gather(scene, infer, tasks)
  console = rich_console.Console()
  usable = True
  for subject in subjects:
    tables = _audit(scene, subject, groups)
    if len(subjects) == 1:
      audit_report.show(tables, console)
    else:
      audit_report.show_briefly(tables, console)
    _keep(scene, tables)
    usable = usable and all(table.usable for table in tables)
  if usable:
    return 0
  console.print(f'\n[red]{audit_report.REFUSED}[/]')
  return REFUSED if _ON_PROBLEM.value == 'refuse' else 0


def _checked_scene() -> scene_lib.Scene:
  scene = generator_flags.scene(_SCENE.value)
  if _SIMULATOR.value not in simulator.NAMES:
    raise errors.UnknownNameError(
      'simulator', _SIMULATOR.value, simulator.NAMES
    )
  if (
    _DATA.value and (found := reader.load_spec(_DATA.value).scene) != scene.name
  ):
    raise errors.SddError(
      f'{_DATA.value} is of the scene {found!r}, and the audit is of '
      f'{scene.name!r}. Name that with --scene={found}.'
    )
  if _OUT.value and pathlib.Path(_OUT.value).is_dir():
    raise errors.SddError(
      f'--out={_OUT.value} is a directory. Name a JSON file in it.'
    )
  return scene


def _require_episodes(tasks: list[str]) -> None:
  """Complains now about a dataset that has nothing to look at."""
  if not _DATA.value:
    return
  held = reader.summary(_DATA.value).tasks
  if not held.keys() & set(tasks):
    raise errors.SddError(
      f'{_DATA.value} holds no episode of what is audited. It holds: '
      f'{", ".join(sorted(held)) or "none at all"}. Leave out --data, or name '
      'another dataset or task.'
    )


def _asked(
  scene: scene_lib.Scene, infer: Callable[[str], task_tree.TaskTree]
) -> tuple[list[str], list[list[Question]]]:
  """The sentences that are attempted, and what is audited."""
  every = [task.sentence for task in scene.tasks]
  if _TASK.value == 'all' and not (_PREDICATE.value or _OUT.value):
    return every, [_tree(scene, infer(task)) for task in every]
  if _TASK.value == 'all':
    raise errors.SddError(
      '--task=all audits the trees of all tasks, neither a file nor into one: '
      'leave out --predicate and --out, or name one task.'
    )
  task = scene.task(_TASK.value) if _TASK.value is not None else None
  if _PREDICATE.value:
    code = success_code.read(_PREDICATE.value, scene.vocabulary)
    name = pathlib.Path(_PREDICATE.value).name
    rule = scene.rule(task.sentence) if task else None
    return [task.sentence] if task else every, [
      [Question(name, code, 'task', rule)]
    ]
  if task is None:
    raise errors.SddError(
      'Name what to audit: success code with --predicate=FILE, the tree of a '
      "task with --task, or both to have the task's rule beside the code."
    )
  return [task.sentence], [_tree(scene, infer(task.sentence))]


def _tree(scene: scene_lib.Scene, tree: task_tree.TaskTree) -> list[Question]:
  """Every node; rules of skills are those that trials are compared with."""
  questions, first = [], True
  for index, node in enumerate(tree.nodes):
    rule = None
    first = first and (index == 0 or tree.parents[index] == index - 1)
    role = 'step'
    if index == 0:
      role, rule = 'task', scene.rule(tree.task)
    elif first:
      role = 'first step'
    if node.skill is not None and rule is None:
      rule = functools.partial(_achieved, scene, node.skill)
    questions.append(Question(node.instruction, node.predicate, role, rule))
  return questions


def _achieved(
  scene: scene_lib.Scene,
  skill: skill_lib.Skill,
  state: scene_state.SceneState,
) -> bool:
  return achievement.achieved(scene, state, skill)


def _gather(
  scene: scene_lib.Scene,
  infer: Callable[[str], task_tree.TaskTree],
  tasks: list[str],
) -> Groups:
  """All states, with a progress bar."""
  stages = {**audit_states.STAGES, 'of stored episodes': 2}
  if not _DATA.value:
    del stages['of stored episodes']
  share = -(-_STATES.value // sum(stages.values()))
  workers = os.cpu_count() or 1 if _WORKERS.value is None else _WORKERS.value
  sim = simulator.make(_SIMULATOR.value, scene, size=_ENVIRONMENTS.value)
  planner = pool.make(workers, scene.name)
  seen = dict.fromkeys(stages, 0)
  with (
    contextlib.closing(planner),
    program.progress('Gathering states', _STATES.value) as meter,
  ):

    def count(more: int, what: str) -> None:
      # Attempts run to their end, however many states that makes.
      seen[what] += more
      done = sum(
        min(seen[stage], share * shares) for stage, shares in stages.items()
      )
      meter.update(min(done, _STATES.value), f'{seen[what]} {what}')

    gathering = audit_states.Gathering(sim, _SEED.value, share, count)
    groups = audit_states.gather(gathering, infer, tasks, planner)
    if _DATA.value:
      groups += audit_stored.groups(
        _DATA.value,
        scene,
        share=share,
        tasks=tasks if _TASK.value else (),
        seen=lambda more: count(more, 'of stored episodes'),
      )
    meter.update(_STATES.value, f'{sum(x.size for x in groups)} in all')
  return groups


def _audit(
  scene: scene_lib.Scene, questions: Sequence[Question], groups: Groups
) -> list[audit.TruthTable]:
  """The truth table of every predicate."""
  tables, solved = [], 0
  whole = groups[0].final
  for question in questions:
    rule = question.rule
    judged = [
      group.judged(audit_states.truth(group, rule) if rule else None)
      for group in groups
    ]
    if question is questions[0] and rule:
      solved = sum(group.solved for group in judged)
    gone = audit_group.oddities(
      scene.vocabulary,
      question.predicate.reads,
      jax.tree.map(lambda x: x[:_ODD], whole),
    )
    tables.append(
      audit.audit(
        question.predicate,
        [*judged, *([gone] if gone else [])],
        name=question.name,
        role=question.role,
        solved=solved,
      )
    )
  return tables


def _keep(scene: scene_lib.Scene, tables: list[audit.TruthTable]) -> None:
  """Writes the result with the dataset and where --out says."""
  result = {
    'scene': scene.name,
    'task': _TASK.value,
    'settings': {
      'states': _STATES.value, 'environments': _ENVIRONMENTS.value,
      'simulator': _SIMULATOR.value, 'seed': _SEED.value,
      'variation': scene.variation, 'llm': language_flags.LLM.value,
    },
    'versions': recorder.versions(),
    'usable': all(table.usable for table in tables),
    'tables': [table.to_json() for table in tables],
  }  # fmt: skip
  if _DATA.value:
    kept = audit_stored.keep(_DATA.value, tables[0].digest, result)
    print(f'Kept with the dataset: {kept}')
  if _OUT.value:
    print(f'Written: {audit_stored.write(pathlib.Path(_OUT.value), result)}')


if __name__ == '__main__':
  program.run(main)
