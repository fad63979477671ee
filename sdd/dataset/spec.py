"""What every episode of one dataset has in common."""

import dataclasses
import json
import re
import textwrap
from collections.abc import Collection, Mapping
from typing import Any

from sdd import errors
from sdd.simulation import action

FORMAT_VERSION = 1  # of the directory; raise it when old readers must refuse


class DatasetError(errors.SddError):
  """A dataset directory that is not what was asked for."""


@dataclasses.dataclass(frozen=True)
class DatasetSpec:
  """The meaning of the vectors in a dataset, and where they came from.

  Attributes:
    name: the TFDS name of the dataset.
    state_names: name of each entry of an episode's `state`.
    action_spec: the meaning of an action.
    cameras: cameras with an image in every observation.
    scene: name of the scene.
    scenes: hashes of the scene's MJCF texts, sorted; each text lies in
      `scenes/<sha256>.xml`.
    run: what the collecting program was asked for (task list, seed,
      simulator...), JSON values.
    language_encoder: name of the `TextEncoder` of every step's
      `language_embedding`; empty if there is none, as in datasets of before.
    language_dimension: numbers in it.
  """

  name: str
  state_names: tuple[str, ...]
  action_spec: action.ActionSpec
  cameras: tuple[str, ...] = ()
  scene: str = ''
  scenes: tuple[str, ...] = ()
  run: Mapping[str, Any] = dataclasses.field(default_factory=dict)
  language_encoder: str = ''
  language_dimension: int = 0

  def to_json(self) -> dict[str, Any]:
    """Everything as JSON values, the format's version first."""
    return {
      'format_version': FORMAT_VERSION,
      'name': self.name,
      'state_names': list(self.state_names),
      'action_spec': self.action_spec.to_json(),
      'cameras': list(self.cameras),
      'scene': self.scene,
      'scenes': list(self.scenes),
      'run': dict(self.run),
      'language_encoder': self.language_encoder,
      'language_dimension': self.language_dimension,
    }

  @classmethod
  def from_json(cls, fields: Mapping[str, Any]) -> 'DatasetSpec':
    """The inverse of `to_json`. Raises KeyError or TypeError if malformed."""
    return cls(
      name=str(fields['name']),
      state_names=tuple(fields['state_names']),
      action_spec=action.ActionSpec.from_json(fields['action_spec']),
      cameras=tuple(fields['cameras']),
      scene=str(fields['scene']),
      scenes=tuple(fields['scenes']),
      run=dict(fields['run']),
      language_encoder=str(fields.get('language_encoder', '')),
      language_dimension=int(fields.get('language_dimension', 0)),
    )


def as_json(run: Mapping[str, Any]) -> dict[str, Any]:
  """`run` as it will be read back, with lists for tuples."""
  try:
    return json.loads(json.dumps(dict(run)))
  except TypeError as error:
    raise DatasetError(
      f'The description of the run holds a value that JSON cannot: {error}.'
    ) from error


def require_sane(dataset: DatasetSpec) -> None:
  """Raises DatasetError if TFDS could not hold such a dataset."""
  if not re.fullmatch('[a-z][a-z0-9_]*', dataset.name):
    raise DatasetError(
      f'The dataset name {dataset.name!r} is not one that TFDS accepts. Use '
      'lower-case letters, digits and underscores, a letter first.'
    )
  for kind in ('state_names', 'cameras'):
    values = getattr(dataset, kind)
    if len(set(values)) != len(values):
      raise DatasetError(f'{kind} has a name twice: {list(values)}.')
  if not dataset.state_names:
    raise DatasetError('state_names is empty; name at least one entry.')
  if any('/' in camera for camera in dataset.cameras):
    raise DatasetError(f'A camera name holds a slash: {list(dataset.cameras)}.')


def differences(
  old: DatasetSpec, new: DatasetSpec, *, free: Collection[str] = ()
) -> list[str]:
  """One sentence part for each field in which two specs differ.

  Args:
    old: what the directory holds.
    new: what is asked for now.
    free: fields of `run` that may differ, e.g. the number of episodes.
  """
  flat_old, flat_new = _flat(old, free), _flat(new, free)
  return [
    f'{key}: the directory has {_brief(flat_old.get(key))}, '
    f'now asked for {_brief(flat_new.get(key))}'
    for key in sorted(flat_old.keys() | flat_new.keys())
    if flat_old.get(key) != flat_new.get(key)
  ]


def _flat(spec: DatasetSpec, free: Collection[str]) -> dict[str, Any]:
  fields = spec.to_json()
  run, spoken = fields.pop('run'), fields.pop('action_spec')
  fields.update({f'action_spec.{key}': spoken[key] for key in spoken})
  fields.update({f'run.{key}': run[key] for key in run if key not in free})
  return fields


def _brief(value: Any) -> str:
  return 'nothing' if value is None else textwrap.shorten(repr(value), 160)
