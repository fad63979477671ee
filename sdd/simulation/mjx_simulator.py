"""MJX behind the `Simulator` protocol: many worlds in one compiled program."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp
from jaxtyping import Bool, Float

from sdd.scenes import scene as scene_lib
from sdd.scenes import world_state
from sdd.simulation import (
  action,
  controller,
  mjx_barrier,
  mjx_broad_phase,
  mjx_step,
  mujoco_simulator,
)
from sdd.simulation import scene_state as scene_state_lib


class MjxSimulator:
  """`B` worlds on the default device, stepped together; 32-bit floats.

  Everything that is asked about single worlds is answered from one copy on
  the host, fetched once a step when first asked for. The program is compiled
  at the first step; neither resets nor other actions compile anything anew.
  """

  def __init__(
    self, scene: scene_lib.Scene, *, size: int, spec: action.ActionSpec
  ):
    self.scene, self.size, self.spec = scene, size, spec
    self._advance = _program(scene, spec)
    # Says what a world looks like that has not been stepped yet.
    self._reader = mujoco_simulator.MujocoSimulator(scene, size=1, spec=spec)
    steps = controller.make(scene.model, spec).substeps
    self._period = steps * scene.model.opt.timestep
    self._time = np.full(size, scene.rest.time)
    row = self._row(scene.rest)
    worlds = jax.tree.map(lambda x: np.stack([x] * size), row)
    # Put there on purpose: arrays that merely happen to be on a device, and
    # results that were put there, would be two programs to JAX.
    self._worlds = jax.device_put(worlds, jax.devices()[0])
    self._copy: mjx_step.Worlds | None = None

  def reset(self, index: int, world: world_state.WorldState) -> None:
    row = self._row(world)
    copy = self._on_host()
    jax.tree.map(lambda x, new: x.__setitem__(index, new), copy, row)
    self._time[index] = world.time
    self._worlds = _put(self._worlds, index % self.size, row)

  def step(
    self, actions: Float[np.ndarray, 'B 10'], active: Bool[np.ndarray, ' B']
  ) -> None:
    active = np.asarray(active, bool)
    actions = np.asarray(actions, np.float32)
    self._worlds = self._advance(self._worlds, actions, active)
    self._time += self._period * active
    self._copy = None

  def scene_state(self, index: int) -> scene_state_lib.SceneState:
    state = self._on_host().scene_state
    return jax.tree.map(lambda x: np.array(x[index]), state)

  def proprioception(self, index: int) -> Float[np.ndarray, ' 10']:
    return self._on_host().proprioception[index].copy()

  def world(self, index: int) -> world_state.WorldState:
    copy = self._on_host()
    return world_state.WorldState(
      qpos=copy.qpos[index].astype(float),
      qvel=copy.qvel[index].astype(float),
      mocap_pos=copy.mocap_pos[index].astype(float),
      mocap_quat=copy.mocap_quat[index].astype(float),
      arm_target=copy.arm_target[index].astype(float),
      gripper_target=float(copy.gripper_target[index]),
      time=float(self._time[index]),
      shape=int(copy.shape[index]),
    )

  def _on_host(self) -> mjx_step.Worlds:
    copy = self._copy
    if copy is None:
      copy = jax.tree.map(np.array, jax.device_get(self._worlds))
      self._copy = copy
    return copy

  def _row(self, world: world_state.WorldState) -> mjx_step.Worlds:
    self._reader.reset(0, world)
    row = mjx_step.Worlds(
      qpos=world.qpos,
      qvel=world.qvel,
      mocap_pos=world.mocap_pos,
      mocap_quat=world.mocap_quat,
      arm_target=world.arm_target,
      gripper_target=world.gripper_target,
      shape=world.shape,
      scene_state=self._reader.scene_state(0),
      proprioception=self._reader.proprioception(0),
    )
    return jax.tree.map(_as_kept, row)


def _as_kept(x: Any) -> np.ndarray:
  x = np.asarray(x)
  if x.dtype == bool:
    return x
  return x.astype(np.int32 if x.dtype.kind == 'i' else np.float32)


@jax.jit
def _put(
  worlds: mjx_step.Worlds, index: int, row: mjx_step.Worlds
) -> mjx_step.Worlds:
  return jax.tree.map(lambda x, new: x.at[index].set(new), worlds, row)


@functools.lru_cache(maxsize=8)
def _program(
  scene: scene_lib.Scene, spec: action.ActionSpec
) -> Callable[..., mjx_step.Worlds]:
  """The compiled (worlds, actions, active) -> worlds of one control period."""
  mjx_broad_phase.install()
  if jax.default_backend() == 'cpu':
    mjx_barrier.install()
  stepper = mjx_step.Stepper(scene, spec)

  def advance(
    worlds: mjx_step.Worlds, actions: Any, active: Any
  ) -> mjx_step.Worlds:
    # Without it TPUs and GPUs multiply matrices with few digits.
    with jax.default_matmul_precision('highest'):
      after = stepper.advance(worlds, actions)

    def select(new: Any, old: Any) -> Any:
      return jnp.where(active.reshape(-1, *(1,) * (new.ndim - 1)), new, old)

    return jax.tree.map(select, after, worlds)

  return jax.jit(advance, compiler_options=mjx_barrier.compiler_options())
