"""What goes into a Rerun recording, step by step."""

import contextlib
import sys

import numpy as np
import pytest
import stored

from sdd import errors
from sdd.evaluation import rerun_file, timeline

NODES = [1, 1, 3, 4, 5]


class Recorded:
  """Stands where the module `rerun` would, and notes what it is told."""

  def __init__(self):
    self.calls = []
    self.path = None

  def RecordingStream(self, application, *, recording_id):
    self.calls.append(('stream', application, recording_id))
    return self

  def save(self, path):
    self.path = path

  def set_time(self, timeline_name, **moment):
    self.calls.append(('time', timeline_name, moment))

  def log(self, path, what, static=False):
    place = path if isinstance(path, str) else '/'.join(path)
    self.calls.append(('log', place, what))

  def __enter__(self):
    return self

  def __exit__(self, *_):
    assert self.path
    with contextlib.closing(open(self.path, 'w')) as file:
      file.write('recorded')

  def __getattr__(self, name):
    return lambda *values, **named: (name, values, named)


@pytest.fixture
def episode():
  verdict = np.random.default_rng(2).integers(-1, 2, (len(NODES), 6))
  return stored.episode(stored.tree(), NODES, verdict)


def test_verdicts_are_logged_once_asked_and_text_where_it_changes(episode):
  rows = timeline.of_episode(stored.tree(), episode)
  told = list(rerun_file.entries(stored.scene(), episode, rows))
  assert len(told) == len(NODES)
  for step, found in enumerate(told):
    verdicts = {
      int(entry.path.split('/')[1].split()[0]): entry.value
      for entry in found
      if entry.path.startswith('verdict/')
    }
    asked = {
      n for n, row in enumerate(rows) if row.states[step] != timeline.UNASKED
    }
    assert set(verdicts) == asked
    for node, value in verdicts.items():
      assert value == [episode.verdict[step, node]]
    text = {entry.path for entry in found if entry.kind == 'text'}
    changed = step == 0 or episode.skill[step] != episode.skill[step - 1]
    assert ('language/skill' in text) == changed
  pose = next(entry for entry in told[0] if entry.kind == 'pose')
  np.testing.assert_allclose(pose.value[0], episode.proprioception[0, :3])
  np.testing.assert_allclose(
    pose.value[1] @ pose.value[1].T, np.eye(3), atol=1e-6
  )


def test_every_frame_and_its_time_are_written(episode, tmp_path, monkeypatch):
  stand_in = Recorded()
  monkeypatch.setitem(sys.modules, 'rerun', stand_in)
  rows = timeline.of_episode(stored.tree(), episode)
  pictures = [np.full((4, 6, 3), k, np.uint8) for k in range(len(NODES))]
  path = rerun_file.write(
    tmp_path / 'new' / 'x.rrd', stored.scene(), episode, rows=rows,
    pictures=pictures, camera='front', rate_hz=4.0,
  )  # fmt: skip
  assert path.read_text() == 'recorded'
  assert [each.name for each in path.parent.iterdir()] == ['x.rrd']
  images = [c for c in stand_in.calls if c[1] == 'camera/front']
  assert len(images) == len(NODES)
  assert all(what[0] == 'EncodedImage' for _, _, what in images)
  times = [c[2] for c in stand_in.calls if c[:2] == ('time', 'time')]
  assert times == [{'duration': k / 4} for k in range(len(NODES))]
  lines = rerun_file.names(stored.scene())
  for place, names in lines.items():
    logged = [c[2] for c in stand_in.calls if c[1] == place]
    assert logged[0][0] == 'SeriesLines'
    assert all(what[1][0].shape == (len(names),) for what in logged[1:])
    assert len(logged) == 1 + len(NODES)


def test_without_the_extra_it_is_named(monkeypatch):
  monkeypatch.setitem(sys.modules, 'rerun', None)
  with pytest.raises(errors.SddError, match='extra `rerun`'):
    rerun_file.load()
