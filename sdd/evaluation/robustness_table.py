"""How robust the episodes of a dataset are, as text."""

import pathlib
import statistics
from collections.abc import Iterable, Sequence

from sdd.collection import episode as episodes
from sdd.dataset import reader, record
from sdd.evaluation import interval

_BINS, _BAR = 10, 40  # of the histogram; characters of its longest bar
_NAMED = 3  # episodes at either end


class Table:
  """The measured episodes by task; prints as a page."""

  def __init__(self, metadata: Iterable[episodes.EpisodeMetadata]):
    self.episodes = [about for about in metadata if about.robustness_copies]
    self.tasks: dict[str, list[episodes.EpisodeMetadata]] = {}
    for about in self.episodes:
      self.tasks.setdefault(about.task, []).append(about)

  @classmethod
  def of(cls, path: pathlib.Path | str) -> 'Table':
    """That of a dataset.

    Raises:
      DatasetError: there is no dataset at `path`, or it is damaged.
    """
    return cls(map(record.metadata, reader.read_records(path)))

  def __str__(self) -> str:
    if not self.episodes:
      return 'No episode has a robustness: none is a success.'
    lines = ['episodes  copies  robustness  95 % interval  task']
    rows = sorted(self.tasks.items())
    if len(rows) > 1:
      rows.append(('all', self.episodes))
    lines += [_row(name, measured) for name, measured in rows]
    shares = [about.robustness for about in self.episodes]
    lines += ['', 'Episodes by robustness:', *histogram(shares)]
    ordered = sorted(self.episodes, key=lambda x: (x.robustness, x.index))
    for title, some in (
      ('Least robust:', ordered[:_NAMED]),
      ('Most robust:', ordered[::-1][:_NAMED]),
    ):
      lines += ['', title]
      lines += [
        f'  {about.robustness:6.1%}  episode {about.index}: {about.task}'
        for about in some
      ]
    return '\n'.join(lines)


def mean_interval(
  shares: Sequence[float], copies: float
) -> tuple[float, float]:
  """The 95 % interval of the mean share of episodes of one kind.

  The copies of one episode are more alike than those of several. So the
  Wilson interval is taken of as many independent trials as would scatter as
  the shares of the episodes do: at least one an episode, at most all copies.

  Args:
    shares: the share of successes in each episode, at least one.
    copies: how many each was measured on, on average.
  """
  mean, most = statistics.fmean(shares), len(shares) * copies
  scatter = statistics.variance(shares) if len(shares) > 1 else 0.0
  trials = mean * (1 - mean) / (scatter / len(shares)) if scatter else 0.0
  trials = min(max(trials, len(shares)), most)
  # A mean of shares may be a hair above 1.
  return interval.wilson_interval(min(mean, 1.0) * trials, trials)


def histogram(shares: Sequence[float]) -> list[str]:
  """A line for each tenth, and one for those that always succeed."""
  counts = [0] * (_BINS + 1)
  for share in shares:
    counts[int(share * _BINS + 1e-9)] += 1
  edges = [f'{k / _BINS:4.0%} to {(k + 1) / _BINS:4.0%}' for k in range(_BINS)]
  longest = max(counts)
  return [
    f'  {edge:>12s}  {count:5d}  {"#" * -(-_BAR * count // longest)}'.rstrip()
    for edge, count in zip([*edges, '100%'], counts, strict=True)
  ]


def _row(name: str, measured: Sequence[episodes.EpisodeMetadata]) -> str:
  shares = [about.robustness for about in measured]
  copies = sum(about.robustness_copies for about in measured)
  low, high = mean_interval(shares, copies / len(measured))
  return (
    f'{len(measured):8d}  {copies:6d}  {statistics.fmean(shares):10.1%}  '
    f'{low:5.1%} to {high:5.1%}  {name}'
  )
