"""Many worlds at once: each episode is its own, whatever befalls others."""

import dataclasses
import time

import numpy as np
import pytest
import scripted
import workers

from sdd import errors
from sdd.collection import collector, episode, session, walk
from sdd.language import task_tree
from sdd.planning import motion
from sdd.simulation import action, simulator

SEED = 3
FIELDS = ('proprioception', 'state', 'action', 'world', 'verdict')


def part_of(tree, instruction):
  """The task tree of one node of another."""
  (node,) = [each for each in tree.nodes if each.instruction == instruction]
  return task_tree.TaskTree(tree.task, tree.scene, node, tree.completions)


@pytest.fixture(scope='module')
def jobs(scene):
  """Short episodes: open one drawer each."""
  tasks = [task.sentence for task in scene.tasks]
  return [collector.Job(index, tasks[index]) for index in range(5)]


@pytest.fixture(scope='module')
def short(infer):
  """The part of each task that opens a drawer."""

  def tree(task):
    level = task.split()[-2]
    return part_of(infer(task), f'open the {level} drawer')

  return tree


def collect(scene, infer, jobs, count, *, after=lambda done: None):
  found = {}
  with session.collecting(scene, infer, seed=SEED, workers=count) as attempts:
    for made in attempts.run(jobs):
      found[made.metadata.index] = made
      after(len(found))
  return [found[job.index] for job in jobs]


@pytest.fixture(scope='module')
def expected(scene, short, jobs):
  return collect(scene, short, jobs, 0)


def assert_same(one, other):
  for name in FIELDS:
    np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
  assert list(one.sub_task) == list(other.sub_task)
  assert list(one.skill) == list(other.skill)
  mine, theirs = map(vars, (one.metadata, other.metadata))
  assert mine.keys() == theirs.keys()
  for key in mine.keys() - {'initial'}:
    assert mine[key] == theirs[key], key
  for key, value in mine['initial'].items():
    np.testing.assert_array_equal(value, theirs['initial'][key])


def test_drawers_are_opened(expected, jobs):
  assert len(expected) == len(jobs)
  for made, job in zip(expected, jobs, strict=True):
    assert made.metadata.index == job.index
    assert made.metadata.task == job.task
    assert made.metadata.seed == SEED
  assert sum(made.metadata.success for made in expected) >= 4


def test_one_worker_makes_the_same_episodes(scene, short, jobs, expected):
  for one, other in zip(collect(scene, short, jobs, 1), expected, strict=True):
    assert_same(one, other)


def test_two_workers_that_get_killed_make_the_same_episodes(
  scene, short, jobs, expected
):
  killed = []

  def kill_one(done):
    if done <= 2:
      # On a busy machine the one that was killed may still be listed.
      while not (alive := [w for w in workers.of() if w not in killed]):
        time.sleep(0.05)
      victim = alive[-1]
      workers.kill(victim)
      killed.append(victim)

  found = collect(scene, short, jobs, 2, after=kill_one)
  assert len(set(killed)) == 2
  for one, other in zip(found, expected, strict=True):
    assert_same(one, other)


def run(
  scene,
  tree,
  plan,
  *,
  count=1,
  size=None,
  retry: walk.Retry = 'inferred',
):
  """Episodes of a scripted planner, by index."""
  sim = simulator.make('mujoco', scene, size=size or count)
  attempts = collector.Collector(
    scene,
    lambda task: tree,
    sim,
    scripted.Planner(plan),
    seed=SEED,
    retry=retry,
  )
  task = scene.tasks[0].sentence
  jobs = [collector.Job(index, task) for index in range(count)]
  return {made.metadata.index: made for made in attempts.run(jobs)}


def hurried(scene, seconds):
  return dataclasses.replace(scene, time_limit=seconds)


def test_the_time_limit_ends_an_episode(scene, tree):
  (made,) = run(
    hurried(scene, 1.5), tree, lambda request: scripted.hold(scene, 3)
  ).values()
  assert made.metadata.ended == 'time'
  assert not made.metadata.success
  assert made.metadata.duration == pytest.approx(1.5)
  assert len(made.action) == 1.5 * action.ActionSpec().rate_hz + 1
  assert made.metadata.retries[2] == 1  # the grasp, after three actions
  assert set(made.skill) == {'grasp(crayon box)'}


def dropping(scene):
  """Worlds in which the crayon box falls past the table."""

  def sample(this, rng):
    drawn = scene.sample(this, rng)
    qpos = drawn.qpos.copy()
    at = scene.free_qpos('crayon box')
    qpos[at : at + 3] = (1.2, -0.3, -0.3)
    return dataclasses.replace(drawn, qpos=qpos)

  return dataclasses.replace(scene, sample=sample)


def test_an_object_on_the_floor_ends_an_episode_as_a_failure(scene):
  code = scripted.NEVER.replace("'top drawer'", "'floor'").replace(
    'check_opened(final_state', "check_contact(final_state, 'crayon box'"
  )
  skill = scripted.tree(scene).nodes[scripted.GRASP].skill
  root = scripted.leaf(scene, 'drop it', skill, code)
  tree = task_tree.TaskTree('drop it', scene.name, root)
  (made,) = run(
    dropping(scene), tree, lambda request: scripted.hold(scene, 40)
  ).values()
  assert made.metadata.ended == 'floor'
  assert made.verdict[-1, 0] == episode.TRUE  # and yet
  assert not made.metadata.success
  assert not made.metadata.ground_truth
  assert made.metadata.duration < 2


def test_no_way_ends_as_stuck_with_the_reason(scene, tree):
  (made,) = run(
    scene,
    tree,
    lambda request: scripted.hold(scene, 1) if request.skill is None else None,
    retry='none',
  ).values()
  assert made.metadata.ended == 'stuck'
  assert made.metadata.error == 'none'
  assert len(made.action) == 1
  np.testing.assert_array_equal(made.action[0], made.proprioception[0])


def test_skills_that_ran_in_vain_end_as_undone(scene, tree):
  (made,) = run(
    scene, tree, lambda request: scripted.hold(scene, 2), retry='none'
  ).values()
  assert made.metadata.ended == 'undone'
  assert not made.metadata.success
  assert made.metadata.error == ''
  assert list(dict.fromkeys(made.skill)) == [
    'grasp(crayon box)',
    'place(crayon box, top drawer)',
    'move_joint(top drawer, min)',
  ]


def test_after_a_drop_the_arm_holds_still_for_a_second(scene, tree):
  def plan(request):
    held = scripted.hold(scene, 6)
    held.actions[:, 2] -= 0.01 * np.arange(6)
    return motion.Motion(held.actions, holding=(1, 6))  # of nothing

  (made,) = run(hurried(scene, 1.75), tree, plan).values()
  # One action, another in which it is found lost, and four like it.
  first = plan(None).actions
  np.testing.assert_array_equal(made.action[:2], first[:2])
  np.testing.assert_array_equal(
    made.action[2:6], np.repeat(first[1:2], 4, axis=0)
  )
  np.testing.assert_array_equal(made.action[6], first[0])  # and tries again


@pytest.mark.parametrize('when', ['asked', 'answered', 'carried out'])
def test_a_defect_ends_its_episode_only(scene, tree, when, caplog):
  def plan(request):
    if request.seed[1] != 1:
      return scripted.hold(scene, 2)
    if when == 'asked':
      raise ZeroDivisionError('no way')
    if when == 'answered':
      return ZeroDivisionError('no way')
    return motion.Motion(np.zeros((0, action.DIMENSION), np.float32))

  found = run(hurried(scene, 1.0), tree, plan, count=4, size=2)
  assert sorted(found) == [0, 1, 2, 3]
  ended = {index: made.metadata.ended for index, made in found.items()}
  assert ended == {0: 'time', 1: 'error', 2: 'time', 3: 'time'}
  broken = found[1].metadata
  expected = 'IndexError' if when == 'carried out' else 'ZeroDivisionError: no'
  assert broken.error.startswith(expected)
  assert not broken.success
  assert not broken.ground_truth
  assert 'A defect ended episode 1' in caplog.text
  assert 'Traceback' in caplog.text


def test_an_error_of_the_user_ends_the_run(scene, tree):
  def plan(request):
    return errors.SddError('mend this')

  with pytest.raises(errors.SddError, match='mend this'):
    run(scene, tree, plan, count=2)


def test_planner_requests_are_seeded_by_episode_and_count(scene, tree):
  seen = []

  def plan(request):
    seen.append(request.seed)
    return scripted.hold(scene, 1)

  run(hurried(scene, 0.75), tree, plan, count=3, size=2)
  assert len(set(seen)) == len(seen) == 9
  for index in range(3):
    mine = [seed for seed in seen if seed[1] == index]
    assert mine == [(SEED, index, 1, count) for count in (1, 2, 3)]


def test_no_jobs_no_episodes(scene, tree):
  assert run(scene, tree, lambda request: None, count=0, size=1) == {}
