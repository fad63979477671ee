"""Task trees that nearly do a task: with a step left out, or misplaced.

Success code that forgets half of the task is found by states in which just
that half is missing. The trees are carried out without looking at success
code, every skill once.
"""

import dataclasses
from collections.abc import Iterator, Sequence

from sdd.evaluation import plan_check, plan_world
from sdd.language import skill as skill_lib
from sdd.language import task_tree

Skills = Sequence[skill_lib.Skill]


def trees(
  tree: task_tree.TaskTree, world: plan_world.World
) -> list[task_tree.TaskTree]:
  """All of them, each a root over its skills with the whole task's code.

  Args:
    tree: does the task.
    world: what can be done in its scene.
  """
  skills = plan_check.leaves(tree)
  return [_tree(tree, found) for found in variants(skills, world) if found]


def variants(skills: Skills, world: plan_world.World) -> Iterator[Skills]:
  """Skills with one step left out, the object kept, or put elsewhere."""
  units = _units(skills)
  for index, unit in enumerate(units):
    before = [skill for each in units[:index] for skill in each]
    after = [skill for each in units[index + 1 :] for skill in each]
    yield [*before, *after]
    last = unit[-1]
    if last.verb != 'place':
      continue
    yield [*before, *unit[:-1]]
    for target in world.decoys:
      elsewhere = dataclasses.replace(last, target=target)
      yield [*before, *unit[:-1], elsewhere, *after]


def _units(skills: Skills) -> list[list[skill_lib.Skill]]:
  """What can only be left out together: picking up and putting down."""
  units: list[list[skill_lib.Skill]] = []
  for skill in skills:
    if units and skill.verb == 'place' and units[-1][-1].verb == 'grasp':
      units[-1].append(skill)
    else:
      units.append([skill])
  return units


def _tree(tree: task_tree.TaskTree, skills: Skills) -> task_tree.TaskTree:
  code = tree.root.predicate
  steps = tuple(
    task_tree.TaskNode(f'{number}: {skill}', code, skill)
    for number, skill in enumerate(skills, 1)
  )
  root = task_tree.TaskNode(tree.root.instruction, code, children=steps)
  return dataclasses.replace(tree, root=root)
