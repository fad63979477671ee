"""The film of an episode has a frame for every step, and its words."""

import imageio_ffmpeg
import pytest
import stored

from sdd import errors
from sdd.evaluation import film, frames, video
from sdd.simulation import action

STEPS = [1, 3, 4]


@pytest.fixture(scope='module')
def episode():
  return stored.episode(stored.tree(), STEPS)


def test_a_frame_for_every_step_in_real_time(episode, tmp_path):
  view = frames.view('front', 48)
  made = film.of_episode(stored.scene(), episode, view)
  path = video.write(tmp_path / 'film.mp4', made)
  count, seconds = imageio_ffmpeg.count_frames_and_secs(path)
  assert count == len(STEPS)
  assert seconds == pytest.approx(len(STEPS) / action.ActionSpec().rate_hz)
  size = next(imageio_ffmpeg.read_frames(path))['size']
  assert size[0] == view.width
  assert size[1] > view.height  # what is going on is written below


def test_an_unknown_camera(episode):
  with pytest.raises(errors.UnknownNameError, match='camera'):
    film.of_episode(stored.scene(), episode, frames.view('frnt', 48))
