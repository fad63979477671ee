"""What else the program of a batched simulator computes in every world."""

from collections.abc import Hashable
from typing import Any, Protocol

from sdd.simulation import scene_state


class Watch(Hashable, Protocol):
  """Looks at a world after every step, inside the program that steps it.

  Both functions are for one world, pure and traceable; the simulator runs
  them for all at once. Equal watches share a compiled program.
  """

  def memory(self, state: scene_state.SceneState) -> Any:
    """What is remembered of a world in that state; a pytree of arrays."""
    ...

  def look(
    self,
    memory: Any,
    asked: Any,
    before: scene_state.SceneState,
    after: scene_state.SceneState,
  ) -> tuple[Any, Any]:
    """What to remember from now on, and what is seen.

    Args:
      memory: what was remembered.
      asked: what is asked of this step, a pytree of arrays.
      before: the state in which the step began.
      after: the state now.
    """
    ...
