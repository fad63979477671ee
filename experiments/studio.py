"""Draws stored episodes, in several processes if asked for."""

import dataclasses
import functools
import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from typing import Any

import pebble

from sdd.collection import episode as episodes
from sdd.dataset import kept_scene, record, rendering
from sdd.dataset import view as view_lib


def rendered(
  path: str,
  setting: rendering.Setting,
  jobs: Iterable[tuple[bytes, int]],
  *,
  workers: int,
) -> Iterator[tuple[episodes.Episode, dict[str, view_lib.View]]]:
  """Draws episodes, in their order.

  Args:
    path: of their dataset.
    setting: how.
    jobs: each a serialised episode and the index it shall have, which is
      the number of its look too.
    workers: processes; 0 draws in this one.
  """
  if not workers:
    for data, number in jobs:
      yield _one(path, setting, data, number)
    return
  pool = pebble.ProcessPool(
    max_workers=workers,
    context=multiprocessing.get_context('spawn'),
    initializer=_prepare,
  )
  with pool:
    waiting: list[Any] = []
    try:
      for data, number in jobs:
        waiting.append(pool.schedule(_one, args=[path, setting, data, number]))
        if len(waiting) > 2 * workers:  # pictures are large: do not pile up
          yield waiting.pop(0).result()
      while waiting:
        yield waiting.pop(0).result()
    except BaseException:
      pool.stop()
      raise


def _prepare() -> None:
  signal.signal(signal.SIGINT, signal.SIG_IGN)
  os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')


def _one(
  path: str, setting: rendering.Setting, data: bytes, number: int
) -> tuple[episodes.Episode, dict[str, view_lib.View]]:
  episode = record.decode(data)
  views, how = _studio(path, setting).views(episode, number=number)
  about = dataclasses.replace(episode.metadata, index=number, appearance=how)
  return dataclasses.replace(episode, metadata=about), views


@functools.cache
def _studio(path: str, setting: rendering.Setting) -> rendering.Studio:
  return rendering.Studio(kept_scene.load(path), setting)
