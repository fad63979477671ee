"""MJX behind the `Simulator` protocol: many worlds in one compiled program."""

import dataclasses
import functools
import time
from typing import Any, NamedTuple

import flax.struct
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
  pushes,
)
from sdd.simulation import scene_state as scene_state_lib
from sdd.simulation import watch as watch_lib

# On a CPU more cost no less each, and whoever moves last pays for all lanes.
CPU_LANES = 16


@flax.struct.dataclass
class _Kept:
  """All that is on the device: the worlds, and what a `Watch` keeps of them."""

  worlds: mjx_step.Worlds
  memory: Any
  reading: Any


@flax.struct.dataclass
class _Seen:
  """The part of it that is copied to the host."""

  worlds: mjx_step.Worlds
  reading: Any


class MjxSimulator:
  """`B` worlds on the default device, stepped together; 32-bit floats.

  A step gathers the active worlds into `lanes`, as often as it takes, and
  lanes that are left over compute for nobody. So one program serves any
  number of worlds, and few active ones among many cost little.

  Everything that is asked about single worlds is answered from one copy on
  the host, fetched once a step when first asked for. The program is compiled
  at the first step; neither resets nor other actions compile anything anew.

  Attributes:
    lanes: how many worlds the program steps at once.
    compiling: CPU seconds that went into compiling so far.
  """

  def __init__(
    self,
    scene: scene_lib.Scene,
    *,
    size: int,
    spec: action.ActionSpec,
    lanes: int | None = None,
  ):
    """Puts every world at rest.

    Args:
      scene: the scene.
      size: B.
      spec: what an action means.
      lanes: see above; by default all on an accelerator, where many cost as
        much as few, and at most `CPU_LANES` on a CPU.
    """
    self.scene, self.size, self.spec = scene, size, spec
    on_cpu = jax.default_backend() == 'cpu'
    self.lanes = min(size, lanes or (CPU_LANES if on_cpu else size))
    self.compiling = 0.0
    self._programs = _programs(scene, spec, None)
    # Says what a world looks like that has not been stepped yet.
    self._reader = mujoco_simulator.MujocoSimulator(scene, size=1, spec=spec)
    steps = controller.make(scene, spec).substeps
    self._period = steps * scene.model.opt.timestep
    self._time = np.full(size, scene.rest.time)
    self._pushes = pushes.Pushes(size, spec.rate_hz)
    self._push = [(0.0, 0)] * size  # how far, and the seed
    worlds = _repeated(self._row(scene.rest), size)
    # Put there on purpose: arrays that merely happen to be on a device, and
    # results that were put there, would be two programs to JAX.
    self._kept = jax.device_put(_Kept(worlds, (), ()), jax.devices()[0])
    self._copy: _Seen | None = None

  def reset(self, index: int, world: world_state.WorldState) -> None:
    row = self._row(world)
    copy = self._on_host().worlds
    jax.tree.map(lambda x, new: x.__setitem__(index, new), copy, row)
    self._time[index] = world.time
    self._push[index] = world.push, world.push_seed
    self._pushes.reset(index, world)
    worlds = _put(self._kept.worlds, index % self.size, row)
    self._kept = dataclasses.replace(self._kept, worlds=worlds)

  def watch(self, watch: watch_lib.Watch, asked: Any) -> None:
    self._programs = _programs(self.scene, self.spec, watch)
    state = self._row(self.scene.rest).scene_state
    memory = jax.eval_shape(watch.memory, state)
    one = jax.tree.map(lambda x: x[0], asked)
    reading = jax.eval_shape(watch.look, memory, one, state, state)[1]
    empty = jax.tree.map(
      lambda x: np.zeros((self.size, *x.shape), x.dtype), (memory, reading)
    )
    memory, reading = jax.device_put(empty, jax.devices()[0])
    self._kept = _Kept(self._kept.worlds, memory, reading)
    self.look(asked)

  def look(self, asked: Any) -> None:
    self._kept = self._run(self._programs.look, self._kept, asked)
    self._copy = None

  def step(
    self,
    actions: Float[np.ndarray, 'B 10'],
    active: Bool[np.ndarray, ' B'],
    asked: Any = (),
  ) -> None:
    active = np.asarray(active, bool)
    actions = self._pushes.felt(actions, active)
    moving = np.flatnonzero(active)
    for start in range(0, len(moving), self.lanes):
      some = moving[start : start + self.lanes]
      spare = self.lanes - len(some)
      taken = np.pad(some, (0, spare), mode='edge')
      self._kept = self._run(
        self._programs.step,
        self._kept,
        # Nobody's lane puts its result nowhere.
        np.pad(some, (0, spare), constant_values=self.size).astype(np.int32),
        np.asarray(actions[taken], np.float32),
        jax.tree.map(lambda x, taken=taken: x[taken], asked),
      )
    self._time += self._period * active
    self._copy = None

  def _run(self, program: Any, *arguments: Any) -> _Kept:
    """Runs a program, and keeps account of what compiling it cost."""
    before = program._cache_size()
    began = time.process_time()
    result = program(*arguments)
    if program._cache_size() > before:
      self.compiling += time.process_time() - began
    return result

  def reading(self, index: int) -> Any:
    found = self._on_host().reading
    return jax.tree.map(lambda x: x[index], found)

  @property
  def scene_states(self) -> scene_state_lib.SceneState:
    """What predicates may see of all worlds, on the device, until a step."""
    return self._kept.worlds.scene_state

  def scene_state(self, index: int) -> scene_state_lib.SceneState:
    state = self._on_host().worlds.scene_state
    return jax.tree.map(lambda x: np.array(x[index]), state)

  def proprioception(self, index: int) -> Float[np.ndarray, ' 10']:
    return self._on_host().worlds.proprioception[index].copy()

  def world(self, index: int) -> world_state.WorldState:
    copy = self._on_host().worlds
    late = int(copy.latency[index])
    return world_state.WorldState(
      qpos=copy.qpos[index].astype(float),
      qvel=copy.qvel[index].astype(float),
      mocap_pos=copy.mocap_pos[index].astype(float),
      mocap_quat=copy.mocap_quat[index].astype(float),
      arm_target=copy.arm_target[index].astype(float),
      gripper_target=float(copy.gripper_target[index]),
      time=float(self._time[index]),
      shape=int(copy.shape[index]),
      offset=copy.offset[index].astype(float),
      latency=late,
      push=self._push[index][0],
      push_seed=self._push[index][1],
      earlier=copy.earlier[index].astype(float) if late else np.zeros(0),
      **{name: float(each[index]) for name, each in copy.factors.items()},
    )

  def _on_host(self) -> _Seen:
    copy = self._copy
    if copy is None:
      kept = self._kept
      found = jax.device_get(_Seen(kept.worlds, kept.reading))
      self._copy = copy = jax.tree.map(np.array, found)
    return copy

  def _row(self, world: world_state.WorldState) -> mjx_step.Worlds:
    self._reader.reset(0, world)
    world = self._reader.complete(world)
    row = mjx_step.Worlds(
      qpos=world.qpos,
      qvel=world.qvel,
      mocap_pos=world.mocap_pos,
      mocap_quat=world.mocap_quat,
      arm_target=world.arm_target,
      gripper_target=world.gripper_target,
      shape=world.shape,
      factors={name: getattr(world, name) for name in world_state.FACTORS},
      offset=world.offset,
      latency=world.latency,
      earlier=world.earlier,
      scene_state=self._reader.scene_state(0),
      proprioception=self._reader.proprioception(0),
    )
    return jax.tree.map(_as_kept, row)


def _as_kept(x: Any) -> np.ndarray:
  x = np.asarray(x)
  if x.dtype == bool:
    return x
  return x.astype(np.int32 if x.dtype.kind == 'i' else np.float32)


@functools.partial(jax.jit, donate_argnums=0)
def _put(
  worlds: mjx_step.Worlds, index: int, row: mjx_step.Worlds
) -> mjx_step.Worlds:
  return jax.tree.map(lambda x, new: x.at[index].set(new), worlds, row)


class _Programs(NamedTuple):
  """Both give all worlds, and what is kept of them, as they are after.

  Attributes:
    step: (kept, index, actions, asked), one control period of those worlds.
    look: (kept, asked), no period, all worlds.
  """

  step: Any
  look: Any


@functools.lru_cache(maxsize=8)
def _programs(
  scene: scene_lib.Scene,
  spec: action.ActionSpec,
  watch: watch_lib.Watch | None,
) -> _Programs:
  mjx_broad_phase.install()
  if jax.default_backend() == 'cpu':
    mjx_barrier.install()
  stepper = mjx_step.Stepper(scene, spec)
  seeing = jax.vmap(watch.look if watch else _blind)

  def step(kept: _Kept, index: Any, actions: Any, asked: Any) -> _Kept:
    rows = jax.tree.map(lambda x: jnp.take(x, index, 0, mode='clip'), kept)
    # Without it TPUs and GPUs multiply matrices with few digits.
    with jax.default_matmul_precision('highest'):
      worlds = stepper.advance(rows.worlds, actions)
    states = rows.worlds.scene_state, worlds.scene_state
    after = _Kept(worlds, *seeing(rows.memory, asked, *states))
    return jax.tree.map(
      lambda x, new: x.at[index].set(new, mode='drop'), kept, after
    )

  def look(kept: _Kept, asked: Any) -> _Kept:
    state = kept.worlds.scene_state
    return _Kept(kept.worlds, *seeing(kept.memory, asked, state, state))

  options = mjx_barrier.compiler_options()
  return _Programs(
    jax.jit(step, donate_argnums=0, compiler_options=options),
    jax.jit(look, donate_argnums=0),
  )


def _blind(memory: Any, asked: Any, before: Any, after: Any) -> tuple[Any, Any]:
  del memory, asked, before, after
  return (), ()


def _repeated(row: Any, size: int) -> Any:
  return jax.tree.map(lambda x: np.stack([x] * size), row)
