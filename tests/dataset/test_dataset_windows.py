"""Windows equal what a plain loop over the episodes would give."""

import dataclasses

import numpy as np
import pytest

from sdd.dataset import object_layout, spec, windows, writer
from tests.dataset import fake_episodes

STATE_NAMES = fake_episodes.STATE_NAMES
LENGTHS = (5, 1, 2, 9, 3, 7)
EPISODES = [
  fake_episodes.make(index, steps=length)
  for index, length in enumerate(LENGTHS)
]


@pytest.fixture(scope='module')
def path(tmp_path_factory):
  directory = tmp_path_factory.mktemp('windows')
  with writer.DatasetWriter(directory, **fake_episodes.WRITER) as opened:
    for episode in reversed(EPISODES):
      opened.add(episode)
    opened.add(fake_episodes.make(99, success=False))
  return directory


def observed(episode):
  rows = object_layout.layout(STATE_NAMES).rows(episode.state)
  return np.hstack([episode.proprioception, rows.reshape(len(rows), -1)])


def slow_windows(past: int, ahead: int):
  for episode in EPISODES:
    seen = observed(episode)
    last = len(seen) - 1
    for t in range(last):
      yield (
        np.stack([seen[max(t + k, 0)] for k in range(1 - past, 1)]),
        np.stack([episode.action[min(t + k, last)] for k in range(ahead)]),
        episode.metadata.task,
      )


@pytest.mark.parametrize(('past', 'ahead'), [(1, 1), (2, 16), (4, 3)])
def test_every_window_equals_the_slow_one(path, past, ahead):
  loaded = windows.load_windows(
    path, observation_horizon=past, action_horizon=ahead
  )
  expected = list(slow_windows(past, ahead))
  assert len(loaded) == len(expected) == sum(LENGTHS) - len(LENGTHS)
  batch = loaded.gather(np.arange(len(loaded)))
  for number, (seen, actions, task) in enumerate(expected):
    np.testing.assert_array_equal(batch['observation'][number], seen)
    np.testing.assert_array_equal(batch['action'][number], actions)
    assert loaded.instructions[batch['instruction'][number]] == task
  assert batch['observation'].dtype == np.float32
  assert batch['action'].dtype == np.float32
  assert batch['instruction'].dtype == np.int32


def test_sub_tasks_are_those_of_the_steps(tmp_path):
  rng = np.random.default_rng(0)
  made = []
  for index, length in enumerate(LENGTHS):
    said = [str(rng.choice(['open it', 'let go', ''])) for _ in range(length)]
    episode = fake_episodes.make(index, steps=length)
    made.append(dataclasses.replace(episode, sub_task=said))
  with writer.DatasetWriter(tmp_path, **fake_episodes.WRITER) as opened:
    for episode in made:
      opened.add(episode)
  loaded = windows.load_windows(tmp_path, sub_tasks=True)
  assert list(loaded.sub_tasks) == sorted(
    {'open it', 'let go', *fake_episodes.TASKS}
  )
  assert loaded.sub_task is not None
  assert [loaded.sub_tasks[place] for place in loaded.sub_task] == [
    said or episode.metadata.task
    for episode in made
    for said in list(episode.sub_task)[:-1]
  ]
  without = windows.load_windows(tmp_path)
  assert without.sub_tasks == ()
  assert without.sub_task is None


def test_gather_takes_any_indices(path):
  loaded = windows.load_windows(path)
  whole = loaded.gather(np.arange(len(loaded)))
  chosen = np.array([3, 0, 3, len(loaded) - 1])
  some = loaded.gather(chosen)
  np.testing.assert_array_equal(some['action'], whole['action'][chosen])
  np.testing.assert_array_equal(
    some['observation'], whole['observation'][chosen]
  )


def test_statistics_are_over_every_step_once(path):
  loaded = windows.load_windows(path)
  actions = np.concatenate([e.action for e in EPISODES])
  states = np.concatenate([observed(e) for e in EPISODES])
  found = loaded.action_statistics
  np.testing.assert_array_equal(found.maximum, actions.max(0))
  np.testing.assert_allclose(found.mean, actions.mean(0), atol=1e-6)
  np.testing.assert_array_equal(
    loaded.observation_statistics.minimum, states.min(0)
  )


def test_epochs_are_permutations_that_repeat(path):
  loaded = windows.load_windows(path)
  orders = [loaded.epoch_order(0, epoch) for epoch in (0, 0, 1)]
  for order in orders:
    np.testing.assert_array_equal(np.sort(order), np.arange(len(loaded)))
  np.testing.assert_array_equal(orders[0], orders[1])
  assert (orders[0] != orders[2]).any()
  assert (loaded.epoch_order(1, 0) != orders[0]).any()


def test_balanced_epochs_visit_tasks_equally(path):
  loaded = windows.load_windows(path)
  order = loaded.epoch_order(0, 0, balanced='task')
  assert len(order) == len(loaded)
  visits = np.bincount(loaded.instruction[order])
  assert visits.max() - visits.min() <= 1
  plain = np.bincount(loaded.instruction)
  assert plain.max() - plain.min() > 1
  again = loaded.epoch_order(0, 0, balanced='task')
  np.testing.assert_array_equal(order, again)


def test_scenes_are_visited_equally_and_in_each_its_tasks(path):
  loaded = windows.load_windows(path)
  # As if the windows came from two scenes, the first with most of the tasks.
  scene = np.where(loaded.instruction < loaded.instruction.max(), 0, 1)
  loaded = dataclasses.replace(loaded, scene=scene)
  order = loaded.epoch_order(0, 0, balanced='scene')
  assert len(order) == len(loaded)
  visits = np.bincount(scene[order])
  assert visits.max() - visits.min() <= 1
  tasks = np.bincount(loaded.instruction[order][scene[order] == 0])
  assert tasks.max() - tasks.min() <= 1


def test_the_first_episodes_by_index(path):
  loaded = windows.load_windows(path, max_episodes=3)
  assert len(loaded) == sum(LENGTHS[:3]) - 3
  np.testing.assert_array_equal(loaded.action[:5], EPISODES[0].action)
  assert loaded.spec.state_names == fake_episodes.STATE_NAMES


def test_failures_can_be_asked_for(path):
  loaded = windows.load_windows(path, split='failure')
  episode = fake_episodes.make(99, success=False)
  np.testing.assert_array_equal(loaded.action, episode.action)


def test_nothing_to_learn_from(tmp_path):
  with writer.DatasetWriter(tmp_path, **fake_episodes.WRITER) as opened:
    opened.add(fake_episodes.make(0, success=False))
    opened.add(fake_episodes.make(1, steps=1))
  with pytest.raises(spec.DatasetError, match="in the split 'success'"):
    windows.load_windows(tmp_path)
  with pytest.raises(spec.DatasetError, match='action_horizon is 0'):
    windows.load_windows(tmp_path, action_horizon=0)
