"""A latch: it holds an arm down until a button is pressed."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Latch:
  """Holds one joint by an equality constraint while another is not pressed.

  Whether it holds depends on the two joint positions alone, so it needs no
  memory: once the arm has sprung away it stays free, and an arm that is led
  back is caught again, as a real latch does.

  Attributes:
    equality: name of the MJCF constraint that holds the arm.
    button: joint whose position releases it.
    released_above: button position beyond which it lets go.
    arm: joint that is held.
    caught_below: arm position beneath which it catches.
  """

  equality: str
  button: str
  released_above: float
  arm: str
  caught_below: float

  def holds(self, button: Any, arm: Any) -> Any:
    """Whether it holds at these joint positions; NumPy, JAX or floats."""
    return (button <= self.released_above) & (arm < self.caught_below)
