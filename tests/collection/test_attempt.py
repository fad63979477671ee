"""The short way from a sentence to an episode is the long one."""

import dataclasses

import numpy as np
import pytest

from sdd import errors
from sdd.collection import session


def test_it_is_the_episode_of_a_whole_run(scene, whole):
  made = session.attempt(f' {whole.metadata.task} ', scene)
  assert made.metadata.success
  assert made.metadata.ground_truth
  for field in dataclasses.fields(made):
    mine, theirs = (getattr(each, field.name) for each in (made, whole))
    if isinstance(mine, np.ndarray):
      np.testing.assert_array_equal(mine, theirs)
  assert made.metadata.task == whole.metadata.task
  assert made.metadata.task_tree == whole.metadata.task_tree


def test_a_sentence_of_which_nothing_is_recorded(scene):
  with pytest.raises(errors.SddError, match='juggle'):
    session.attempt('juggle the crayon boxes', scene)
