"""Windows of several scenes, joined, are the windows of each."""

import dataclasses

import numpy as np
import pytest

from sdd.dataset import joined, object_layout, spec, windows, writer
from sdd.simulation import action
from tests.dataset import fake_episodes

SMALL = ('ball/x', 'ball/y', 'ball/z')


def dataset(directory, scene, names, numbers):
  options = {**fake_episodes.WRITER, 'state_names': names, 'scene': scene}
  with writer.DatasetWriter(directory, **options) as opened:
    for number in numbers:
      opened.add(
        fake_episodes.make(number, steps=4 + number, state_size=len(names))
      )
  return windows.load_windows(directory, sub_tasks=True)


@pytest.fixture(scope='module')
def parts(tmp_path_factory):
  folder = tmp_path_factory.mktemp('joined')
  return [
    dataset(folder / 'a', 'shelf', fake_episodes.STATE_NAMES, (0, 3)),
    dataset(folder / 'b', 'ground', SMALL, (1, 2)),
    dataset(folder / 'c', 'shelf', fake_episodes.STATE_NAMES, (5,)),
  ]


def test_every_window_is_there_with_its_own_words(parts):
  whole = joined.join(parts)
  assert tuple(whole.scenes) == ('ground', 'shelf')
  start = 0
  for part in parts:
    mine = np.arange(len(part))
    ours, theirs = whole.gather(start + mine), part.gather(mine)
    np.testing.assert_array_equal(ours['action'], theirs['action'])
    width = theirs['observation'].shape[-1]
    np.testing.assert_array_equal(
      ours['observation'][..., :width], theirs['observation']
    )
    for here, there in zip(
      ours['instruction'], theirs['instruction'], strict=True
    ):
      assert whole.instructions[here] == part.instructions[there]
    assert {tuple(whole.scenes)[k] for k in ours['scene']} == {part.spec.scene}
    assert whole.sub_task is not None
    for place, window in enumerate(whole.sub_task[start + mine]):
      assert whole.sub_tasks[window] == part.sub_tasks[part.sub_task[place]]
    start += len(part)
  assert start == len(whole)


def test_missing_objects_are_blank(parts):
  whole = joined.join(parts)
  seen = whole.gather(len(parts[0]) + np.arange(1))['observation'][0, -1]
  rows = seen[action.DIMENSION :].reshape(-1, object_layout.DIMENSION)
  assert len(rows) == 2
  assert (rows[1] == [0, 0, 0, 1, 0, 0, 0, 1, 0, 0]).all()


def test_one_alone_is_itself_and_none_is_refused(parts):
  assert joined.join(parts[:1]) is parts[0]
  with pytest.raises(spec.DatasetError, match='no windows'):
    joined.join([])


def test_datasets_that_differ_are_refused(parts):
  wider = dataclasses.replace(parts[1], action_horizon=4)
  with pytest.raises(spec.DatasetError, match='action_horizon'):
    joined.join([parts[0], wider])
  other = dataclasses.replace(parts[1], scenes={'shelf': SMALL})
  with pytest.raises(spec.DatasetError, match="scene 'shelf' observe"):
    joined.join([parts[0], other])


def test_stacked_arrays_are_one():
  rng = np.random.default_rng(0)
  parts = [rng.integers(0, 255, (n, 2, 3), np.uint8) for n in (4, 1, 7)]
  whole = joined.Stacked(parts)
  assert len(whole) == 12
  rows = rng.integers(0, 12, 30)
  np.testing.assert_array_equal(whole[rows], np.concatenate(parts)[rows])


def test_a_layout_reads_names_and_refuses_others():
  layout = object_layout.layout(fake_episodes.STATE_NAMES)
  assert layout.names == ('crayon box', 'lid')
  rows = layout.rows(np.array([1.0, 2.0, 3.0, 4.0]))
  assert (rows[0] == [1, 2, 3, 1, 0, 0, 0, 1, 0, 0]).all()
  assert (rows[1] == [0, 0, 0, 1, 0, 0, 0, 1, 0, 4]).all()
  with pytest.raises(spec.DatasetError, match='crayon box x'):
    object_layout.layout(['crayon box x'])
