"""Whether an episode belongs into a dataset."""

from collections.abc import Iterator, Mapping

import numpy as np

from sdd.collection import episode as episodes
from sdd.dataset import schema, spec, view
from sdd.simulation import action


def require(
  episode: episodes.Episode,
  dataset: spec.DatasetSpec,
  views: Mapping[str, view.View],
) -> None:
  """Raises DatasetError naming everything about an episode that is wrong."""
  wrong = [
    *_shapes(episode, dataset),
    *_provenance(episode, dataset),
    *_views(views, dataset, len(episode.action)),
  ]
  if wrong:
    raise spec.DatasetError(
      f'Episode {episode.metadata.index} does not fit the dataset '
      f'{dataset.name!r}: {"; ".join(wrong)}.'
    )


def _shapes(
  episode: episodes.Episode, dataset: spec.DatasetSpec
) -> Iterator[str]:
  length, nodes = len(episode.action), len(episode.metadata.nodes)
  if not length:
    yield 'it has no step'
  expected = {
    'proprioception': (length, 10),
    'state': (length, len(dataset.state_names)),
    'action': (length, action.DIMENSION),
    'verdict': (length, nodes),
  }
  for name, shape in expected.items():
    values = np.asarray(getattr(episode, name))
    if values.shape != shape:
      yield f'{name} has shape {values.shape} instead of {shape}'
    elif episode.metadata.success and not np.isfinite(values).all():
      # A failure may be one because the simulation blew up.
      yield f'{name} of a success is not finite'
  if np.ndim(episode.world) != 2 or len(episode.world) != length:
    yield f'world has shape {np.shape(episode.world)}, not ({length}, nq)'
  for name in ('sub_task', 'skill'):
    if len(getattr(episode, name)) != length:
      yield f'{name} has {len(getattr(episode, name))} entries, not {length}'


def _provenance(
  episode: episodes.Episode, dataset: spec.DatasetSpec
) -> Iterator[str]:
  about = episode.metadata
  if about.index < 0:
    yield f'its index {about.index} is negative'
  if len(about.retries) != len(about.nodes):
    yield f'{len(about.retries)} retries for {len(about.nodes)} nodes'
  if any(len(row) != len(episodes.TRIAL) for row in about.trials):
    yield f'a row of trials does not have the columns {episodes.TRIAL}'
  if about.scene_sha256 not in dataset.scenes:
    known = ', '.join(dataset.scenes)
    yield f'its scene {about.scene_sha256} is none of the scenes {known}'
  missing = schema.INITIAL.keys() - about.initial.keys()
  if missing:
    yield f'its initial world lacks {", ".join(sorted(missing))}'


def _views(
  views: Mapping[str, view.View],
  dataset: spec.DatasetSpec,
  length: int,
) -> Iterator[str]:
  if set(views) != set(dataset.cameras):
    yield f'views of {sorted(views)} instead of {sorted(dataset.cameras)}'
  for camera, seen in views.items():
    if len(seen.images) != length:
      yield f'{len(seen.images)} images of {camera} for {length} steps'
    for name, shape in (('intrinsics', (3, 3)), ('extrinsics', (4, 4))):
      found = np.shape(getattr(seen, name))
      if found != (length, *shape):
        yield f'{name} of {camera} of shape {found}, not {(length, *shape)}'
