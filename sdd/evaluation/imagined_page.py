"""Sampled action sequences in three dimensions, on a page of their own.

The scene is drawn by a little script inside the page, on a canvas, from flat
faces; the mouse turns it. It needs no network, no library and no WebGL.
"""

import base64
import dataclasses
from typing import Any

import numpy as np

from sdd.evaluation import frames, imagined, report, solids

_MILLIMETRES = 1000  # lines are sent as whole ones
_DIGITS = 4  # of vertices and poses, metres


@dataclasses.dataclass(frozen=True)
class Page:
  """What goes into the page.

  Attributes:
    title: of the page.
    recording: the episode and what the policy weighed.
    view: from where the page looks at first.
    rate_hz: steps a second.
    film: MP4 with one frame for each step, or empty.
    command: the command line that makes it again.
  """

  title: str
  recording: imagined.Recording
  view: frames.View
  rate_hz: float
  film: bytes = b''
  command: str = ''


def to_html(page: Page) -> str:
  """The page as one HTML document."""
  film = ''
  if page.film:
    film = 'data:video/mp4;base64,' + base64.b64encode(page.film).decode()
  outcome = page.recording.outcome
  count, horizon = page.recording.decisions[0].chunks.shape[:2]
  said = 'success' if outcome.success else f'ended: {outcome.ended}'
  return (
    report.environment()
    .get_template('imagined.html')
    .render(
      page=page,
      task=outcome.task,
      film=film,
      data=data(page),
      highlights=[
        (str(count), 'action sequences from each observation'),
        (f'{horizon / page.rate_hz:g} s', f'{horizon} actions ahead'),
        (str(len(page.recording.decisions)), 'decisions'),
        (f'{outcome.seconds:.1f} s', f'simulated, {said}'),
      ],
      first='rgb({}, {}, {})'.format(*imagined.FIRST),
      last='rgb({}, {}, {})'.format(*imagined.LAST),
    )
  )


def data(page: Page) -> dict[str, Any]:
  """What the script of the page draws, as JSON values."""
  recording = page.recording
  shapes = solids.of_model(recording.stage.model)
  horizon = recording.decisions[0].chunks.shape[1]
  return {
    'rate': page.rate_hz,
    'horizon': horizon,
    'colours': imagined.colours(horizon).tolist(),
    'eye': _eye(page),
    'solids': [
      {
        'rgb': [round(part, 3) for part in shape.rgb],
        'vertices': shape.vertices.round(_DIGITS).ravel().tolist(),
        'faces': shape.faces.ravel().tolist(),
      }
      for shape in shapes
    ],
    'decisions': [
      {'step': decision.step, 'lines': _lines(decision)}
      for decision in recording.decisions
    ],
    'poses': _poses(recording, [shape.geom for shape in shapes]),
  }


def _lines(decision: imagined.Decision) -> list[list[int]]:
  """Each chunk's tool positions, flat, in millimetres."""
  points = np.round(decision.chunks[..., :3] * _MILLIMETRES).astype(int)
  return points.reshape(len(points), -1).tolist()


def _poses(recording: imagined.Recording, geoms: list[int]) -> list[list[Any]]:
  """For each decision, each geom's position and rotation, 12 numbers.

  None for a geom that is where it was at the decision before.
  """
  found: list[list[Any]] = []
  before: list[Any] = [None] * len(geoms)
  for decision in recording.decisions:
    world = recording.stage.data(recording.qpos[decision.step])
    now = [
      np.concatenate([world.geom_xpos[geom], world.geom_xmat[geom]])
      .round(_DIGITS)
      .tolist()
      for geom in geoms
    ]
    found.append([new if new != old else None for new, old in zip(now, before)])
    before = now
  return found


def _eye(page: Page) -> dict[str, Any]:
  """Where the page looks from at first: the camera's place, and what it sees.

  The page turns about the point in the middle of the picture that is as far
  away as the actions are.
  """
  recording = page.recording
  camera = frames.camera(recording.stage, recording.qpos[0], page.view)
  forward = -np.asarray(camera.rotation)[:, 2]
  middle = recording.decisions[0].chunks[..., :3].reshape(-1, 3).mean(axis=0)
  away = max(0.3, float((middle - camera.position) @ forward))
  return {
    'position': np.asarray(camera.position).round(_DIGITS).tolist(),
    'target': (camera.position + away * forward).round(_DIGITS).tolist(),
    'fovy': float(camera.fovy),
    'aspect': page.view.width / page.view.height,
  }
