"""Whether a plan would work, by carrying it out on paper.

Here the skills of a task tree's leaves are carried out, in order, in an
abstract world: what is in the hand, at which end each joint is, where each
object is. A plan is right if every skill can be carried out when its turn
comes and the task's goal holds in the end (the planning column of the paper's
Table 4). So whatever works is right, in whatever words and order, harmless
detours included: closing what is closed, opening what is open, picking up
something else first and putting it down, raising the flag early.

Each skill is one that a robot with one gripper can carry out:

- `grasp` an object: the hand is empty, and the object is within reach, not
  in a closed container and not beneath an open drawer.
- `grasp` a part takes hold of it and changes nothing.
- `place`: the object is in the hand, and the place is open and uncovered.
- `move_joint`: nothing is in the hand, as opening takes all of it.
- After a shot the robot has no further say: what follows is not looked at.
"""

import dataclasses
from collections.abc import Sequence

from sdd.evaluation import plan_world
from sdd.language import skill as skill_lib
from sdd.language import task_tree
from sdd.scenes import vocabulary as vocabulary_lib


@dataclasses.dataclass(frozen=True)
class Verdict:
  """Whether a plan is right.

  Attributes:
    right: whether it is.
    reason: why not, a sentence; empty if it is.
  """

  right: bool
  reason: str = ''


def leaves(tree: task_tree.TaskTree) -> list[skill_lib.Skill]:
  """The skills of a tree, in the order in which they are carried out."""
  return [node.skill for node in tree.nodes if node.skill is not None]


def check(
  skills: Sequence[skill_lib.Skill],
  goal: plan_world.Goal,
  world: plan_world.World,
  words: vocabulary_lib.Vocabulary,
) -> Verdict:
  """Carries out skills in the abstract and looks at what came of it.

  Args:
    skills: in order.
    goal: what they are to achieve.
    world: what can be done.
    words: the scene's names.
  """
  hand = _Execution(world, words)
  for number, skill in enumerate(skills, 1):
    problem = hand.do(skill)
    if problem:
      return Verdict(False, f'Step {number}, {skill}: {problem}.')
    if hand.shot:
      break
  missed = hand.missed(goal)
  return Verdict(not missed, missed and f'In the end {missed}.')


class _Execution:
  """The abstract world and what has become of it.

  Attributes:
    shot: whether something has been shot.
  """

  def __init__(self, world: plan_world.World, words: vocabulary_lib.Vocabulary):
    self.shot = False
    self._world, self._words = world, words
    self._held: str | None = None
    self._places: dict[str, str] = {}  # of what was put somewhere
    self._ends: dict[str, str] = dict.fromkeys(words.joints, 'min')

  def do(self, skill: skill_lib.Skill) -> str:
    """Carries out a skill; why it cannot be, or empty."""
    if skill.verb == 'grasp':
      return self._grasp(skill.link)
    if skill.verb == 'place':
      return self._place(skill.link, skill.target or '')
    return self._move(skill.link, skill.direction or '')

  def missed(self, goal: plan_world.Goal) -> str:
    """What of a goal does not hold, or empty."""
    missed = []
    where = self._places.get(goal.thing)
    if self._held == goal.thing:
      missed.append(f'the {goal.thing} is still in the gripper')
    elif where != goal.place:
      found = _at(where)
      missed.append(f'the {goal.thing} is {found}, not {goal.there}')
    missed += [
      plan_world.says(link, end, true=False)
      for link, end in goal.joints
      if self._end(link) != end
    ]
    return ' and '.join(missed)

  def _grasp(self, name: str) -> str:
    if self._words.find(name).kind != 'object':
      return self._busy()
    if self._held == name:
      return ''
    where = self._places.get(name, '')
    return self._busy() or self._shut(where) or self._take(name)

  def _take(self, name: str) -> str:
    self._held = name
    self._places.pop(name, None)
    return ''

  def _place(self, name: str, target: str) -> str:
    if self._held != name:
      return f'the {name} is not in the gripper'
    if target in self._world.forbidden:
      return self._world.forbidden[target]
    if target == 'floor':
      return 'what lies on the floor is lost'
    problem = self._shut(target)
    if not problem:
      self._held, self._places[name] = None, target
    return problem

  def _move(self, name: str, end: str) -> str:
    problem = self._busy()
    if problem:
      return problem
    if name in self._world.stuck and self._end(name) != end:
      return f'the {name} cannot be moved by hand: {self._world.stuck[name]}'
    self._ends[self._joint(name)] = end
    if name == self._world.trigger and end == 'max':
      self._shoot()
    return ''

  def _shoot(self) -> None:
    self.shot = True
    self._ends |= {self._joint(name): 'max' for name in self._world.stuck}
    loose = dict.fromkeys(self._world.stuck, 'wherever chance has shot it')
    lands = {**loose, **self._world.shots}
    for thing, where in self._places.items():
      self._places[thing] = lands.get(where, where)

  def _busy(self) -> str:
    """Whether something is in the way in the hand."""
    if self._held is None:
      return ''
    return f'the gripper still holds the {self._held}'

  def _shut(self, place: str) -> str:
    """Whether nothing gets in or out of a place."""
    door = self._world.doors.get(place)
    if door and self._end(door) != 'max':
      return f'the {door} is closed'
    for cover in self._world.covers.get(place, ()):
      if self._end(cover) == 'max':
        return f'the open {cover} covers the {place}'
    return ''

  def _end(self, name: str) -> str:
    return self._ends[self._joint(name)]

  def _joint(self, name: str) -> str:
    return self._words.joints[self._words.joint_index(name)]


def _at(where: str | None) -> str:
  if where is None:
    return 'where it was'
  return where if where.startswith('wherever') else f'at the {where}'
