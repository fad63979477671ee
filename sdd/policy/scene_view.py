"""A scene as a policy perceives it: checked numbers, and names of objects."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.dataset import object_layout
from sdd.language import text_encoder
from sdd.policy import protocol, spec
from sdd.simulation import action


class SceneView:
  """Turns the observations of one scene into what the network takes."""

  def __init__(
    self,
    specification: spec.PolicySpec,
    state_names: Sequence[str] | None = None,
  ):
    """Finds the scene among those of the training data.

    Args:
      specification: of the policy.
      state_names: of each entry of the states to come; None where the data
        came from one scene only.

    Raises:
      SddError: it was trained for other states, or it does not say which.
    """
    names = _chosen(specification.scenes, state_names)
    config = specification.config
    self._told = config.use_state and bool(names)
    self._size, self._objects = len(names), specification.objects
    self._layout = object_layout.layout(names)
    self._encoder = text_encoder.load(
      config.text_encoder, config.text_dimension
    )
    self._names = object_names(specification, names)
    self._texts: dict[str, np.ndarray] = {}

  def vector(self, observation: protocol.Observation) -> np.ndarray:
    """One observation as the network takes it, (F,).

    Raises:
      SddError: for a missing, misshapen or non-finite entry.
    """
    expected = {'proprioception': action.DIMENSION}
    if self._told:
      expected['state'] = self._size
    missing = {*expected, 'instruction'} - set(observation)
    if missing:
      raise errors.SddError(
        f'The observation lacks {sorted(missing)}; it has '
        f'{sorted(observation)}.'
      )
    parts = [
      _checked(name, observation[name], size) for name, size in expected.items()
    ]
    if self._size:  # blank rows stand for those that it finds
      state = parts.pop() if self._told else np.zeros(self._size)
      rows = self._layout.rows(state)
      parts.append(object_layout.padded(rows, self._objects).ravel())
    return np.concatenate(parts)

  def text(self, instruction: str) -> Float[np.ndarray, 'M E']:
    """The embedded sentence, then the embedded names of the objects."""
    if instruction not in self._texts:
      sentence = self._encoder.encode([instruction])
      self._texts[instruction] = np.concatenate([sentence, self._names])
    return self._texts[instruction]


def object_names(
  specification: spec.PolicySpec, state_names: Sequence[str]
) -> Float[np.ndarray, 'N E']:
  """The embedded names of a scene's objects; zeros for blank rows."""
  config = specification.config
  encoder = text_encoder.load(config.text_encoder, config.text_dimension)
  names = object_layout.layout(state_names).names
  table = np.zeros((specification.objects, encoder.dimension), np.float32)
  if names:
    table[: len(names)] = encoder.encode(names)
  return table


def _chosen(
  scenes: Mapping[str, tuple[str, ...]], asked: Sequence[str] | None
) -> tuple[str, ...]:
  known = list(scenes.values())
  if not any(known):
    return ()  # a policy that is told no state looks at any scene
  if asked is None:
    if len(set(known)) == 1:
      return known[0]
    raise errors.SddError(
      f'The policy was trained for {len(scenes)} scenes, '
      f'{", ".join(scenes)}; say in which it is to act, by state_names.'
    )
  if tuple(asked) in known:
    return tuple(asked)
  first = ', '.join(repr(name) for name in list(asked)[:3])
  raise errors.SddError(
    f'The policy was trained for {", ".join(scenes)} and not for a scene '
    f'whose state has {len(asked)} entries beginning with {first}.'
  )


def _checked(name: str, value: Any, size: int) -> np.ndarray:
  value = np.asarray(value, np.float32)
  if value.shape != (size,):
    raise errors.SddError(
      f'The observation {name!r} has shape {value.shape}; this policy was '
      f'trained with ({size},).'
    )
  if not np.isfinite(value).all():
    raise errors.SddError(f'The observation {name!r} is not finite: {value}.')
  return value
