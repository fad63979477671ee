"""Scaling a vector field of a dataset to [-1, 1] and back."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from sdd.dataset import spec

# A dimension with less range than this, relative to its size if that is
# above 1, is constant: its noise is not worth scaling up.
_CONSTANT = 1e-6


@dataclasses.dataclass(frozen=True, eq=False)
class Statistics:
  """Range and moments of each dimension of a field, float32.

  `normalise` and `denormalise` take NumPy and JAX arrays alike. Moments of
  shape (T, D) are those of each step of a sequence.
  """

  minimum: Float[np.ndarray, ' D']
  maximum: Float[np.ndarray, ' D']
  mean: Float[np.ndarray, ' D']
  std: Float[np.ndarray, ' D']

  @classmethod
  def of(cls, values: Float[np.ndarray, 'n D']) -> 'Statistics':
    """The statistics of `n` vectors, at least one.

    Raises:
      DatasetError: if there is none, or one is not finite.
    """
    values = np.asarray(values)
    if not len(values) or not np.isfinite(values).all():
      raise spec.DatasetError(
        f'Statistics need at least one vector and finite numbers; got an '
        f'array of shape {values.shape}.'
      )
    exact = values.astype(np.float64)
    moments = exact.min(0), exact.max(0), exact.mean(0), exact.std(0)
    return cls(*(moment.astype(np.float32) for moment in moments))

  def first(self, count: int) -> 'Statistics':
    """Those of the first dimensions alone."""
    moments = (self.minimum, self.maximum, self.mean, self.std)
    return Statistics(*(moment[:count] for moment in moments))

  def normalise(self, values: Any) -> Any:
    """(*b, D) in raw units to [-1, 1] by range; constants become 0."""
    centre, half, varies = self._range()
    return (values - centre) / np.where(varies, half, 1) * varies

  def denormalise(self, values: Any) -> Any:
    """The inverse of `normalise`; constants come back whatever is given."""
    centre, half, varies = self._range()
    return values * (half * varies) + centre

  def to_json(self) -> dict[str, list[float]]:
    """JSON values that `from_json` turns into the same numbers."""
    return {
      field.name: np.asarray(getattr(self, field.name)).tolist()
      for field in dataclasses.fields(self)
    }

  @classmethod
  def from_json(cls, fields: Mapping[str, Any]) -> 'Statistics':
    """The inverse of `to_json`."""
    return cls(**{k: np.asarray(v, np.float32) for k, v in fields.items()})

  def _range(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    low = np.asarray(self.minimum, np.float64)
    high = np.asarray(self.maximum, np.float64)
    centre, half = (high + low) / 2, (high - low) / 2
    varies = half > _CONSTANT / 2 * np.maximum(1, np.abs(centre))
    # float32 throughout, lest NumPy turn the caller's into float64.
    return (
      centre.astype(np.float32),
      half.astype(np.float32),
      varies.astype(np.float32),
    )
