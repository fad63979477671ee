"""Which sentence a window comes with."""

import dataclasses

import numpy as np
import pytest
import tiny_run

from sdd import errors
from sdd.training import batches, loop, sentences

DATA = tiny_run.data()
SUB_TASKS = ('go left', 'stop', 'wave')  # the first is a task, too
WITH = dataclasses.replace(
  DATA,
  sub_tasks=SUB_TASKS,
  sub_task=np.arange(len(DATA), dtype=np.int32) % 3,
)
CHOSEN = np.random.default_rng(0).integers(len(DATA), size=4000)


def said(conditioning, *, step=0, seed=0, data=WITH):
  return sentences.said(
    data, CHOSEN, conditioning=conditioning, seed=seed, step=step
  )


def test_every_sentence_is_known_once_tasks_first():
  assert sentences.known(WITH) == ('go left', 'go right', 'stop', 'wave')
  assert sentences.known(DATA) == DATA.instructions


def test_a_window_comes_with_its_task_or_sub_task():
  known = np.array(sentences.known(WITH))
  task = np.array(DATA.instructions)[DATA.instruction[CHOSEN]]
  sub_task = np.array(SUB_TASKS)[CHOSEN % 3]
  assert (known[said('task')] == task).all()
  assert (known[said('sub_task')] == sub_task).all()
  both = known[said('both')]
  assert ((both == task) | (both == sub_task)).all()
  differ = task != sub_task
  assert np.mean((both == sub_task)[differ]) == pytest.approx(0.5, abs=0.05)


def test_seed_step_and_place_decide():
  np.testing.assert_array_equal(said('both'), said('both'))
  assert (said('both') != said('both', step=1)).any()
  assert (said('both') != said('both', seed=1)).any()
  np.testing.assert_array_equal(said('task'), said('task', data=DATA))


def test_windows_without_sub_tasks_are_refused():
  with pytest.raises(errors.SddError, match='sub_tasks=True'):
    said('both', data=DATA)
  with pytest.raises(errors.UnknownNameError, match="'sub_task'"):
    tiny_run.config(conditioning='subtask').validate()


def test_a_batch_has_the_embedding_of_what_is_said():
  run = tiny_run.config(conditioning='sub_task')
  specification = loop.specify(run, WITH)
  assert specification.instructions == sentences.known(WITH)

  def text(conditioning):
    made = batches.Batches(
      WITH,
      specification,
      batch_size=16,
      seed=0,
      conditioning=conditioning,
    )(0)
    return made['text'].reshape(16, -1, 8)[:, 0]  # the rest: objects

  task, sub_task, both = map(text, ('task', 'sub_task', 'both'))
  assert len(np.unique(task, axis=0)) == 2
  assert len(np.unique(sub_task, axis=0)) == 3
  for row, one, other in zip(both, task, sub_task, strict=True):
    assert (row == one).all() or (row == other).all()


def test_pictures_are_those_of_the_windows():
  run = tiny_run.config()
  run.policy.vision.cameras = ('front',)
  shot = np.arange(len(DATA.observation), dtype=np.uint8)
  data = dataclasses.replace(DATA, pictures=shot[:, None, None, None, None])
  specification = loop.specify(run, data)
  made = batches.Batches(data, specification, batch_size=16, seed=0)
  batch = made(2)
  shown = np.asarray(batch['pictures']).reshape(16)
  np.testing.assert_array_equal(shown, data.step[made.indices(2)])
