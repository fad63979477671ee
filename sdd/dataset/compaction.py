"""Merging the one-episode shards of a run into few, in order of index."""

import pathlib
from collections.abc import Iterator, Sequence

from sdd.dataset import listing, record, shard

MAX_BYTES, MAX_EPISODES = 64 << 20, 256  # of one shard

# Of every shard, of every episode: its index and the bytes of its record.
Contents = list[list[tuple[int, int]]]


def contents(
  path: pathlib.Path, listed: listing.Listing, split: listing.Split
) -> Contents:
  """What the shards of a split hold, read without decoding any step."""
  names, lengths = listed.shard_names(split), listed.splits[split].lengths
  return [
    [(record.index(data), len(data)) for data in records]
    for records in shard.read_all(path, names, lengths)
  ]


def packed(held: Contents) -> Contents:
  """The layout that depends only on the episodes, not on their arrival."""
  layout: Contents = []
  room = 0
  for index, size in sorted(entry for entries in held for entry in entries):
    if not layout or size > room or len(layout[-1]) == MAX_EPISODES:
      layout.append([])
      room = MAX_BYTES
    layout[-1].append((index, size))
    room -= size
  return layout


def rewrite(
  path: pathlib.Path,
  listed: listing.Listing,
  split: listing.Split,
  held: Contents,
) -> listing.SplitListing:
  """Writes a split's records, packed, as shards of the next generation.

  They are on disk, but not part of the dataset until they are listed.
  """
  generation = listed.splits[split].generation + 1
  where = {
    index: (number, position)
    for number, entries in enumerate(held)
    for position, (index, _) in enumerate(entries)
  }
  layout, size = packed(held), 0
  for number, entries in enumerate(layout):
    name = listing.shard_name(listed.name, split, generation, number)
    places = [where[index] for index, _ in entries]
    size += shard.write(path / name, _records(path, listed, split, places))
  lengths = tuple(len(entries) for entries in layout)
  return listing.SplitListing(generation, lengths, size)


def _records(
  path: pathlib.Path,
  listed: listing.Listing,
  split: listing.Split,
  places: Sequence[tuple[int, int]],
) -> Iterator[bytes]:
  names, lengths = listed.shard_names(split), listed.splits[split].lengths
  opened: dict[int, shard.Reader] = {}
  for number, position in places:
    if number not in opened:
      if len(opened) > 16:  # do not run out of file handles
        opened.pop(next(iter(opened))).close()
      opened[number] = shard.Reader(path / names[number], lengths[number])
    yield opened[number][position]
  for reader in opened.values():
    reader.close()
