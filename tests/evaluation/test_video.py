"""Films hold the frames they were given, and their captions."""

import subprocess

import imageio_ffmpeg
import numpy as np
import pytest

from sdd import errors
from sdd.evaluation import captions, video

TONES = [
  (220, 30, 30),
  (30, 200, 30),
  (30, 30, 220),
  (240, 240, 240),
  (9, 9, 9),
]


def plain(tone, height=48, width=64):
  return np.full((height, width, 3), tone, np.uint8)


def frames_of(path, height=48, width=64):
  """Decodes a film, without help from what encoded it."""
  raw = subprocess.run(
    [
      imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-i', str(path),
      '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-',
    ],
    capture_output=True,
    check=True,
  ).stdout  # fmt: skip
  return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def test_every_frame_comes_back_in_order_and_time(tmp_path):
  path = tmp_path / 'new' / 'film.mp4'
  film = video.encode(map(plain, TONES), rate_hz=4)
  assert video.write(path, film) == path
  count, seconds = imageio_ffmpeg.count_frames_and_secs(path)
  assert count == len(TONES)
  assert seconds == pytest.approx(len(TONES) / 4)
  found = frames_of(path)
  assert len(found) == len(TONES)
  for frame, tone in zip(found, TONES):
    np.testing.assert_allclose(frame.mean(axis=(0, 1)), tone, atol=12)
  assert [each.name for each in path.parent.iterdir()] == ['film.mp4']


@pytest.mark.parametrize(
  ('frames', 'message'),
  [
    ([], 'no frames'),
    ([plain(TONES[0], width=63)], 'even'),
    ([plain(TONES[0]).astype(float)], 'uint8'),
    ([plain(TONES[0]), plain(TONES[0], width=32)], 'Frame 1'),
  ],
)
def test_what_is_no_film_is_refused(frames, message):
  with pytest.raises(errors.SddError, match=message):
    video.encode(frames, rate_hz=4)


def test_what_ffmpeg_says_is_passed_on():
  with pytest.raises(errors.SddError, match='FFmpeg made no film'):
    video.encode([plain(TONES[0], 400, 600)] * 9, rate_hz=-1)


def test_a_film_has_the_name_of_one(tmp_path):
  with pytest.raises(errors.SddError, match=r'\.mp4'):
    video.write(tmp_path / 'film.avi', b'')


def test_captions_stand_below_and_leave_the_picture_alone():
  told = [('a task', 'short'), ('a task', 'many words ' * 12), ('', '')]
  band = captions.Band(64, told)
  sheets = [band.below(plain(TONES[0]), k) for k in range(3)]
  assert {sheet.shape for sheet in sheets} == {(48 + band.height, 64, 3)}
  assert band.height % 2 == 0
  for sheet in sheets:
    np.testing.assert_array_equal(sheet[:48], plain(TONES[0]))
  written = [
    len(np.unique(sheet[48:].reshape(-1, 3), axis=0)) for sheet in sheets
  ]
  assert written[2] == 1
  assert min(written[:2]) > 1
