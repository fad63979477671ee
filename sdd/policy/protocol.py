"""What every policy is: something that answers an observation with a chunk."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from sdd.dataset import pictures

Observation = Mapping[str, Any]
"""One observation, raw units, robot base frame:

  `proprioception`: (10,) floats; end-effector position (3, metres), first two
    rows of its rotation matrix (6), opening between the fingertips (1, metres).
  `state`: (S,) floats; objects and joints, laid out by the `state_names` that
    the policy was trained with.
  `instruction`: the sentence to follow.
  `<camera>_image`: (height, width, 3) bytes, red, green and blue; only for a
    policy that sees, and only when it infers.
"""


@runtime_checkable
class Policy(Protocol):
  """Closed-loop control: observe, infer a chunk, execute some of it, repeat.

  A control loop calls `reset` once per episode; then, at every control
  period, `infer` when a new chunk is due and `observe` when not.
  The distilled policy, its NumPy export and a remote server all satisfy it.

  Attributes:
    execution_horizon: how many of the `Ta` actions to execute before the next
      call of `infer`.
  """

  execution_horizon: int

  def infer(self, observation: Observation) -> Float[np.ndarray, 'Ta 10']:
    """Returns the next `Ta` actions in raw units, the first for right now."""
    ...

  def observe(self, observation: Observation) -> None:
    """Takes note of the observation of a step that needs no new chunk.

    A policy that looks at the last few observations needs it; if it was
    not called since the last `infer`, the present observation stands in for
    the ones that were missed.
    """
    ...

  def reset(self, seed: int = 0) -> None:
    """Forgets the episode so far; the same seed gives the same actions."""
    ...


@runtime_checkable
class Seeing(Protocol):
  """A policy that may look at pictures.

  Attributes:
    pictures: what cameras have to deliver; none if it has no cameras. As
      JSON values where the policy knows NumPy only.
  """

  @property
  def pictures(self) -> pictures.PictureSpec | Mapping[str, Any]: ...


def wanted(policy: Policy) -> pictures.PictureSpec:
  """The pictures a policy looks at, if any.

  One that knows nothing of this package, on a robot or behind a server, says
  it as JSON values.
  """
  found: Any = policy.pictures if isinstance(policy, Seeing) else pictures.NONE
  if isinstance(found, Mapping):
    facts = {**pictures.NONE.to_json(), **found}
    return pictures.PictureSpec.from_json(facts)
  return found
