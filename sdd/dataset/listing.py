"""`dataset_info.json`: which shards belong to the dataset right now.

The one file that says what the dataset holds. A shard is written first
and listed after, so replacing this file is the only moment at which the
dataset changes. The names of a split's shards carry a generation: when
shards are merged, the merged ones get the next generation's names and
nothing is ever written over.
"""

import dataclasses
import json
import pathlib
import re
from collections.abc import Mapping
from typing import Any, Literal

from sdd.dataset import durable, spec

INFO, FEATURES, SIDECAR = 'dataset_info.json', 'features.json', 'sdd.json'
SCENES = 'scenes'
Split = Literal['success', 'failure']
SPLITS: tuple[Split, ...] = ('success', 'failure')
_SHARD = re.compile(r'.+-(success|failure)-g\d{4,}\.array_record-\d{5}')


@dataclasses.dataclass(frozen=True)
class SplitListing:
  """The shards of one split.

  Attributes:
    generation: part of the shards' names.
    lengths: number of episodes in each shard.
    size: bytes of all shard files together.
  """

  generation: int = 0
  lengths: tuple[int, ...] = ()
  size: int = 0


@dataclasses.dataclass(frozen=True)
class Listing:
  """All splits of a dataset; one without an episode has no shards."""

  name: str
  splits: Mapping[Split, SplitListing]

  @classmethod
  def empty(cls, name: str) -> 'Listing':
    """The listing of a dataset without episodes."""
    return cls(name, {split: SplitListing() for split in SPLITS})

  def replace(self, split: Split, shards: SplitListing) -> 'Listing':
    """This listing with one split changed."""
    return Listing(self.name, {**self.splits, split: shards})

  def shard_names(self, split: Split) -> list[str]:
    """File names of a split's shards, in order."""
    shards = self.splits[split]
    return [
      shard_name(self.name, split, shards.generation, number)
      for number in range(len(shards.lengths))
    ]

  def to_json(self) -> dict[str, Any]:
    """This as TFDS's DatasetInfo.

    A split without an episode is absent from it, because TFDS refuses to
    read a listed split that has no shard.
    """
    return {
      'name': self.name,
      'version': '1.0.0',
      'description': 'Robot episodes in RLDS form, collected by sdd.',
      'fileFormat': 'array_record',
      'splits': [
        {
          'name': split,
          'filepathTemplate': '{DATASET}-{SPLIT}'
          f'-g{shards.generation:04d}.{{FILEFORMAT}}-{{SHARD_INDEX}}',
          'numBytes': str(shards.size),
          'shardLengths': [str(length) for length in shards.lengths],
        }
        for split, shards in self.splits.items()
        if shards.lengths
      ],
    }

  def write(self, directory: pathlib.Path) -> None:
    """Makes this the content of the dataset, at once."""
    text = json.dumps(self.to_json())
    durable.write_text(directory / INFO, text)


def shard_name(name: str, split: Split, generation: int, number: int) -> str:
  """The file name TFDS forms from the template of `Listing.to_json`."""
  return f'{name}-{split}-g{generation:04d}.array_record-{number:05d}'


def read(directory: pathlib.Path) -> Listing:
  """Reads `dataset_info.json` as this chapter writes it.

  Raises:
    DatasetError: if it is missing or of another form.
  """
  path = directory / INFO
  try:
    fields = json.loads(path.read_text(encoding='utf-8'))
    listing = Listing.empty(fields['name'])
    for entry in fields['splits']:
      generation = re.fullmatch(
        r'\{DATASET\}-\{SPLIT\}-g(\d+)\.\{FILEFORMAT\}-\{SHARD_INDEX\}',
        entry['filepathTemplate'],
      )
      if generation is None or entry['name'] not in SPLITS:
        raise ValueError(f'unexpected split {entry["name"]!r}')
      shards = SplitListing(
        generation=int(generation[1]),
        lengths=tuple(int(length) for length in entry['shardLengths']),
        size=int(entry['numBytes']),
      )
      listing = listing.replace(entry['name'], shards)
  except (OSError, ValueError, KeyError, TypeError) as error:
    raise spec.DatasetError(
      f'{path} cannot be read as the listing of an sdd dataset: {error!r}. '
      'Restore it from a copy, or collect into a new directory.'
    ) from error
  return listing


def is_shard(name: str) -> bool:
  """Whether a file name is that of a shard of any dataset of this form."""
  return _SHARD.fullmatch(name) is not None


def remove_unlisted(directory: pathlib.Path, listing: Listing) -> None:
  """Removes shards that a killed writer wrote but never listed."""
  kept = {name for split in SPLITS for name in listing.shard_names(split)}
  for path in directory.iterdir():
    if is_shard(path.name) and path.name not in kept:
      path.unlink(missing_ok=True)
