"""MJX behind the `Simulator` protocol: many worlds in one compiled program."""

import functools
from collections.abc import Callable
from typing import Any

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
  extraction,
  latching,
  mjx_barrier,
  mjx_broad_phase,
  mjx_shapes,
  mujoco_simulator,
)
from sdd.simulation import scene_state as scene_state_lib

mjx = mjx_barrier.mjx


@flax.struct.dataclass
class _Worlds:
  """What is kept of every world between control periods, 32 bits.

  Few and plain arrays: what MJX needs besides is made anew in the program.
  """

  qpos: Any
  qvel: Any
  mocap_pos: Any
  mocap_quat: Any
  arm_target: Any
  gripper_target: Any
  shape: Any
  scene_state: scene_state_lib.SceneState
  proprioception: Any


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
    self._copy: _Worlds | None = None

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

  def _on_host(self) -> _Worlds:
    copy = self._copy
    if copy is None:
      copy = jax.tree.map(np.array, jax.device_get(self._worlds))
      self._copy = copy
    return copy

  def _row(self, world: world_state.WorldState) -> _Worlds:
    self._reader.reset(0, world)
    row = _Worlds(
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
def _put(worlds: _Worlds, index: int, row: _Worlds) -> _Worlds:
  return jax.tree.map(lambda x, new: x.at[index].set(new), worlds, row)


@functools.lru_cache(maxsize=8)
def _program(
  scene: scene_lib.Scene, spec: action.ActionSpec
) -> Callable[..., _Worlds]:
  """The compiled (worlds, actions, active) -> worlds of one control period."""
  mjx_broad_phase.install()
  if jax.default_backend() == 'cpu':
    mjx_barrier.install()
  stepper = _Stepper(scene, spec)

  def advance(worlds: _Worlds, actions: Any, active: Any) -> _Worlds:
    # Without it TPUs and GPUs multiply matrices with few digits.
    with jax.default_matmul_precision('highest'):
      after = stepper.advance(worlds, actions)

    def select(new: Any, old: Any) -> Any:
      return jnp.where(active.reshape(-1, *(1,) * (new.ndim - 1)), new, old)

    return jax.tree.map(select, after, worlds)

  return jax.jit(advance)


@flax.struct.dataclass
class _Seen:
  """What a physics step leaves behind for `extraction`, beside the state."""

  physics: extraction.Physics
  tcp_position: Any
  tcp_rotation: Any


class _Stepper:
  """One control period of all worlds, as traceable functions."""

  def __init__(self, scene: scene_lib.Scene, spec: action.ActionSpec):
    self._controller = controller.make(scene.model, spec)
    self._table = extraction.link_table(scene)
    self._shapes = mjx_shapes.Shapes(scene)
    self._model = mjx.put_model(self._shapes.model)
    self._latches = latching.addresses(scene)
    self._mocap = np.flatnonzero(self._shapes.model.body_mocapid >= 0)

  def advance(self, worlds: _Worlds, actions: Any) -> _Worlds:
    before = worlds.arm_target, worlds.gripper_target
    goal = controller.joint_target(jnp, self._controller, before[0], actions)
    wide = controller.gripper_goal(jnp, actions)
    commands = controller.servo_commands(
      jnp, self._controller, before, (goal, wide)
    )
    qpos, qvel, seen = self._substeps(worlds, commands)
    return _Worlds(
      qpos=qpos,
      qvel=qvel,
      mocap_pos=worlds.mocap_pos,
      mocap_quat=worlds.mocap_quat,
      arm_target=goal,
      gripper_target=wide,
      shape=worlds.shape,
      scene_state=extraction.extract(
        jnp,
        self._shapes.link_table(self._table, worlds.shape),
        seen.physics,
        wide,
      ),
      proprioception=extraction.proprioception(
        jnp, self._table, qpos, seen.tcp_position, seen.tcp_rotation
      ),
    )

  def _substeps(self, worlds: _Worlds, commands: Any) -> tuple[Any, Any, Any]:
    """All physics steps of a period, and what the last state looks like.

    There is one step more than commands; only its poses and contacts are
    used, because a step computes those of where it began.
    """
    moving = jnp.arange(len(commands) + 1) < len(commands)
    commands = jnp.concatenate([commands, commands[-1:]])
    step = jax.vmap(self._step)
    fixed = worlds.mocap_pos, worlds.mocap_quat, worlds.shape

    def body(carry: Any, inputs: Any) -> Any:
      command, go = inputs
      after, seen = step(carry[0], fixed, command)
      state = jax.tree.map(lambda a, b: jnp.where(go, a, b), after, carry[0])
      return (state, seen), None

    start = worlds.qpos, worlds.qvel, jnp.zeros_like(worlds.qvel)
    seen = jax.tree.map(
      lambda x: jnp.zeros(x.shape, x.dtype),
      jax.eval_shape(step, start, fixed, commands[0])[1],
    )
    carry, _ = jax.lax.scan(body, (start, seen), (commands, moving))
    (qpos, qvel, _), seen = carry
    return qpos, qvel, seen

  def _step(self, state: Any, fixed: Any, command: Any) -> tuple[Any, _Seen]:
    """One physics step of one world."""
    (qpos, qvel, warmstart), (position, quaternion, shape) = state, fixed
    # MJX moves a mocap body without the bodies on it; so it moves by its
    # place in the model instead.
    model = self._model.tree_replace(
      {
        **self._shapes.fields(shape),
        'body_pos': self._model.body_pos.at[self._mocap].set(position),
        'body_quat': self._model.body_quat.at[self._mocap].set(quaternion),
      }
    )
    data = mjx.make_data(self._model).replace(
      qpos=qpos,
      qvel=qvel,
      qacc_warmstart=warmstart,
      ctrl=command,
      mocap_pos=position,
      mocap_quat=quaternion,
      eq_active=self._held(qpos),
    )
    data = _integrated(model, mjx.forward(model, data))
    return (data.qpos, data.qvel, data.qacc_warmstart), self._seen(qpos, data)

  def _held(self, qpos: Any) -> Any:
    """Which equality constraints are active, latches among them."""
    active = jnp.asarray(self._shapes.model.eq_active0, bool)
    for found in self._latches:
      holds = found.latch.holds(qpos[found.button], qpos[found.arm])
      active = active.at[found.equality].set(holds)
    return active

  def _seen(self, qpos: Any, data: Any) -> _Seen:
    contact = data._impl.contact
    physics = extraction.Physics(
      qpos=qpos,
      xpos=data.xpos,
      xquat=data.xquat,
      geom_xpos=data.geom_xpos,
      geom_xmat=data.geom_xmat,
      contact_geom=contact.geom,
      contact_distance=contact.dist,
      contact_normal=contact.frame[:, 0],
    )
    tcp = self._table.tcp
    return _Seen(physics, data.site_xpos[tcp], data.site_xmat[tcp])


def _integrated(model: Any, data: Any) -> Any:
  """The second half of a physics step.

  On a CPU, JAX hands a batch of Cholesky factorisations in pieces to the
  threads of its pool and keeps a thread waiting for them. The step has two
  that could run at once; on two cores, both threads then wait for ever. So
  this one is made to depend on forces that need the other one's result.
  """
  mass = data._impl.M + 0 * data.qacc[0]
  return mjx.implicit(model, data.tree_replace({'_impl.M': mass}))
