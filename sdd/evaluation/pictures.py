"""Film strips of episodes, drawn from stored states without any GL."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from sdd.collection import episode as episode_lib
from sdd.evaluation import film_strip
from sdd.scenes import scene as scene_lib
from sdd.simulation import action, render_episode

_WIDTH, _HEIGHT, _SUPERSAMPLE = 300, 200, 2


def of_episode(
  scene: scene_lib.Scene,
  episode: episode_lib.Episode,
  *,
  frames: int = 12,
  camera: str = 'front',
) -> bytes:
  """A PNG with the key frames of an episode and the skills at work."""
  rate = action.ActionSpec().rate_hz
  labels = [
    f'{sub}: {skill}' if skill else f'{sub}: back to rest'
    for sub, skill in zip(episode.sub_task, episode.skill, strict=True)
  ]
  chosen = film_strip.key_frames(labels, frames)
  captions = [f'{k / rate:.1f} s  {episode.skill[k] or "rest"}' for k in chosen]
  initial = episode.metadata.initial
  return strip(
    scene.shaped(int(initial['shape'])), episode.world[chosen], captions,
    mocap_pos=initial['mocap_pos'], mocap_quat=initial['mocap_quat'],
    camera=camera,
  )  # fmt: skip


def strip(
  scene: scene_lib.Scene,
  qpos: Float[np.ndarray, 'T nq'],
  captions: Sequence[str],
  *,
  mocap_pos: Float[np.ndarray, 'M 3'],
  mocap_quat: Float[np.ndarray, 'M 4'],
  camera: str = 'front',
) -> bytes:
  """A PNG with one frame for each state."""
  images = render_episode.render_episode(
    scene.model, qpos, [camera], mocap_pos=mocap_pos, mocap_quat=mocap_quat,
    width=_WIDTH, height=_HEIGHT, supersample=_SUPERSAMPLE,
  )  # fmt: skip
  sheet = film_strip.film_strip(list(images[camera].rgb), captions, columns=4)
  return film_strip.encode_png(sheet)
