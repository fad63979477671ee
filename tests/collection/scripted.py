"""Worlds and planners that follow a script instead of physics and search."""

import collections
import concurrent.futures
from typing import Any

import numpy as np

from sdd.collection import walk
from sdd.language import skill as skill_lib
from sdd.language import task_tree
from sdd.planning import motion
from sdd.predicates import predicate
from sdd.simulation import action

NEVER = """def success(init_state, final_state):
  return check_opened(final_state, 'top drawer')
"""
ROOT, PUT_AWAY, GRASP, PLACE, CLOSE = range(5)


def leaf(scene, instruction, skill, code=NEVER):
  return task_tree.TaskNode(
    instruction, predicate.compile_predicate(code, scene.vocabulary), skill
  )


def inner(scene, instruction, *children, code=NEVER):
  return task_tree.TaskNode(
    instruction,
    predicate.compile_predicate(code, scene.vocabulary),
    children=children,
  )


def tree(scene, task='tidy up'):
  """Root -> (put away -> (grasp, place), close); indices as above."""
  skill = skill_lib.Skill
  put_away = inner(
    scene,
    'put the crayon box away',
    leaf(scene, 'pick it up', skill('grasp', 'crayon box')),
    leaf(scene, 'put it in', skill('place', 'crayon box', 'top drawer')),
  )
  close = leaf(
    scene,
    'close the drawer',
    skill('move_joint', 'top drawer', direction='min'),
  )
  root = inner(scene, task, put_away, close)
  return task_tree.TaskTree(task, scene.name, root)


def hold(scene, periods):
  """A motion that stays at rest."""
  rest = scene.rest
  position, rotation = np.array([0.42, -0.1, 0.35]), np.diag([1.0, -1, -1])
  one = action.encode(position, rotation, rest.gripper_target)
  return motion.Motion(np.tile(one.astype(np.float32), (periods, 1)))


class World:
  """Answers a walk: leaves succeed or fail as the script says.

  Attributes:
    done: nodes that hold now.
    told: what the walk wanted, in order.
    begun: nodes that were begun, in order.
  """

  def __init__(self, tree, *, fail=None, infeasible=None, done=(), ready=True):
    """`fail` and `infeasible`: verb to how many times; -1 for ever."""
    self.tree, self.done, self.ready = tree, set(done), ready
    self.fail = collections.Counter(fail or {})
    self.infeasible = collections.Counter(infeasible or {})
    self.told, self.begun = [], []

  def walked(self, retry: walk.Retry = 'inferred'):
    return walk.Walk(
      self.tree,
      verdict=lambda node: int(node in self.done),
      begin=self.begun.append,
      retry=retry,
    )

  def run(self, retry: walk.Retry = 'inferred', limit=1000):
    """Walks to the end; returns the walk and what it returned."""
    walked = self.walked(retry)
    steps = walked.steps()
    answer: Any = None
    for _ in range(limit):
      try:
        wanted = steps.send(answer)
      except StopIteration as stop:
        return walked, stop.value
      answer = self.answer(wanted)
    raise AssertionError('the walk does not end')

  def answer(self, wanted):
    verb = wanted.skill.verb if wanted.skill else 'rest'
    if isinstance(wanted, walk.Plan):
      if self.spend(self.infeasible, verb):
        self.told.append(f'no {verb}')
        return motion.Answer(None, f'{verb} infeasible', 0.0, self.ready)
      return motion.Answer(motion.Motion(np.zeros((1, 10))), '', 0.0)
    self.told.append(verb)
    if self.spend(self.fail, verb):
      return False
    self.done |= {
      index
      for index, node in enumerate(self.tree.nodes)
      if node.skill is not None and node.skill == wanted.skill
    }
    for index in reversed(range(len(self.tree.nodes))):
      children = [i for i, p in enumerate(self.tree.parents) if p == index]
      if children and self.done.issuperset(children[-1:]):
        self.done.add(index)
    return True

  @staticmethod
  def spend(budget, verb):
    if not budget[verb]:
      return False
    budget[verb] -= 1
    return True


class Planner:
  """Answers at once with what a function of the request returns or raises."""

  def __init__(self, plan):
    self.plan = plan

  def submit(self, request):
    future = concurrent.futures.Future()
    found = self.plan(request)
    if isinstance(found, Exception):
      future.set_exception(found)
    else:
      future.set_result(motion.Answer(found, '' if found else 'none', 0.0))
    return future

  def close(self):
    pass
