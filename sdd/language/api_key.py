"""Keys of servers: from the environment, and into nothing else."""

import os
from collections.abc import Sequence

from sdd.language import live


def find(variables: Sequence[str], *, of: str) -> str:
  """The value of the first of these environment variables that has one.

  Raises:
    live.ServiceError: none has; says which to set.
  """
  for variable in variables:
    if key := os.environ.get(variable, '').strip():
      return key
  raise live.ServiceError(
    f'{of} needs a key: set one of the environment variables '
    f'{" or ".join(variables)}, or use the recorded completions with '
    '--llm=recorded.'
  )
