"""The `Simulator` protocol: many worlds of one scene, stepped by actions."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from sdd import errors
from sdd.scenes import scene as scene_lib
from sdd.scenes import world_state
from sdd.simulation import action, scene_state
from sdd.simulation import watch as watch_lib

NAMES = ('mujoco', 'mjx')


class Simulator(Protocol):
  """`B` worlds of one scene behind the one action interface.

  Attributes:
    scene: the scene.
    spec: what an action means.
    size: B.
    lanes: how many worlds move at about the price of one: all, or a part
      of them, in a batch; one where each is stepped on its own.
  """

  scene: scene_lib.Scene
  spec: action.ActionSpec
  size: int
  lanes: int

  @property
  def compiling(self) -> float:
    """CPU seconds that went into compiling so far."""
    ...

  def reset(self, index: int, world: world_state.WorldState) -> None:
    """Puts world `index` into a state."""
    ...

  def step(
    self, actions: Float[np.ndarray, 'B 10'], active: Bool[np.ndarray, ' B']
  ) -> None:
    """Advances the active worlds by one control period."""
    ...

  def scene_state(self, index: int) -> scene_state.SceneState:
    """What predicates may see of world `index`, NumPy, no batch axes."""
    ...

  def proprioception(self, index: int) -> Float[np.ndarray, ' 10']:
    """Measured tool pose and opening, laid out like an action."""
    ...

  def world(self, index: int) -> world_state.WorldState:
    """A copy of the whole state of world `index`."""
    ...


@runtime_checkable
class WatchingSimulator(Simulator, Protocol):
  """A `Simulator` whose program a `Watch` can be part of."""

  def watch(self, watch: watch_lib.Watch, asked: Any) -> None:
    """Watches from now on, and looks once at all worlds as they are.

    Args:
      watch: what to compute.
      asked: a pytree of NumPy arrays (B, ...).
    """
    ...

  def look(self, asked: Any) -> None:
    """Looks at all worlds as they are, without a step."""
    ...

  def step(
    self,
    actions: Float[np.ndarray, 'B 10'],
    active: Bool[np.ndarray, ' B'],
    asked: Any = None,
  ) -> None:
    """Advances the active worlds by one control period and looks at them."""
    ...

  def reading(self, index: int) -> Any:
    """What was seen last in world `index`, a pytree of NumPy arrays."""
    ...


def make(
  name: str,
  scene: scene_lib.Scene,
  *,
  size: int = 1,
  spec: action.ActionSpec | None = None,
) -> Simulator:
  """Makes the simulator called `name`: `mujoco` (C, the referee) or `mjx`.

  Raises:
    errors.UnknownNameError: there is no such simulator.
  """
  spec = spec or action.ActionSpec()
  if name == 'mujoco':
    from sdd.simulation import mujoco_simulator

    return mujoco_simulator.MujocoSimulator(scene, size=size, spec=spec)
  if name == 'mjx':
    from sdd.simulation import mjx_simulator

    return mjx_simulator.MjxSimulator(scene, size=size, spec=spec)
  raise errors.UnknownNameError('simulator', name, NAMES)
