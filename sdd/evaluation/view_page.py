"""One episode as a page: its film, its verdicts over time, its traces.

The page needs nothing but a browser. A little script of its own, inside the
page, keeps film, timeline and traces at the same moment.
"""

import base64
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sdd import errors
from sdd.collection import episode as episode_lib
from sdd.evaluation import report, report_charts, timeline
from sdd.scenes import scene as scene_lib

_MOST_COMPLETIONS = 40


@dataclasses.dataclass(frozen=True)
class Page:
  """What goes into the page of an episode of `T` steps.

  Attributes:
    title: of the page.
    episode: whose page it is.
    film: MP4, one frame for each step.
    rate_hz: steps, and frames, a second.
    rows: the timeline.
    traces: charts over the seconds of the `T` steps.
    origin: (name, value) pairs: where the episode comes from.
    commands: command lines that make it and this page again.
  """

  title: str
  episode: episode_lib.Episode
  film: bytes
  rate_hz: float
  rows: Sequence[timeline.Row]
  traces: Sequence[report_charts.Curve] = ()
  origin: Sequence[tuple[str, str]] = ()
  commands: Sequence[str] = ()


def to_html(page: Page) -> str:
  """The page as one HTML document.

  Raises:
    errors.SddError: a row of the timeline has other than `T` steps.
  """
  steps = len(page.episode.action)
  for row in page.rows:
    if len(row.states) != steps:
      raise errors.SddError(
        f'The timeline of {row.instruction!r} has {len(row.states)} steps; '
        f'the episode has {steps}.'
      )
  about = page.episode.metadata
  return (
    report.environment()
    .get_template('view.html')
    .render(
      page=page,
      about=about,
      highlights=highlights(about),
      film='data:video/mp4;base64,' + base64.b64encode(page.film).decode(),
      steps=steps,
      bars=[
        (row, timeline.spans(row.states), timeline.spans(row.active))
        for row in page.rows
      ],
      states=timeline.STATES,
      said=_SAID,
      charts=[report_charts.chart(curve) for curve in page.traces],
      frame=report_charts,
      moments=moments(page),
    )
  )


_SAID = {
  timeline.TRUE: 'true',
  timeline.FALSE: 'false',
  timeline.UNKNOWN: 'unknown',
  timeline.UNASKED: 'not yet asked',
}


def moments(page: Page) -> dict[str, Any]:
  """What the script of the page knows of every step, as JSON values."""
  return {
    'rate': page.rate_hz,
    'steps': len(page.episode.action),
    'sub': list(page.episode.sub_task),
    'skill': list(page.episode.skill),
    'states': [
      [_SAID[row.states[step]] for row in page.rows]
      for step in range(len(page.episode.action))
    ],
  }


def highlights(
  about: episode_lib.EpisodeMetadata,
) -> list[tuple[str, str]]:
  """(value, what it is) pairs to see first."""
  truth = 'holds' if about.ground_truth else 'does not hold'
  found = [
    ('success' if about.success else 'failure', 'by its own success code'),
    (truth if about.judged else 'no rule', 'hand-written ground truth'),
    (f'{about.duration:.1f} s', f'simulated, ended by {about.ended}'),
    (str(sum(about.retries)), 'retries'),
  ]
  if about.robustness_copies:
    share = f'{about.robustness:.0%}'
    found.append((share, f'robust, of {about.robustness_copies} copies'))
  return found


def traces(
  scene: scene_lib.Scene, episode: episode_lib.Episode, *, rate_hz: float
) -> list[report_charts.Curve]:
  """Gripper, tool, the scene's joints and the arm's, over time."""
  seconds = np.arange(len(episode.action)) / rate_hz
  tool, angles = episode.proprioception, episode.world[:, scene.arm_qpos]
  moving = [
    (name.removesuffix('/position'), episode.state[:, column])
    for column, name in enumerate(scene.state_names)
    if name.endswith('/position')
  ]
  named: list[tuple[str, str, Mapping[str, np.ndarray]]] = [
    (
      'Gripper opening', 'mm',
      {
        'measured': 1000 * tool[:, 9],
        'commanded': 1000 * episode.action[:, 9],
      },
    ),
    ('Tool position', 'm', {'xyz'[k]: tool[:, k] for k in range(3)}),
    ("The scene's joints", 'm or rad', dict(moving)),
    (
      'Arm joints', 'rad',
      {name: angles[:, k] for k, name in enumerate(scene.robot.arm.joints)},
    ),
  ]  # fmt: skip
  return [
    report_charts.Curve(
      title, seconds.tolist(),
      {name: values.tolist() for name, values in series.items()},
      'simulated seconds', unit,
    )
    for title, unit, series in named
    if series
  ]  # fmt: skip


def origin(
  scene: scene_lib.Scene,
  episode: episode_lib.Episode,
  *,
  data: str,
  run: Mapping[str, Any],
) -> list[tuple[str, str]]:
  """Where an episode comes from, as (name, value) pairs.

  Args:
    scene: of the dataset.
    episode: the episode.
    data: the dataset's path.
    run: what the collecting program was asked for.
  """
  about = episode.metadata
  listed = list(about.completions[:_MOST_COMPLETIONS])
  if more := len(about.completions) - len(listed):
    listed.append(f'... and {more} more')
  asked = {
    name: value
    for name, value in sorted(run.items())
    if name not in ('tasks', 'episodes', 'seed', 'robot')
  }
  return [
    ('dataset', data),
    ('episode', str(about.index)),
    ('seed', f'{about.seed}, and the index of the episode'),
    ('scene', f'{about.scene}, MJCF {about.scene_sha256[:12]}'),
    ('robot', scene.robot.name),
    *((name, str(value)) for name, value in asked.items()),
    *([('error', about.error)] if about.error else []),
    ('versions', ', '.join(f'{k} {v}' for k, v in about.versions.items())),
    ('completions', '\n'.join(listed) or 'none'),
  ]
