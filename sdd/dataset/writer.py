"""Writing a dataset so that a kill at any moment loses nothing finished."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from sdd.collection import episode as episodes
from sdd.dataset import (
  compaction,
  directory,
  durable,
  listing,
  record,
  shard,
  spec,
  validity,
  view,
)
from sdd.language import hashed_words, text_encoder
from sdd.simulation import action

_MANY = 4096  # shards of a split before they are merged while collecting
_MOST = 50_000  # TFDS counts shards with five digits, up to 99,999


class DatasetWriter:
  """Adds episodes to a dataset directory; a context manager.

  `add` writes a shard of one episode, then lists it: after every return
  the episode is on disk and the directory is a TFDS dataset that plain
  `tfds.builder_from_directory(...)` reads. `close` merges the shards, in
  order of index, so that the result does not depend on the order of
  arrival. Opening a directory again continues it. Leaving the context by
  an exception does not merge; the next `close` does. A reader that opened
  the directory before a merge must open it again.

  The split `success` holds the episodes whose metadata say so, `failure`
  all others. A split without an episode is absent.
  """

  def __init__(
    self,
    path: pathlib.Path | str,
    *,
    name: str,
    state_names: Sequence[str],
    action_spec: action.ActionSpec,
    scenes: Mapping[str, str],
    cameras: Sequence[str] = (),
    scene: str = '',
    run: Mapping[str, Any] | None = None,
    free: Collection[str] = ('episodes',),
  ):
    """Creates the dataset, or continues one of the same configuration.

    Args:
      path: the dataset's own directory; its parents are made.
      name: TFDS name: lower-case letters, digits and underscores.
      state_names: name of each entry of an episode's `state`.
      action_spec: the meaning of an action.
      scenes: SHA-256 of each MJCF text that episodes may name, to the text.
      cameras: cameras of which `add` will be given views.
      scene: name of the scene; the name of the dataset if left out.
      run: what was asked for (task list, seed, simulator...); JSON values.
        When continuing, None stands for what was asked for before.
      free: fields of `run` that may differ when continuing.

    Raises:
      DatasetError: if the directory holds anything else, is in use, or
        cannot be read; nothing is changed then.
    """
    self._path = pathlib.Path(path).expanduser()
    self.spec = spec.DatasetSpec(
      name=name,
      state_names=tuple(state_names),
      action_spec=action_spec,
      cameras=tuple(cameras),
      scene=scene or name,
      scenes=tuple(sorted(scenes)),
      run=spec.as_json(run or {}),
      language_encoder=hashed_words.NAME,
      language_dimension=hashed_words.DIMENSION,
    )
    spec.require_sane(self.spec)
    directory.require_scenes(scenes)
    self._held: dict[listing.Split, compaction.Contents] | None = None
    self._indices: set[int] = set()
    with contextlib.ExitStack() as stack:
      try:
        directory.require_usable(self._path)
        self._path.mkdir(parents=True, exist_ok=True)
        stack.enter_context(durable.lock(self._path))
        self._listing = self._open(scenes, run is None, free)
      except OSError as error:
        raise spec.DatasetError(
          f'{self._path} cannot be used: {error}. Check its permissions and '
          'free space, or name another directory.'
        ) from error
      self._lock: contextlib.ExitStack | None = stack.pop_all()

  def __enter__(self) -> 'DatasetWriter':
    return self

  def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
    if kind is None:
      self.close()
    else:
      self._release()

  @property
  def done(self) -> frozenset[int]:
    """Indices of the episodes in the dataset."""
    return frozenset(self._done())

  def add(
    self,
    episode: episodes.Episode,
    *,
    views: Mapping[str, view.View] | None = None,
  ) -> None:
    """Keeps an episode; it is on disk when this returns.

    Args:
      episode: the episode, with an index that is not `done`.
      views: what each camera of the dataset saw.

    Raises:
      DatasetError: if it does not fit the dataset, or is already in it.
      SddError: if its task sentence has no word.
    """
    self._require_open()
    validity.require(episode, self.spec, views or {})
    index = episode.metadata.index
    if index in self._done():
      raise spec.DatasetError(
        f'{self._path} already holds an episode {index}. Skip the indices '
        'in `done` when continuing a dataset.'
      )
    split = 'success' if episode.metadata.success else 'failure'
    embedding = self._embedding(episode.metadata.task)
    data = record.encode(episode, views=views, embedding=embedding)
    shards = self._listing.splits[split]
    number = len(shards.lengths)
    name = listing.shard_name(self.spec.name, split, shards.generation, number)
    size = shards.size + shard.write(self._path / name, [data])
    self._list(
      split,
      listing.SplitListing(shards.generation, (*shards.lengths, 1), size),
    )
    held = self._contents()[split]
    held.append([(index, len(data))])
    self._indices.add(index)
    episodes_held = sum(len(entries) for entries in held)
    if len(held) >= max(_MANY, min(episodes_held // 2, _MOST)):
      self._compact()

  def close(self) -> None:
    """Merges the shards and frees the lock. Safe to call twice."""
    if self._lock is not None:
      try:
        self._compact()
      finally:
        self._release()

  def _open(
    self, scenes: Mapping[str, str], same_run: bool, free: Collection[str]
  ) -> listing.Listing:
    path = self._path
    directory.require_usable(path)  # again: now nobody else writes
    if (path / listing.SIDECAR).exists():
      before = directory.read_spec(path)
      self.spec = dataclasses.replace(
        self.spec,
        run=before.run if same_run else self.spec.run,
        # A dataset of before embeddings goes on without them.
        language_encoder=before.language_encoder,
        language_dimension=before.language_dimension,
      )
      directory.require_same(path, self.spec, free=free)
    durable.remove_temporary(path)
    if not (path / listing.INFO).exists():
      return directory.create(path, self.spec, scenes)
    found = listing.read(path)
    listing.remove_unlisted(path, found)
    if directory.read_spec(path) != self.spec:
      directory.write_spec(path, self.spec)
    return found

  def _contents(self) -> dict[listing.Split, compaction.Contents]:
    """What the directory holds; read when first needed."""
    if self._held is None:
      self._held = {
        split: compaction.contents(self._path, self._listing, split)
        for split in listing.SPLITS
      }
      self._indices = {
        index
        for held in self._held.values()
        for entries in held
        for index, _ in entries
      }
    return self._held

  def _embedding(self, sentence: str) -> np.ndarray | None:
    name, size = self.spec.language_encoder, self.spec.language_dimension
    if not name:
      return None
    return text_encoder.load(name, size).encode([sentence])[0]

  def _done(self) -> set[int]:
    self._contents()
    return self._indices

  def _compact(self) -> None:
    before, held = self._listing, self._contents()
    after = before
    for split in listing.SPLITS:
      if compaction.packed(held[split]) != held[split]:
        shards = compaction.rewrite(self._path, before, split, held[split])
        after = after.replace(split, shards)
    if after is not before:
      after.write(self._path)
      self._listing = after
      self._held = {s: compaction.packed(held[s]) for s in listing.SPLITS}
      listing.remove_unlisted(self._path, after)

  def _list(self, split: listing.Split, shards: listing.SplitListing) -> None:
    after = self._listing.replace(split, shards)
    after.write(self._path)
    self._listing = after

  def _require_open(self) -> None:
    if self._lock is None:
      raise spec.DatasetError(
        f'The writer of {self._path} is closed. Open another to add episodes.'
      )

  def _release(self) -> None:
    if self._lock is not None:
      self._lock.close()
      self._lock = None
