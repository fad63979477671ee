"""Plans are judged by what they do: detours are right, mistakes are not."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdd import errors
from sdd.collection import session
from sdd.evaluation import near_miss, paper, plan_check, plan_world
from sdd.language import registry as providers
from sdd.language import skill
from sdd.scenes import registry

EIGHTEEN = [key for key in paper.TASKS if key[0] in paper.DOMAINS]
CRAYONS = 'move the crayon box into the {} drawer'
SHOOT = (
  'move the block onto the catapult arm, then press the button to shoot the '
  'block into the middle box'
)
SEND = 'send the package for return'


def grasp(link):
  return skill.Skill('grasp', link)


def place(link, target):
  return skill.Skill('place', link, target=target)


def put(link, target):
  return [grasp(link), place(link, target)]


def opened(link):
  return skill.Skill('move_joint', link, direction='max')


def closed(link):
  return skill.Skill('move_joint', link, direction='min')


PRESS = opened('button')
FLAG = opened('mailbox flag')
LID, SHUT = opened('mailbox lid'), closed('mailbox lid')
TOP, TOP_SHUT = opened('top drawer handle'), closed('top drawer')

RIGHT = {
  'the drawer itself': (
    'drawer', CRAYONS.format('top'),
    [opened('top drawer'), *put('crayon box', 'top drawer'), TOP_SHUT],
  ),
  'two tries': (
    'drawer', CRAYONS.format('top'),
    [*put('crayon box', 'table'), TOP, *put('crayon box', 'top drawer'),
     TOP_SHUT],
  ),
  'from another drawer': (
    'drawer', CRAYONS.format('top'),
    [opened('middle drawer'), *put('crayon box', 'middle drawer'), TOP,
     TOP_SHUT, grasp('crayon box'), place('crayon box', 'middle drawer'),
     grasp('crayon box'), place('crayon box', 'table'), TOP,
     *put('crayon box', 'top drawer'), TOP_SHUT],
  ),
  'a lower drawer stays open': (
    'drawer', CRAYONS.format('middle'),
    [opened('bottom drawer'), opened('middle drawer'),
     *put('crayon box', 'middle drawer'), closed('middle drawer')],
  ),
  'the flag first': (
    'mailbox', SEND, [FLAG, LID, *put('package', 'mailbox'), SHUT],
  ),
  'holds the handle': (
    'mailbox', SEND,
    [grasp('mailbox lid handle'), LID, *put('package', 'mailbox'), SHUT, FLAG],
  ),
  'more after the shot': (
    'catapult', SHOOT,
    [*put('block', 'middle mark'), PRESS, *put('block', 'table')],
  ),
  'another mark first': (
    'catapult', SHOOT,
    [*put('block', 'inner mark'), *put('block', 'middle mark'), PRESS],
  ),
  'by way of the table': (
    'transport', 'move the toy into the left bin',
    [*put('toy', 'table'), *put('toy', 'left bin')],
  ),
}  # fmt: skip
WRONG = {
  'does nothing': (
    'drawer', CRAYONS.format('top'), [],
    'In the end the crayon box is where it was, not in the top drawer.',
  ),
  'forgets to open': (
    'drawer', CRAYONS.format('top'),
    [*put('crayon box', 'top drawer'), TOP_SHUT],
    'Step 2, place(crayon box, top drawer): the top drawer is closed.',
  ),
  'wrong drawer': (
    'drawer', CRAYONS.format('top'),
    [opened('middle drawer'), *put('crayon box', 'middle drawer'),
     closed('middle drawer')],
    'at the middle drawer, not in the top drawer',
  ),
  'wrong object': (
    'drawer', CRAYONS.format('top'),
    [TOP, *put('horse toy', 'top drawer'), TOP_SHUT], 'where it was',
  ),
  'forgets to close': (
    'drawer', CRAYONS.format('top'), [TOP, *put('crayon box', 'top drawer')],
    'In the end the top drawer is not closed.',
  ),
  'on the handle': (
    'drawer', CRAYONS.format('top'),
    [TOP, *put('crayon box', 'top drawer handle'), TOP_SHUT],
    'at the top drawer handle',
  ),
  'places without grasping': (
    'drawer', CRAYONS.format('top'),
    [TOP, place('crayon box', 'top drawer'), TOP_SHUT],
    'Step 2, place(crayon box, top drawer): the crayon box is not in the',
  ),
  'opens with a full hand': (
    'drawer', CRAYONS.format('top'),
    [grasp('crayon box'), TOP, place('crayon box', 'top drawer'), TOP_SHUT],
    'Step 2, move_joint(top drawer handle, max): the gripper still holds',
  ),
  'two things at once': (
    'drawer', CRAYONS.format('top'),
    [TOP, grasp('horse toy'), *put('crayon box', 'top drawer'), TOP_SHUT],
    'Step 3, grasp(crayon box): the gripper still holds the horse toy.',
  ),
  'covered': (
    'drawer', CRAYONS.format('bottom'),
    [opened('bottom drawer'), TOP, *put('crayon box', 'bottom drawer'),
     closed('bottom drawer')],
    'the open top drawer covers the bottom drawer',
  ),
  'out of a closed drawer': (
    'drawer', CRAYONS.format('middle'),
    [TOP, *put('crayon box', 'top drawer'), TOP_SHUT, opened('middle drawer'),
     *put('crayon box', 'middle drawer'), closed('middle drawer')],
    'Step 6, grasp(crayon box): the top drawer is closed.',
  ),
  'keeps it': (
    'drawer', CRAYONS.format('top'), [TOP, TOP_SHUT, grasp('crayon box')],
    'still in the gripper',
  ),
  'through the lid': (
    'mailbox', SEND, [*put('package', 'mailbox'), FLAG],
    'the mailbox lid is closed',
  ),
  'on the lid': (
    'mailbox', SEND, [*put('package', 'mailbox lid'), FLAG],
    'at the mailbox lid, not in the mailbox',
  ),
  'no flag': (
    'mailbox', SEND, [LID, *put('package', 'mailbox'), SHUT],
    'In the end the mailbox flag is not raised.',
  ),
  'lid and flag': (
    'mailbox', SEND, [LID, *put('package', 'mailbox')],
    'the mailbox lid is not closed and the mailbox flag is not raised',
  ),
  'wrong mark': (
    'catapult', SHOOT, [*put('block', 'inner mark'), PRESS],
    'at the closest box, not in the middle box',
  ),
  'no mark': (
    'catapult', SHOOT, [*put('block', 'catapult arm'), PRESS],
    'wherever chance has shot it',
  ),
  'presses first': (
    'catapult', SHOOT, [PRESS, *put('block', 'middle mark')], 'where it was',
  ),
  'no shot': (
    'catapult', SHOOT, put('block', 'middle mark'),
    'at the middle mark, not in the middle box and the catapult arm is not',
  ),
  'by hand': (
    'catapult', SHOOT,
    [*put('block', 'middle mark'), opened('catapult arm')], 'a latch holds it',
  ),
  'carried over': (
    'catapult', SHOOT, [*put('block', 'middle box'), PRESS], 'not carried',
  ),
  'on the stand': (
    'balance', 'balance the bus on the block', put('bus', 'stand'),
    'at the stand, not on the block',
  ),
  'on the floor': (
    'transport', 'move the toy into the left bin', put('toy', 'floor'), 'lost',
  ),
}  # fmt: skip


def check(name, task, skills):
  scene = registry.load(name)
  return plan_check.check(
    skills,
    plan_world.goal(scene, task),
    plan_world.world(scene),
    scene.vocabulary,
  )


@pytest.fixture(scope='module')
def recorded():
  """The skills of every recorded tree."""
  found = {}
  for name, task in EIGHTEEN:
    infer = session.trees(registry.load(name), providers.make_provider())
    found[name, task] = plan_check.leaves(infer(task))
  return found


def test_every_task_has_a_goal_in_words_of_its_scene():
  assert len(EIGHTEEN) == 18
  assert set(plan_world.GOALS) == set(EIGHTEEN)
  for (name, task), goal in plan_world.GOALS.items():
    scene = registry.load(name)
    assert scene.task(task).sentence == task
    world, words = plan_world.world(scene), scene.vocabulary
    for link in (goal.thing, goal.place, *world.decoys, *world.forbidden):
      assert words.find(link).name == link
    for link, _ in (
      *goal.joints,
      *((door, 0) for door in world.doors.values()),
    ):
      words.joint_index(link)
    for link in (*itertools.chain(*world.covers.values()), *world.shots):
      assert words.find(link).name == link


def test_all_recorded_plans_are_right(recorded):
  for (name, task), skills in recorded.items():
    assert check(name, task, skills) == plan_check.Verdict(True), task


@pytest.mark.parametrize('case', RIGHT)
def test_what_works_is_right(case):
  assert check(*RIGHT[case]) == plan_check.Verdict(True)


@pytest.mark.parametrize('case', WRONG)
def test_what_does_not_work_is_wrong_for_the_right_reason(case):
  *plan, reason = WRONG[case]
  verdict = check(*plan)
  assert not verdict.right
  assert reason in verdict.reason


HARMLESS = {
  'balance': [put('bus', 'table')],
  'catapult': [[closed('catapult arm')], [closed('button')],
               put('block', 'table'), put('block', 'outer mark')],
  'drawer': [[closed('bottom drawer')], [opened('bottom drawer handle'),
             closed('bottom drawer')], put('horse toy', 'cabinet'),
             [grasp('top drawer handle')], put('vitamin bottle', 'table')],
  'mailbox': [[FLAG], [closed('mailbox flag'), FLAG],
              [grasp('mailbox flag')]],
  'transport': [put('toy', 'right bin'), put('toy', 'table')],
}  # fmt: skip


@given(data=st.data())
def test_harmless_steps_change_nothing(recorded, data):
  """Before the plan, and wherever the hand is empty and the task goes on."""
  name, task = data.draw(st.sampled_from(EIGHTEEN))
  skills = list(recorded[name, task])
  goal = plan_world.goal(registry.load(name), task)
  for _ in range(data.draw(st.integers(1, 3))):
    extra = data.draw(st.sampled_from(HARMLESS[name]))
    free = [0]  # what is in its place already should not be moved again
    if extra[-1].link != goal.thing:
      used = {one.link.removesuffix(' handle') for one in extra}
      free += [
        k
        for k in range(1, len(skills) + 1)
        if skills[k - 1].verb != 'grasp' and not used & {goal.place}
      ]
    if extra[0].link == 'bottom drawer handle' and 'bottom' in goal.place:
      free = [0]
    at = data.draw(st.sampled_from(free))
    skills[at:at] = extra
  verdict = check(name, task, skills)
  assert verdict.right, (verdict.reason, list(map(str, skills)))


@given(data=st.data())
def test_open_and_close_twice_is_once(recorded, data):
  name, task = data.draw(st.sampled_from(EIGHTEEN))
  skills = list(recorded[name, task])
  moves = [k for k, each in enumerate(skills) if each.verb == 'move_joint']
  for k in sorted(data.draw(st.sets(st.sampled_from([*moves, -1]))))[::-1]:
    if k >= 0:
      skills[k:k] = [skills[k]]
  assert check(name, task, skills).right


def test_every_near_miss_misses(recorded):
  for (name, task), skills in recorded.items():
    world = plan_world.world(registry.load(name))
    found = list(near_miss.variants(skills, world))
    assert found
    for each in found:
      assert not check(name, task, each).right, list(map(str, each))


def test_what_nobody_wrote_down_is_refused():
  with pytest.raises(errors.UnknownNameError, match='judge plans of'):
    plan_world.world(registry.load('transport_test'))
