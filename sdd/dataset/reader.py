"""Reading a dataset that this package wrote."""

import dataclasses
import pathlib
from collections.abc import Iterator

from sdd import errors
from sdd.collection import episode as episodes
from sdd.dataset import directory, listing, record, shard, spec


@dataclasses.dataclass(frozen=True)
class TaskSummary:
  """What a dataset holds of one task.

  Attributes:
    success: episodes in the split of that name.
    failure: episodes in the split of that name.
    judged: episodes for which there is a hand-written rule.
    ground_truth: episodes in which it held.
    agreement: episodes in which it said the same as the inferred success.
    unknown: episodes in which the verdict of some node was unknown once.
    unknown_at_end: episodes in which that of the root was, at the end.
  """

  success: int = 0
  failure: int = 0
  judged: int = 0
  ground_truth: int = 0
  agreement: int = 0
  unknown: int = 0
  unknown_at_end: int = 0

  @property
  def episodes(self) -> int:
    """Episodes in both splits."""
    return self.success + self.failure

  def __add__(self, other: 'TaskSummary') -> 'TaskSummary':
    return TaskSummary(
      self.success + other.success,
      self.failure + other.failure,
      self.judged + other.judged,
      self.ground_truth + other.ground_truth,
      self.agreement + other.agreement,
      self.unknown + other.unknown,
      self.unknown_at_end + other.unknown_at_end,
    )


@dataclasses.dataclass(frozen=True)
class Summary:
  """What a dataset holds, by task sentence; prints as a table."""

  tasks: dict[str, TaskSummary]

  @property
  def total(self) -> TaskSummary:
    """All tasks together."""
    return sum(self.tasks.values(), TaskSummary())

  def __str__(self) -> str:
    lines = [
      'episodes  success  ground truth  agreement  unknown  at the end  task'
    ]
    rows = [*sorted(self.tasks.items()), ('all', self.total)]
    for task, counts in rows:
      held = share = '-'  # nobody knows
      if counts.judged:
        held = str(counts.ground_truth)
        share = f'{counts.agreement / counts.judged:.1%}'
      lines.append(
        f'{counts.episodes:8d}  {counts.success:7d}  {held:>12s}  {share:>9s}  '
        f'{counts.unknown:7d}  {counts.unknown_at_end:10d}  {task}'
      )
    return '\n'.join(lines)


def load_spec(path: pathlib.Path | str) -> spec.DatasetSpec:
  """The meaning of the vectors in a dataset, and where they came from.

  Raises:
    DatasetError: if there is no dataset at `path`, or it is damaged.
  """
  path = pathlib.Path(path).expanduser()
  directory.require_dataset(path)
  return directory.read_spec(path)


def read_records(
  path: pathlib.Path | str, split: listing.Split | None = None
) -> Iterator[bytes]:
  """Every serialised episode of a split; see `read_episodes`."""
  path = pathlib.Path(path).expanduser()
  listed = directory.require_dataset(path)
  if split is not None and split not in listing.SPLITS:
    raise errors.UnknownNameError('split', split, listing.SPLITS)
  return _records(path, listed, (split,) if split else listing.SPLITS)


def read_episodes(
  path: pathlib.Path | str, split: listing.Split | None = None
) -> Iterator[episodes.Episode]:
  """Every episode of a split, or of both, `success` first.

  After the writer has been closed, in order of index.

  Raises:
    DatasetError: at once if there is no dataset at `path`; while reading
      if a shard is damaged.
    UnknownNameError: if there is no such split.
  """
  return map(record.decode, read_records(path, split))


def summary(path: pathlib.Path | str) -> Summary:
  """Counts the episodes of each task, decoding nothing of steps but verdicts.

  Raises:
    DatasetError: if there is no dataset at `path`, or it is damaged.
  """
  tasks: dict[str, TaskSummary] = {}
  for data in read_records(path):
    about, verdict = record.labels(data)
    unknown, at_end = episodes.has_unknown(verdict)
    one = TaskSummary(
      success=int(about.success),
      failure=int(not about.success),
      judged=int(about.judged),
      ground_truth=int(about.judged and about.ground_truth),
      agreement=int(about.judged and about.success == about.ground_truth),
      unknown=int(unknown),
      unknown_at_end=int(at_end),
    )
    tasks[about.task] = tasks.get(about.task, TaskSummary()) + one
  return Summary(tasks)


def _records(
  path: pathlib.Path,
  listed: listing.Listing,
  splits: tuple[listing.Split, ...],
) -> Iterator[bytes]:
  for split in splits:
    names, lengths = listed.shard_names(split), listed.splits[split].lengths
    for records in shard.read_all(path, names, lengths):
      yield from records
