"""What a trained policy speaks: everything about it but the weights."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from sdd import errors
from sdd.dataset import object_layout, statistics
from sdd.dataset import pictures as picture_lib
from sdd.policy import config as config_lib
from sdd.policy.vision import config as vision_config
from sdd.simulation import action

FORMAT = 'sdd policy'
VERSION = 2  # raise it when old readers must refuse


@dataclasses.dataclass(frozen=True)
class PolicySpec:
  """Enough to build the network and to translate for it.

  Attributes:
    config: shape of network and sampler.
    action_spec: the meaning of an action, copied from the dataset.
    scenes: of each scene that the data come from, its name and the name of
      each entry of its `state`; none for a policy that neither is told where
      the objects are nor finds them.
    instructions: the sentences of the training data.
    observation_statistics: of the (10 + 10 N) observed numbers, N being the
      objects of the scene that has most.
    action_statistics: of actions as the learner sees them; see `frame`.
    pictures: what cameras have to deliver.
  """

  config: config_lib.PolicyConfig
  action_spec: action.ActionSpec
  scenes: Mapping[str, tuple[str, ...]]
  instructions: tuple[str, ...]
  observation_statistics: statistics.Statistics
  action_statistics: statistics.Statistics
  pictures: picture_lib.PictureSpec = picture_lib.NONE

  @property
  def objects(self) -> int:
    """Objects of the scene that has most; with fewer, some rows are blank."""
    return max(len(object_layout.layout(s)) for s in self.scenes.values())

  @property
  def features(self) -> int:
    """Numbers in one observation: proprioception, then every object's."""
    return action.DIMENSION + self.objects * object_layout.DIMENSION

  def to_json(self) -> dict[str, Any]:
    """Everything as JSON values, format and version first."""
    return {
      'format': FORMAT,
      'version': VERSION,
      'config': dataclasses.asdict(self.config),
      'action_spec': self.action_spec.to_json(),
      'scenes': {name: list(names) for name, names in self.scenes.items()},
      'instructions': list(self.instructions),
      'observation_statistics': self.observation_statistics.to_json(),
      'action_statistics': self.action_statistics.to_json(),
      'pictures': self.pictures.to_json(),
    }


def from_json(fields: Mapping[str, Any], *, source: str) -> PolicySpec:
  """The inverse of `to_json`; `source` names the file in an SddError."""
  if fields.get('format') != FORMAT or fields.get('version') != VERSION:
    raise errors.SddError(
      f'{source} is not a policy of this version of sdd: its format is '
      f'{fields.get("format")!r}, version {fields.get("version")!r}; expected '
      f'{FORMAT!r}, version {VERSION}.'
    )
  try:
    return PolicySpec(
      config=config_from_json(fields['config']),
      action_spec=action.ActionSpec.from_json(fields['action_spec']),
      scenes={name: tuple(known) for name, known in fields['scenes'].items()},
      instructions=tuple(fields['instructions']),
      observation_statistics=statistics.Statistics.from_json(
        fields['observation_statistics']
      ),
      action_statistics=statistics.Statistics.from_json(
        fields['action_statistics']
      ),
      pictures=picture_lib.PictureSpec.from_json(
        fields.get('pictures', picture_lib.NONE.to_json())
      ),
    )
  except (AttributeError, KeyError, TypeError) as error:
    raise errors.SddError(
      f'{source} is damaged: {error}. Train again into a new directory.'
    ) from error


def config_from_json(fields: Mapping[str, Any]) -> config_lib.PolicyConfig:
  """The inverse of `dataclasses.asdict`, also after a trip through JSON.

  Raises:
    SddError: a value is impossible.
    TypeError: there are other fields.
  """
  fields = dict(fields)
  vision = vision_config.VisionConfig(**_tuples(fields.pop('vision', {})))
  return config_lib.PolicyConfig(**_tuples(fields), vision=vision).validate()


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
  return {
    name: tuple(value) if isinstance(value, list) else value
    for name, value in fields.items()
  }
