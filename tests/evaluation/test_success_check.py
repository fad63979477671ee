"""Success code is scored on states, situation by situation."""

import dataclasses

import numpy as np
import pytest
import teleport

from sdd import errors
from sdd.collection import audit_states, session
from sdd.evaluation import judged_states, success_check
from sdd.language import registry as providers
from sdd.planning import pool
from sdd.predicates import audit_group, predicate
from sdd.scenes import registry
from sdd.simulation import simulator

INSIDE = "check_inside(final_state, 'crayon box', 'top drawer')"
SHUT = "check_closed(final_state, 'top drawer')"
ZERO = '(gripper_command(final_state) - gripper_command(final_state))'
WRONG = {
  'always true': ('1 < 2', 'holds in 100% of'),
  'never true': ('1 > 2', 'does not hold in 100% of 5 cases'),
  'true at reset': (SHUT, 'the crayon box is where it was, and the top'),
  'forgets to close': (
    INSIDE,
    'the crayon box is in the top drawer, and the top drawer is not closed',
  ),
  'wrong threshold': (
    f"{INSIDE} and get_joint_position(final_state, 'top drawer') < 0.3",
    'the top drawer is not closed',
  ),
  'forgets the box': (
    f"{SHUT} and not check_contact(final_state, 'crayon box', 'table')",
    'the crayon box is somewhere else, and the top drawer is closed',
  ),
  'wrong drawer': (
    f'check_inside(final_state, "crayon box", "middle drawer") and {SHUT}',
    'the crayon box is somewhere else, and the top drawer is closed',
  ),
  'unknown': (
    f'{INSIDE} and {SHUT} and 1 / {ZERO} > 0',
    'does not hold in 100%',
  ),
}
RIGHT = {
  'plain': f'{INSIDE} and {SHUT}',
  'also let go of': (
    f"{INSIDE} and {SHUT} and not check_grasped(final_state, 'crayon box')"
  ),
  'own limits': (
    f"{INSIDE} and get_joint_position(final_state, 'top drawer') < 0.02"
  ),
}


@pytest.fixture(scope='module')
def states():
  return teleport.states()


@pytest.fixture(scope='module')
def examiner(states):
  return success_check.Examiner(states, teleport.TASK)


def score(examiner, code):
  words = registry.load('drawer').vocabulary
  return examiner.score(predicate.compile_predicate(code, words))


def test_every_situation_is_told_apart(examiner):
  found = score(examiner, RIGHT['plain']).situations
  assert sorted(s.cases for s in found) == [5, 5, 5, 5, 5, 10]
  assert [s.done for s in found].count(True) == 1


@pytest.mark.parametrize('case', RIGHT)
def test_good_code_is_accurate(examiner, case):
  found = score(examiner, RIGHT[case])
  assert found.accurate, found.reason
  assert found.reason == ''
  assert found.balanced == 1.0


@pytest.mark.parametrize('case', WRONG)
def test_bad_code_is_wrong_for_the_right_reason(examiner, case):
  code, reason = WRONG[case]
  found = score(examiner, code)
  assert not found.accurate
  assert reason in found.reason
  assert found.balanced < 1.0


def test_a_long_rest_is_one_case(states, examiner):
  """Twice as many states of the same rests change nothing."""
  longer = [
    audit_group.Group(
      name=group.name,
      kind=group.kind,
      initial=_twice(group.initial),
      final=_twice(group.final),
      follows=np.stack([group.follows, np.ones(group.size, bool)], 1).ravel(),
    )
    for group in states.groups
  ]
  again = success_check.Examiner(
    judged_states.JudgedStates(states.scene, tuple(longer), {}), teleport.TASK
  )
  assert score(again, INSIDE) == score(examiner, INSIDE)


def _twice(states):
  return type(states)(
    **{k: np.repeat(v, 2, 0) for k, v in vars(states).items()}
  )


def test_what_is_held_when_done_is_not_asked_about(states):
  words = states.scene.vocabulary
  left, right = words.fingers
  box = words.index('crayon box')
  held = []
  for group in states.groups:
    contact = group.final.contact.copy()
    contact[:, [left, right], box] = True
    final = group.final.replace(contact=contact)
    held.append(dataclasses.replace(group, name='held', final=final))
  with pytest.raises(errors.SddError, match='--attempts'):
    success_check.Examiner(
      judged_states.JudgedStates(states.scene, tuple(held), {}), teleport.TASK
    )


def test_states_are_kept_as_they_are(states, tmp_path):
  scene = states.scene
  trees = session.trees(scene, providers.make_provider('recorded'))
  source = judged_states.Source(scene, trees)
  steps = {'grasp(crayon box)': (states.groups[0].initial,) * 2}
  for stage in judged_states.STAGES:
    assert not judged_states.complete(source, tmp_path)
    judged_states.keep(source, tmp_path, stage, list(states.groups), steps)
  assert judged_states.complete(source, tmp_path)
  nothing: object = None  # nothing has to be gathered
  kept = judged_states.load(source, tmp_path, nothing, nothing)  # pyright: ignore
  assert len(kept.groups) == 3 * len(states.groups)
  assert kept.steps.keys() == steps.keys()
  for one, other in zip(states.groups, kept.groups, strict=False):
    assert (one.name, one.kind) == (other.name, other.kind)
    for name, value in vars(one.final).items():
      np.testing.assert_array_equal(value, getattr(other.final, name))
  (damaged, *_) = tmp_path.iterdir()
  whole = damaged.read_bytes()
  for broken in (b'no states', whole[: len(whole) // 2], b''):
    damaged.write_bytes(broken)
    with pytest.raises(errors.SddError, match='Delete'):
      judged_states.load(source, tmp_path, nothing, nothing)  # pyright: ignore


def test_states_are_gathered_once(tmp_path):
  scene = registry.load('transport')
  trees = session.trees(scene, providers.make_provider('recorded'))
  source = judged_states.Source(scene, trees, 0, judged_states.Size(8, 4, 3))
  seen = []
  gathering = audit_states.Gathering(
    simulator.make('mujoco', scene, size=4), 0, 8,
    lambda count, what: seen.append(what),
  )  # fmt: skip
  planner = pool.make(0, scene.name)
  found = judged_states.load(source, tmp_path, gathering, planner)
  told = len(seen)
  again = judged_states.load(source, tmp_path, gathering, planner)
  assert len(seen) == told > 100
  tree = trees(scene.tasks[0].sentence)
  for states in (found, again):
    examiner = success_check.Examiner(states, tree.task)
    score = examiner.score(tree.root.predicate)
    assert score.accurate, score.reason
    assert {s.done for s in score.situations} == {True, False}
    assert examiner.steps(tree)[1] == 2
