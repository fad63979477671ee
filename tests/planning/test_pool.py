"""Planner processes may die or hang; answers stay the same."""

import dataclasses
import subprocess
import sys
import threading
import time

import checkout
import deadly
import numpy as np
import pytest
import workers

from sdd import errors
from sdd.language import skill as skill_lib
from sdd.planning import motion, pool, skills

PATIENCE = 900  # seconds, for a loaded machine


def requests(start, count):
  grasp = skill_lib.Skill('grasp', 'crayon box')
  for seed in range(count):
    skill = grasp if seed % 2 else None
    yield motion.Request('drawer', start, skill, None, (seed,))


def assert_same(answers, expected):
  for one, other in zip(answers, expected, strict=True):
    assert one.reason == other.reason
    assert (one.motion is None) == (other.motion is None)
    if one.motion is not None:
      np.testing.assert_array_equal(one.motion.actions, other.motion.actions)


@pytest.fixture(scope='module')
def expected(start):
  return [skills.answer(request) for request in requests(start, 8)]


@pytest.fixture(scope='module')
def planners():
  made = pool.make(2, 'drawer')
  yield made
  made.close()


def answers_of(planners, asked):
  futures = [planners.submit(request) for request in asked]
  return [future.result(PATIENCE) for future in futures]


def test_workers_answer_as_this_process_does(planners, start, expected):
  assert_same(answers_of(planners, requests(start, 8)), expected)
  inline = pool.make(0, 'drawer')
  assert_same(answers_of(inline, requests(start, 2)), expected[:2])
  inline.close()


def test_killing_workers_changes_no_answer(planners, start, expected):
  futures = [planners.submit(each) for each in requests(start, 8)]
  futures[0].result(PATIENCE)  # in the middle of the others
  victims = workers.of()
  assert victims
  for pid in victims:
    workers.kill(pid)
  assert_same([future.result(PATIENCE) for future in futures], expected)


def test_workers_killed_while_idle_are_replaced(planners, start, expected):
  answers_of(planners, requests(start, 2))
  victims = workers.of()
  assert victims
  for pid in victims:
    workers.kill(pid)
  assert_same(answers_of(planners, requests(start, 4)), expected[:4])
  assert not set(victims) & set(workers.of())


def test_a_request_that_keeps_killing_is_given_up(
  planners, start, expected, monkeypatch
):
  monkeypatch.setattr(pool, '_RESTARTS', 1)
  deadly_one = dataclasses.replace(
    next(requests(start, 1)), seed=deadly.Killing()
  )
  doomed = planners.submit(deadly_one)
  others = answers_of(planners, requests(start, 2))
  with pytest.raises(pool.PlannerError, match='died 2 times'):
    doomed.result(PATIENCE)
  assert_same(others, expected[:2])


def test_a_worker_that_hangs_is_killed(planners, start, expected, monkeypatch):
  monkeypatch.setattr(pool, '_RESTARTS', 0)
  monkeypatch.setattr(pool, '_HUNG', 1.0)
  request = next(requests(start, 1))
  hung = planners.submit(
    dataclasses.replace(request, scene=deadly.Hanging('drawer'))
  )
  with pytest.raises(pool.PlannerError):
    hung.result(PATIENCE)
  monkeypatch.undo()
  assert_same(answers_of(planners, [request]), expected[:1])


def test_errors_of_planning_reach_whoever_asked(planners, start):
  request = next(requests(start, 1))
  unknown = dataclasses.replace(request, scene='drawr')
  with pytest.raises(errors.UnknownNameError, match="Did you mean 'drawer'"):
    planners.submit(unknown).result(PATIENCE)
  defect = dataclasses.replace(request, seed=('no', 'number'))
  with pytest.raises((TypeError, ValueError)):
    planners.submit(defect).result(PATIENCE)


def test_closing_ends_the_workers_and_forgets_what_waits(start):
  before = set(workers.of()), threading.active_count()
  made = pool.make(1, 'drawer')
  made.submit(next(requests(start, 1))).result(PATIENCE)
  for request in requests(start, 3):
    made.submit(request)
  made.close()
  assert (set(workers.of()), threading.active_count()) == before


def test_no_worker_starts_before_it_is_needed():
  before = set(workers.of())
  made = pool.make(3, 'drawer')
  time.sleep(0.1)
  assert set(workers.of()) == before
  made.close()


def test_planning_imports_no_learning():
  code = (
    'import sys, sdd.planning.worker; assert "numpy" not in sys.modules;'
    'sdd.planning.worker.prepare("drawer"); print(*sys.modules, sep="\\n")'
  )
  ran = subprocess.run(
    [sys.executable, '-c', code],
    cwd=checkout.ROOT,
    capture_output=True,
    text=True,
    check=True,
  )
  loaded = {name.split('.')[0] for name in ran.stdout.split()}
  assert {'ompl', 'mujoco'} <= loaded
  heavy = {'jax', 'flax', 'optax', 'orbax', 'tensorflow_datasets', 'glfw'}
  assert not heavy & loaded
