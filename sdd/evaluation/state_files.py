"""Groups of states on disk: one compressed file of arrays."""

import dataclasses
import pathlib
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from sdd import errors
from sdd.predicates import audit_group
from sdd.simulation import scene_state

Groups = list[audit_group.Group]
# The states, (n, ...) each, before and after a skill was done; by the skill.
Pair = tuple[scene_state.SceneState, scene_state.SceneState]
Steps = Mapping[str, Pair]
_FIELDS = tuple(f.name for f in dataclasses.fields(scene_state.SceneState))


def write(path: pathlib.Path, groups: Groups, steps: Steps) -> None:
  """Writes all of it at once, so that no killed process leaves half of it."""
  arrays: dict[str, Any] = {
    'names': np.array([group.name for group in groups], str),
    'kinds': np.array([group.kind for group in groups], str),
    'skills': np.array(list(steps), str),
  }
  for k, group in enumerate(groups):
    arrays[f'{k}/follows'] = group.follows
    _pack(arrays, f'{k}/initial', group.initial)
    _pack(arrays, f'{k}/final', group.final)
  for k, (before, after) in enumerate(steps.values()):
    _pack(arrays, f'{k}/before', before)
    _pack(arrays, f'{k}/after', after)
  path.parent.mkdir(parents=True, exist_ok=True)
  part = path.with_suffix('.part')
  with part.open('wb') as file:
    np.savez_compressed(file, **arrays)
  part.replace(path)


def read(path: pathlib.Path) -> tuple[Groups, dict[str, Pair]]:
  """What `write` wrote.

  Raises:
    errors.SddError: the file is damaged.
  """
  try:
    with path.open('rb') as file, np.load(file) as kept:
      arrays = dict(kept)
    groups = [
      audit_group.Group(
        name=str(name),
        kind=str(kind),  # pyright: ignore[reportArgumentType]
        initial=_unpack(arrays, f'{k}/initial'),
        final=_unpack(arrays, f'{k}/final'),
        follows=arrays[f'{k}/follows'],
      )
      for k, (name, kind) in enumerate(
        zip(arrays['names'], arrays['kinds'], strict=True)
      )
    ]
    steps = {
      str(text): (_unpack(arrays, f'{k}/before'), _unpack(arrays, f'{k}/after'))
      for k, text in enumerate(arrays['skills'])
    }
  except (
    OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile,
  ) as problem:  # fmt: skip
    raise errors.SddError(
      f'{path} holds no states ({type(problem).__name__}: {problem}). Delete '
      'it; they are gathered anew then.'
    ) from problem
  return groups, steps


def _pack(
  arrays: dict[str, Any], prefix: str, states: scene_state.SceneState
) -> None:
  for name in _FIELDS:
    arrays[f'{prefix}/{name}'] = np.asarray(getattr(states, name))


def _unpack(arrays: Mapping[str, Any], prefix: str) -> scene_state.SceneState:
  return scene_state.SceneState(
    **{name: arrays[f'{prefix}/{name}'] for name in _FIELDS}
  )
