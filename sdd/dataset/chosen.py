"""Some episodes of a dataset, without decoding the others."""

import itertools
import pathlib
from collections.abc import Iterator

from sdd.collection import episode as episodes
from sdd.dataset import listing, reader, record, spec

_NEAR = 5  # indices told where there is no such episode


def episode(path: pathlib.Path | str, index: int | None) -> episodes.Episode:
  """The episode of that index; the one with the lowest for None.

  Raises:
    DatasetError: there is no dataset at `path`, no episode in it, or none of
      that index; the message has the nearest ones.
  """
  found = sorted(map(record.index, reader.read_records(path)))
  if not found:
    raise spec.DatasetError(f'{path} holds no episode yet.')
  wanted = found[0] if index is None else index
  for data in reader.read_records(path):
    if record.index(data) == wanted:
      return record.decode(data)
  near = sorted(found, key=lambda other: abs(other - wanted))[:_NEAR]
  raise spec.DatasetError(
    f'{path} holds no episode {wanted}. The nearest of its {len(found)}: '
    f'{", ".join(map(str, sorted(near)))}.'
  )


def some(path: pathlib.Path | str, most: int) -> Iterator[episodes.Episode]:
  """At most so many episodes, half of them failures if there are so many.

  The first ones of each split, successes before failures.

  Raises:
    DatasetError: there is no dataset at `path`, or a shard is damaged.
  """
  counts = {
    split: sum(1 for _ in reader.read_records(path, split))
    for split in listing.SPLITS
  }
  won, lost = counts['success'], counts['failure']
  failures = min(lost, max(most // 2, most - won))
  shares = {'success': min(won, most - failures), 'failure': failures}
  for split in listing.SPLITS:
    records = reader.read_records(path, split)
    yield from map(record.decode, itertools.islice(records, shares[split]))
