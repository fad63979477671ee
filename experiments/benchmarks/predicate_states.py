"""Many scene states to judge: few of a simulation, many near them."""

import jax
import numpy as np

from sdd.collection import judge
from sdd.scenes import scene as scene_lib
from sdd.simulation import scene_state, simulator

_WORLDS, _PERIODS = 32, 4
_MOVED, _TOUCHED = 0.5, 0.1  # shares of states, and of pairs in a state


def draw(scene: scene_lib.Scene, count: int) -> scene_state.SceneState:
  """(count, ...) states, 32 bits, NumPy.

  The arm of a C simulator follows random actions for a second. What comes of
  it is repeated, and then changed, so that predicates are true of some: in
  half of the states one object is put where another link is, everything is
  moved by about a millimetre, and a tenth of the contacts is the other way.
  """
  rng = np.random.default_rng(0)
  seen = _simulated(scene, rng)
  chosen = rng.integers(len(seen.gripper_command), size=count)
  states = jax.tree.map(lambda x: x[chosen], seen)
  _put(states, scene, rng)
  states.link_position[:] += (shift := _shift(states, rng))
  states.link_bounds[:] += shift[..., None, :]
  states.contact[:] ^= _flips(states, rng)
  return states


def _simulated(
  scene: scene_lib.Scene, rng: np.random.Generator
) -> scene_state.SceneState:
  sim = simulator.make('mujoco', scene)
  seen = []
  for _ in range(_WORLDS):
    sim.reset(0, scene.initial(rng))
    for _ in range(_PERIODS):
      action = sim.proprioception(0)
      action[:3] += rng.uniform(-0.1, 0.1, 3)
      action[9] = rng.uniform(0.0, 0.1)
      sim.step(action[None], np.ones(1, bool))
      seen.append(sim.scene_state(0))
  return jax.tree.map(
    lambda x: x if x.dtype == bool else x.astype(np.float32), judge.stack(seen)
  )


def _put(
  states: scene_state.SceneState,
  scene: scene_lib.Scene,
  rng: np.random.Generator,
) -> None:
  """Puts an object's box in the middle of another link's."""
  links = scene.vocabulary.links
  objects = [i for i, link in enumerate(links) if link.kind == 'object']
  count = len(states.gripper_command)
  what, where = rng.choice(objects, count), rng.integers(len(links), size=count)
  centre = states.link_bounds.mean(axis=-2)
  row = np.arange(count)
  move = (centre[row, where] - centre[row, what]) * (
    rng.random((count, 1)) < _MOVED
  )
  states.link_position[row, what] += move
  states.link_bounds[row, what] += move[:, None]


def _shift(
  states: scene_state.SceneState, rng: np.random.Generator
) -> np.ndarray:
  shape = states.link_position.shape
  return rng.normal(scale=1e-3, size=shape).astype(np.float32)


def _flips(
  states: scene_state.SceneState, rng: np.random.Generator
) -> np.ndarray:
  flips = np.triu(rng.random(states.contact.shape) < _TOUCHED, 1)
  return flips | np.swapaxes(flips, -1, -2)
