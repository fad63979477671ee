"""Training windows, gathered from episodes that are decoded once."""

import dataclasses
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypedDict, get_args

import numpy as np
from jaxtyping import Float, Int, UInt8

from sdd.dataset import (
  listing,
  object_layout,
  reader,
  record,
  rows_on_disk,
  spec,
  statistics,
)
from sdd.dataset import pictures as picture_lib
from sdd.simulation import action as actions

_WANTED = (
  'steps/observation/proprioception',
  'steps/observation/state',
  'steps/action',
  'episode_metadata/index',
  'episode_metadata/task',
)
_SUB_TASK = 'steps/language/sub_task'
Balanced = Literal['no', 'task', 'scene']
BALANCED = get_args(Balanced)


class Batch(TypedDict):
  """What one training step sees; raw units."""

  observation: Float[np.ndarray, 'B To O']
  action: Float[np.ndarray, 'B Ta 10']
  instruction: Int[np.ndarray, ' B']
  scene: Int[np.ndarray, ' B']


@dataclasses.dataclass(frozen=True, eq=False)
class Windows:
  """All windows of a split, in memory; window `i` belongs to one step.

  An observation is the proprioception (10) followed by ten numbers for each
  object of the state, see `object_layout`.
  The steps of all episodes lie one after the other. Every step but the
  last of its episode has a window.

  Attributes:
    spec: the meaning of the vectors; of several datasets, the first's.
    instructions: the distinct task sentences, sorted.
    observation_horizon: observations per window, `To`.
    action_horizon: actions per window, `Ta`.
    observation: every observation.
    action: every action.
    step: of each window, its step among all steps.
    first: of each window, the first step of its episode.
    last: of each window, the last step of its episode.
    instruction: of each window, its task's place in `instructions`.
    observation_statistics: over every observation.
    action_statistics: over every action.
    scenes: name of each scene, and of each entry of its states.
    scene: of each window, its scene's place in `scenes`.
    sub_tasks: the distinct sub-task sentences, sorted, if they were loaded.
    sub_task: of each window, its step's sub-task's place in `sub_tasks`.
    pictures: of every step, uint8 (cameras, height, width, 3); None without
      any.
    picture_spec: what they are pictures of.
  """

  spec: spec.DatasetSpec
  instructions: tuple[str, ...]
  observation_horizon: int
  action_horizon: int
  observation: Float[np.ndarray, 'steps O']
  action: Float[np.ndarray, 'steps 10']
  step: Int[np.ndarray, ' windows']
  first: Int[np.ndarray, ' windows']
  last: Int[np.ndarray, ' windows']
  instruction: Int[np.ndarray, ' windows']
  observation_statistics: statistics.Statistics
  action_statistics: statistics.Statistics
  scenes: Mapping[str, tuple[str, ...]]
  scene: Int[np.ndarray, ' windows']
  sub_tasks: tuple[str, ...] = ()
  sub_task: Int[np.ndarray, ' windows'] | None = None
  pictures: rows_on_disk.Rows | None = None
  picture_spec: picture_lib.PictureSpec = picture_lib.NONE

  def __len__(self) -> int:
    return len(self.step)

  def gather(self, indices: Int[np.ndarray, ' B']) -> Batch:
    """The windows with these numbers.

    Observations of steps t-To+1 to t, the first of the episode repeated
    before its start; actions of steps t to t+Ta-1, the last repeated after
    its end.
    """
    indices = np.asarray(indices)
    step, first = self.step[indices, None], self.first[indices, None]
    past = step + np.arange(1 - self.observation_horizon, 1)
    ahead = step + np.arange(self.action_horizon)
    return {
      'observation': self.observation[np.maximum(past, first)],
      'action': self.action[np.minimum(ahead, self.last[indices, None])],
      'instruction': self.instruction[indices],
      'scene': self.scene[indices],
    }

  def newest_pictures(
    self, indices: Int[np.ndarray, ' B']
  ) -> UInt8[np.ndarray, 'B cameras height width 3']:
    """What the cameras saw at the steps of the windows with these numbers.

    Raises:
      DatasetError: the windows were loaded without pictures.
    """
    if self.pictures is None:
      raise spec.DatasetError('The windows were loaded without pictures.')
    return self.pictures[self.step[np.asarray(indices)]]

  def epoch_order(
    self, seed: int, epoch: int, *, balanced: Balanced = 'no'
  ) -> Int[np.ndarray, ' windows']:
    """The order in which an epoch visits the windows.

    Depends only on the arguments, so training can resume inside an epoch.

    Args:
      seed: of the training run.
      epoch: number of the epoch.
      balanced: `task` gives every task the same number of visits (up to
        one), in an epoch of the same length: windows of rare tasks come more
        than once, some of frequent tasks not at all. `scene` gives every
        scene the same number, and in it every task.
    """
    rng = np.random.default_rng([seed, epoch])
    if balanced == 'no':
      return rng.permutation(len(self))
    everything = np.arange(len(self))
    parts = [everything]
    if balanced == 'scene':
      parts = [np.flatnonzero(self.scene == s) for s in np.unique(self.scene)]
    chosen = []
    for part, share in _shared(rng, parts, everything):
      tasks = self.instruction[part]
      members = [part[tasks == task] for task in np.unique(tasks)]
      for windows, visits in _shared(rng, members, share):
        chosen.append(np.resize(rng.permutation(windows), len(visits)))
    return rng.permutation(np.concatenate(chosen))


def _shared(
  rng: np.random.Generator,
  groups: Sequence[Int[np.ndarray, ' _']],
  visits: Int[np.ndarray, ' V'],
) -> Iterator[tuple[Int[np.ndarray, ' _'], Int[np.ndarray, ' _']]]:
  """The groups in a drawn order, each with an equal share of the visits."""
  order = [groups[number] for number in rng.permutation(len(groups))]
  return zip(order, np.array_split(visits, len(groups)), strict=True)


def load_windows(
  path: pathlib.Path | str,
  *,
  observation_horizon: int = 2,
  action_horizon: int = 16,
  split: listing.Split = 'success',
  max_episodes: int | None = None,
  sub_tasks: bool = False,
  wanted: picture_lib.Wanted | None = None,
) -> Windows:
  """Loads a split for training, in order of index.

  Args:
    path: the dataset's directory.
    observation_horizon: observations per window, at least 1.
    action_horizon: actions per window, at least 1.
    split: which episodes to learn from.
    max_episodes: use only that many, the lowest indices.
    sub_tasks: load the sub-task of every step, too. Where a step has none
      it is the task.
    wanted: pictures to go with them; None for no pictures.

  Raises:
    DatasetError: if there is no dataset, no episode with two steps in the
      split, a horizon or number of episodes below 1, or no such pictures.
  """
  for name, value in (
    ('observation_horizon', observation_horizon),
    ('action_horizon', action_horizon),
    ('max_episodes', max_episodes),
  ):
    if value is not None and value < 1:
      raise spec.DatasetError(f'{name} is {value}; it must be at least 1.')
  dataset = reader.load_spec(path)
  kept = _episodes(path, split, max_episodes, sub_tasks=sub_tasks)
  columns = list(kept.values())
  lengths = np.array([len(each.action) for each in columns], np.int64)
  if not (lengths > 1).any():
    raise spec.DatasetError(
      f'{path} has no episode with two steps in the split {split!r}, so '
      'there is nothing to learn from. Collect more episodes, or name '
      'another split.'
    )
  tasks = [each.task for each in columns]
  instructions = tuple(sorted(set(tasks)))
  ends = np.cumsum(lengths)
  step = np.delete(np.arange(ends[-1]), ends - 1)
  owner = np.repeat(np.arange(len(lengths)), lengths - 1)
  places = np.array([instructions.index(task) for task in tasks], np.int32)
  observation = _observations(columns, dataset.state_names)
  action = np.concatenate([each.action for each in columns])
  active = np.array([text for each in columns for text in each.sub_tasks])
  known, number = np.unique(active, return_inverse=True)
  seen: dict[str, Any] = {}
  if wanted is not None and wanted.cameras:
    seen['pictures'], seen['picture_spec'] = picture_lib.load(
      path,
      wanted,
      episodes=list(kept),
      lengths=lengths,
      content=observation.tobytes() + action.tobytes(),
    )
  return Windows(
    spec=dataset,
    instructions=instructions,
    observation_horizon=observation_horizon,
    action_horizon=action_horizon,
    observation=observation,
    action=action,
    step=step,
    first=(ends - lengths)[owner],
    last=(ends - 1)[owner],
    instruction=places[owner],
    observation_statistics=statistics.Statistics.of(observation),
    action_statistics=statistics.Statistics.of(action),
    scenes={dataset.scene: dataset.state_names},
    scene=np.zeros(len(step), np.int32),
    sub_tasks=tuple(map(str, known)),
    sub_task=number.astype(np.int32)[step] if sub_tasks else None,
    **seen,
  )


def _observations(
  columns: Sequence['_Columns'], state_names: Sequence[str]
) -> Float[np.ndarray, 'steps O']:
  felt = np.concatenate([each.proprioception for each in columns])
  state = np.concatenate([each.state for each in columns])
  rows = object_layout.layout(state_names).rows(state)
  return np.concatenate([felt, rows.reshape(len(felt), -1)], axis=1)


class _Columns(NamedTuple):
  """What is kept of one episode."""

  task: str
  proprioception: Float[np.ndarray, 'T 10']
  state: Float[np.ndarray, 'T S']
  action: Float[np.ndarray, 'T 10']
  sub_tasks: list[str]


def _episodes(
  path: pathlib.Path | str,
  split: listing.Split,
  limit: int | None,
  *,
  sub_tasks: bool,
) -> dict[int, _Columns]:
  """The episodes by index, in order."""
  kept: dict[int, _Columns] = {}
  wanted = (*_WANTED, _SUB_TASK) if sub_tasks else _WANTED
  for data in reader.read_records(path, split):
    fields = record.columns(data, only=wanted)
    action = fields['steps/action'].reshape(-1, actions.DIMENSION)
    felt, state = (
      fields[f'steps/observation/{name}'].reshape(len(action), -1)
      for name in ('proprioception', 'state')
    )
    task = fields['episode_metadata/task'].decode()
    active = [text.decode() or task for text in fields.get(_SUB_TASK, ())]
    kept[int(fields['episode_metadata/index'])] = _Columns(
      task, felt, state, action, active
    )
    if limit is not None and len(kept) > limit:
      kept.pop(max(kept))
  return {index: kept[index] for index in sorted(kept)}
