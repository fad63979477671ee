"""Computing in a shorter format than the parameters are kept in."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def compute_in(dtype: str, apply: Callable[..., Any]) -> Callable[..., Any]:
  """The network's `apply` with weights, pictures and chunks as `dtype`.

  Parameters stay float32 outside, and so do their gradients: the steps of an
  optimiser are small against what they are added to. Observations stay
  float32, too: they are metres, of which bfloat16 tells but every fourth
  millimetre apart. It pays on accelerators with units for it, and costs time
  on most CPUs. Acting is in float32.
  """
  if dtype == 'float32':
    return apply

  def cast(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.asarray(leaf).astype(dtype), tree)

  def shorter(
    variables: Any,
    noisy: Any,
    time: Any,
    observation: Any,
    text: Any,
    seen: Any = None,
    **how: Any,
  ) -> Any:
    result = apply(
      cast(variables), cast(noisy), time, observation, text, cast(seen), **how
    )
    return jax.tree.map(lambda leaf: leaf.astype(jnp.float32), result)

  return shorter
