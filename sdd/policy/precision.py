"""Computing in a shorter format than the parameters are kept in."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

DTYPES = ('float32', 'bfloat16')


def compute_in(dtype: str, apply: Callable[..., Any]) -> Callable[..., Any]:
  """`apply` with all real numbers that go in as `dtype`, the result float32.

  Parameters stay float32 outside, and so do their gradients: the sums of an
  optimiser are small against what they are added to. bfloat16 pays on
  accelerators with units for it, and costs time on most CPUs.
  """
  if dtype == 'float32':
    return apply

  def cast(leaf: Any) -> Any:
    leaf = jnp.asarray(leaf)
    real = jnp.issubdtype(leaf.dtype, jnp.floating)
    return leaf.astype(dtype) if real else leaf

  def shorter(*arguments: Any, **options: Any) -> Any:
    result = apply(*jax.tree.map(cast, arguments), **options)
    return jax.tree.map(lambda leaf: leaf.astype(jnp.float32), result)

  return shorter
