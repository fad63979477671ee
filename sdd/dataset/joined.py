"""Windows of several datasets as one: for a policy of many scenes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from sdd.dataset import (
  object_layout,
  rows_on_disk,
  spec,
  statistics,
  windows,
)
from sdd.simulation import action


class Stacked:
  """Arrays with equal rows, one after the other, without copying them."""

  def __init__(self, parts: Sequence[rows_on_disk.Rows]):
    self._parts = parts
    self._starts = np.cumsum([0, *map(len, parts)])
    self.shape = (int(self._starts[-1]), *parts[0].shape[1:])
    self.dtype = parts[0].dtype

  def __len__(self) -> int:
    return int(self._starts[-1])

  def __getitem__(self, rows: Int[np.ndarray, ' n']) -> np.ndarray:
    rows = np.asarray(rows)
    chosen = np.empty((len(rows), *self.shape[1:]), self.dtype)
    owner = np.searchsorted(self._starts, rows, side='right') - 1
    for number in np.unique(owner):
      mine = owner == number
      part, start = self._parts[number], self._starts[number]
      chosen[mine] = part[rows[mine] - start]
    return chosen


def join(parts: Sequence[windows.Windows]) -> windows.Windows:
  """All windows, those of each dataset after those of the one before.

  A scene with fewer objects than another gets blank rows. Scenes of one name
  are one, and have to observe the same.

  Raises:
    DatasetError: for no windows at all, or for datasets that differ in what
      actions mean, in what a scene's states mean, in their horizons or in
      what their cameras see.
  """
  if not parts:
    raise spec.DatasetError('There are no windows to join.')
  for part in parts[1:]:
    _require_alike(parts[0], part)
  if len(parts) == 1:
    return parts[0]
  scenes = _scenes(parts)
  observation = np.concatenate(list(_observations(parts, scenes)))
  taken = np.concatenate([part.action for part in parts])
  starts = np.cumsum([0, *(len(part.action) for part in parts[:-1])])
  instructions, instruction = _merged(
    [part.instructions for part in parts], [p.instruction for p in parts]
  )
  sub_tasks, sub_task = _sub_tasks(parts)
  places: dict[str, Any] = {
    field: np.concatenate(
      [getattr(p, field) + s for p, s in zip(parts, starts, strict=True)]
    )
    for field in ('step', 'first', 'last')
  }
  return windows.Windows(
    spec=parts[0].spec,
    instructions=instructions,
    observation_horizon=parts[0].observation_horizon,
    action_horizon=parts[0].action_horizon,
    observation=observation,
    action=taken,
    **places,
    instruction=instruction,
    observation_statistics=statistics.Statistics.of(observation),
    action_statistics=statistics.Statistics.of(taken),
    scenes=scenes,
    scene=_merged([tuple(p.scenes) for p in parts], [p.scene for p in parts])[
      1
    ],
    sub_tasks=sub_tasks,
    sub_task=sub_task,
    pictures=_pictures(parts),
    picture_spec=parts[0].picture_spec,
  )


def _require_alike(first: windows.Windows, other: windows.Windows) -> None:
  first.spec.action_spec.require(
    other.spec.action_spec,
    mine=f'the dataset of {first.spec.scene}',
    theirs=f'the dataset of {other.spec.scene}',
  )
  for field in ('observation_horizon', 'action_horizon', 'picture_spec'):
    one, two = getattr(first, field), getattr(other, field)
    if one != two:
      raise spec.DatasetError(
        f'Datasets of one policy have to agree in {field}; that of '
        f'{first.spec.scene} has {one}, that of {other.spec.scene} {two}.'
      )


def _scenes(
  parts: Sequence[windows.Windows],
) -> dict[str, tuple[str, ...]]:
  found: dict[str, tuple[str, ...]] = {}
  for part in parts:
    for name, states in part.scenes.items():
      if found.setdefault(name, states) != states:
        raise spec.DatasetError(
          f'Two datasets of the scene {name!r} observe different states: '
          f'{len(found[name])} and {len(states)} numbers. Collect one again.'
        )
  return dict(sorted(found.items()))


def _observations(
  parts: Sequence[windows.Windows], scenes: Mapping[str, tuple[str, ...]]
) -> Iterator[np.ndarray]:
  most = max(len(object_layout.layout(names)) for names in scenes.values())
  for part in parts:
    felt, rows = np.split(part.observation, [action.DIMENSION], axis=1)
    rows = rows.reshape(len(felt), -1, object_layout.DIMENSION)
    rows = object_layout.padded(rows, most).reshape(len(felt), -1)
    yield np.concatenate([felt, rows], axis=1)


def _merged(
  names: Sequence[tuple[str, ...]], places: Sequence[Int[np.ndarray, ' n']]
) -> tuple[tuple[str, ...], Int[np.ndarray, ' n']]:
  """All names, sorted, and each window's place among them."""
  union = tuple(sorted({name for part in names for name in part}))
  tables = [np.array([union.index(n) for n in p], np.int32) for p in names]
  mapped = [t[place] for t, place in zip(tables, places, strict=True)]
  return union, np.concatenate(mapped)


def _sub_tasks(
  parts: Sequence[windows.Windows],
) -> tuple[tuple[str, ...], Int[np.ndarray, ' n'] | None]:
  places = [part.sub_task for part in parts if part.sub_task is not None]
  if len(places) < len(parts):
    return (), None
  return _merged([part.sub_tasks for part in parts], places)


def _pictures(parts: Sequence[windows.Windows]) -> Stacked | None:
  seen = [part.pictures for part in parts if part.pictures is not None]
  return Stacked(seen) if len(seen) == len(parts) else None
