"""The film of an episode, with what is going on written below."""

import itertools
from collections.abc import Iterable

from sdd.collection import episode as episode_lib
from sdd.evaluation import captions, frames, video
from sdd.scenes import scene as scene_lib
from sdd.simulation import action


def of_episode(
  scene: scene_lib.Scene,
  episode: episode_lib.Episode,
  view: frames.View | None = None,
  *,
  spec: action.ActionSpec | None = None,
) -> bytes:
  """Draws every step; the bytes of an MP4 file, in real time.

  Needs no graphics library: the ray caster draws.

  Args:
    scene: the episode's.
    episode: what happened.
    view: camera and size; by default the front camera, 360 by 240 pixels.
    spec: of its actions, for their rate.

  Raises:
    errors.UnknownNameError: the scene has no such camera.
  """
  pictures = frames.pictures(
    frames.stage_of(scene, episode), episode.world, view or frames.View()
  )
  rate = (spec or action.ActionSpec()).rate_hz
  return captioned(episode, pictures, rate_hz=rate)


def captioned(
  episode: episode_lib.Episode,
  pictures: Iterable[frames.Picture],
  *,
  rate_hz: float,
) -> bytes:
  """A film of pictures that are already drawn, one for each step."""
  pictures = iter(pictures)
  first = next(pictures)
  told = captions.of_episode(episode, rate_hz=rate_hz)
  band = captions.Band(first.shape[1], told)
  every = itertools.chain([first], pictures)
  return video.encode(
    (band.below(each, k) for k, each in enumerate(every)), rate_hz=rate_hz
  )
