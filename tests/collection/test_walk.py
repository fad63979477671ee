"""Verify and retry, in a world that follows a script."""

from typing import Any

import hypothesis
import pytest
import scripted
from hypothesis import strategies

ROOT, PUT_AWAY, GRASP, PLACE, CLOSE = range(5)


def test_every_leaf_in_order(tree):
  world = scripted.World(tree)
  walked, done = world.run()
  assert done
  assert world.told == ['grasp', 'place', 'move_joint']
  assert world.begun == [ROOT, PUT_AWAY, GRASP, PLACE, CLOSE]
  assert walked.retries == [0] * 5
  assert walked.problem == ''


def test_what_holds_already_is_skipped(tree):
  world = scripted.World(tree, done={ROOT})
  assert world.run()[1]
  assert world.told == []
  world = scripted.World(tree, done={PUT_AWAY})
  assert world.run()[1]
  assert world.told == ['move_joint']
  world = scripted.World(tree, done={GRASP})
  assert world.run()[1]
  assert world.told == ['place', 'move_joint']


def test_only_the_failed_node_is_tried_again(tree):
  world = scripted.World(tree, fail={'place': 2})
  walked, done = world.run()
  assert done
  assert world.told == ['grasp', 'place', 'place', 'place', 'move_joint']
  assert walked.retries == [0, 0, 0, 2, 0]


def test_a_node_begins_anew_only_when_its_parent_tries_again(tree):
  world = scripted.World(tree, fail={'grasp': 5})
  walked, done = world.run()
  assert done
  # Four tries of its own; then put-away tries again, and it with it.
  assert world.told.count('grasp') == 6
  assert world.begun.count(GRASP) == 2
  assert world.begun.count(PUT_AWAY) == 1
  assert walked.retries == [0, 1, 4, 0, 0]


def test_a_place_without_a_way_lets_go_and_goes_back_to_the_grasp(tree):
  world = scripted.World(tree, infeasible={'place': 2})
  answer = world.answer

  def resting_lets_go(wanted):
    found = answer(wanted)
    if world.told[-1:] == ['rest']:
      world.done.discard(GRASP)
    return found

  world.answer = resting_lets_go
  walked, done = world.run()
  assert done
  assert world.told == [
    'grasp',
    'no place',
    'no place',
    'rest',
    'grasp',
    'place',
    'move_joint',
  ]
  assert walked.retries == [0, 1, 0, 0, 0]
  assert walked.problem == 'place infeasible'


def test_a_skill_that_the_world_is_not_ready_for_is_not_drawn_again(tree):
  world = scripted.World(tree, infeasible={'place': 1}, ready=False)
  walked, done = world.run()
  assert done
  assert world.told == ['grasp', 'no place', 'place', 'move_joint']
  assert walked.retries == [0, 1, 0, 0, 0]


def test_the_arm_rests_after_two_draws_without_a_way(tree):
  world = scripted.World(tree, infeasible={'grasp': 3})
  assert world.run()[1]
  assert world.told[:5] == [
    'no grasp',
    'no grasp',
    'rest',
    'no grasp',
    'grasp',
  ]


def test_a_rest_without_a_way_is_no_reason_to_stop(tree):
  world = scripted.World(tree, infeasible={'grasp': 2, 'rest': 1})
  assert world.run()[1]
  assert world.told[:4] == ['no grasp', 'no grasp', 'no rest', 'grasp']


@pytest.mark.parametrize('trouble', ['fail', 'infeasible'])
def test_nobody_tries_for_ever(tree, trouble):
  for_ever: Any = {trouble: {'grasp': -1}}
  world = scripted.World(tree, **for_ever)
  walked, done = world.run(limit=3000)
  assert not done
  assert walked.retries[ROOT] == 11
  assert 'place' not in world.told
  assert (walked.problem == 'grasp infeasible') == (trouble == 'infeasible')


def test_a_motion_that_was_cut_short_may_have_been_enough(tree):
  world = scripted.World(tree, fail={'grasp': 1})
  steps, told = world.walked().steps(), []
  answer: Any = None
  for _ in range(20):
    try:
      wanted = steps.send(answer)
    except StopIteration:
      break
    answer = world.answer(wanted)
    if answer is False:
      world.done.add(GRASP)  # as the predicate sees it
    told = world.told
  assert told == ['grasp', 'place', 'move_joint']


def test_without_verification_every_skill_runs_once(tree):
  world = scripted.World(tree, fail={'grasp': 1, 'place': 1}, done={CLOSE})
  walked, done = world.run('none')
  assert done
  assert world.told == ['grasp', 'place', 'move_joint']
  assert walked.retries == [0] * 5
  assert world.begun == [ROOT, PUT_AWAY, GRASP, PLACE, CLOSE]


def test_without_verification_the_first_plan_without_a_way_is_the_end(tree):
  world = scripted.World(tree, infeasible={'place': 1})
  walked, done = world.run('none')
  assert not done
  assert world.told == ['grasp', 'no place']
  assert walked.problem == 'place infeasible'


verbs = strategies.sampled_from(['grasp', 'place', 'move_joint', 'rest'])
budgets = strategies.dictionaries(verbs, strategies.integers(-1, 6))


@hypothesis.given(budgets, budgets)
def test_every_walk_ends_and_says_how(tree, fail, infeasible):
  world = scripted.World(tree, fail=fail, infeasible=infeasible)
  walked, done = world.run(limit=20_000)
  assert done == (ROOT in world.done)
  assert all(0 <= count < 12 * 4 * 4 for count in walked.retries)
  if not any(fail.values()) and not any(infeasible.values()):
    assert done
