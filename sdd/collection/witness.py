"""A simulator that remembers everything it showed."""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

from sdd.scenes import world_state
from sdd.simulation import scene_state, simulator


class Witness:
  """Any `Simulator`, with the states of every world since its last reset.

  Whatever acts in it, a collector or a random motion, leaves its states
  behind, just as they were seen while acting.

  Attributes:
    scene: the scene.
    spec: what an action means.
    size: B.
    lanes: as the simulator's.
    runs: the states of each world since it was reset, the latest last.
    commands: the latest action of each world, None if there was none yet.
  """

  def __init__(self, sim: simulator.Simulator, seen: Callable[[int], object]):
    """`seen` is told of states by their number, as they come."""
    self.scene, self.spec = sim.scene, sim.spec
    self.size, self.lanes = sim.size, sim.lanes
    self.runs: list[list[scene_state.SceneState]] = [
      [] for _ in range(self.size)
    ]
    self.commands: list[np.ndarray | None] = [None] * self.size
    self._sim, self._seen = sim, seen

  @property
  def compiling(self) -> float:
    """As the simulator's."""
    return self._sim.compiling

  def reset(self, index: int, world: world_state.WorldState) -> None:
    self._sim.reset(index, world)
    self.runs[index], self.commands[index] = [], None
    self._look(index)
    self._seen(1)

  def step(
    self, actions: Float[np.ndarray, 'B 10'], active: Bool[np.ndarray, ' B']
  ) -> None:
    self._sim.step(actions, active)
    for index in np.flatnonzero(active):
      self.commands[index] = np.array(actions[index])
      self._look(int(index))
    self._seen(int(np.sum(active)))

  def nudge(self, index: int, push: Float[np.ndarray, ' nv']) -> None:
    """Adds to the velocities of a world; its run goes on."""
    world = self._sim.world(index)
    pushed = dataclasses.replace(world, qvel=world.qvel + push)
    self._sim.reset(index, pushed)

  def scene_state(self, index: int) -> scene_state.SceneState:
    if not self.runs[index]:
      return self._sim.scene_state(index)
    return self.runs[index][-1]

  def proprioception(self, index: int) -> Float[np.ndarray, ' 10']:
    return self._sim.proprioception(index)

  def world(self, index: int) -> world_state.WorldState:
    return self._sim.world(index)

  def _look(self, index: int) -> None:
    self.runs[index].append(self._sim.scene_state(index))
