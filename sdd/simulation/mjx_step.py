"""One control period of many worlds as one traceable function of MJX."""

import dataclasses
from typing import Any

import flax.struct
import jax
import mujoco
import numpy as np
from jax import numpy as jnp

from sdd.scenes import scene as scene_lib
from sdd.simulation import (
  action,
  controller,
  encoders,
  extraction,
  latching,
  mjx_barrier,
  mjx_constraints,
  mjx_shapes,
  mjx_solver,
)
from sdd.simulation import scene_state as scene_state_lib

mjx = mjx_barrier.mjx

_OF_JOINT = int(mujoco.mjtTrn.mjTRN_JOINT)
_TOGETHER = 8  # worlds in one matrix product of the solver: what a cache holds


@flax.struct.dataclass
class Worlds:
  """What is kept of `B` worlds between control periods, 32 bits.

  Few and plain arrays: what MJX needs besides is made anew in the program.
  `factors` are those of a `WorldState`, by name; `earlier` is never empty.
  """

  qpos: Any
  qvel: Any
  mocap_pos: Any
  mocap_quat: Any
  arm_target: Any
  gripper_target: Any
  shape: Any
  factors: dict[str, Any]
  offset: Any
  latency: Any
  earlier: Any
  scene_state: scene_state_lib.SceneState
  proprioception: Any


@flax.struct.dataclass
class _Seen:
  """What a physics step leaves behind for `extraction`, beside the state."""

  physics: extraction.Physics
  tcp_position: Any
  tcp_rotation: Any


class Stepper:
  """One control period of all worlds of a scene."""

  def __init__(self, scene: scene_lib.Scene, spec: action.ActionSpec):
    self._controller = controller.make(scene, spec)
    self._table = extraction.link_table(scene)
    self._arm = scene.arm_qpos
    self._shapes = mjx_shapes.Shapes(scene)
    self._model = mjx.put_model(self._shapes.model)
    self._latches = latching.addresses(scene)
    options = self._shapes.model.opt
    self._mocap = np.flatnonzero(self._shapes.model.body_mocapid >= 0)
    self._damped = _damped(self._shapes.model)
    self._constraints = mjx_constraints.Constraints(self._shapes.model)
    self._effort = mjx_solver.Effort(
      iterations=options.iterations,
      searches=options.ls_iterations,
      together=_TOGETHER if jax.default_backend() == 'cpu' else 1 << 30,
    )

  def advance(self, worlds: Worlds, actions: Any) -> Worlds:
    """The worlds a period later; traceable."""
    latest = worlds.arm_target, worlds.gripper_target
    goal = controller.joint_target(jnp, self._controller, latest[0], actions)
    wide = controller.gripper_goal(jnp, self._controller.stroke, actions)
    earlier = worlds.earlier[..., :-1], worlds.earlier[..., -1]
    before, after = controller.led(
      jnp, worlds.latency, earlier, latest, (goal, wide)
    )
    commands = controller.servo_commands(
      jnp, self._controller, before, after, offset=worlds.offset
    )
    qpos, qvel, seen = self._substeps(worlds, commands)
    measured = encoders.tool_pose(
      jnp,
      self._controller.arm,
      qpos[..., self._arm],
      worlds.offset,
      (seen.tcp_position, seen.tcp_rotation),
    )
    return dataclasses.replace(
      worlds,
      qpos=qpos,
      qvel=qvel,
      arm_target=goal,
      gripper_target=wide,
      earlier=jnp.concatenate([latest[0], latest[1][..., None]], axis=-1),
      scene_state=extraction.extract(
        jnp,
        self._shapes.link_table(self._table, worlds.shape),
        seen.physics,
        wide,
      ),
      proprioception=extraction.proprioception(
        jnp, self._table, qpos, *measured
      ),
    )

  def _substeps(self, worlds: Worlds, commands: Any) -> tuple[Any, Any, Any]:
    """All physics steps of a period, and what the last state looks like.

    There is one step more than commands; only its poses and contacts are
    used, because a step computes those of where it began.
    """
    moving = jnp.arange(len(commands) + 1) < len(commands)
    commands = jnp.concatenate([commands, commands[-1:]])
    of_model = worlds.shape, worlds.factors
    fixed = worlds.mocap_pos, worlds.mocap_quat, of_model

    def body(carry: Any, inputs: Any) -> Any:
      command, go = inputs
      after, seen = self._step(carry[0], fixed, command)
      state = jax.tree.map(lambda a, b: jnp.where(go, a, b), after, carry[0])
      return (state, seen), None

    start = worlds.qpos, worlds.qvel, jnp.zeros_like(worlds.qvel)
    seen = jax.tree.map(
      lambda x: jnp.zeros(x.shape, x.dtype),
      jax.eval_shape(self._step, start, fixed, commands[0])[1],
    )
    carry, _ = jax.lax.scan(body, (start, seen), (commands, moving))
    (qpos, qvel, _), seen = carry
    return qpos, qvel, seen

  def _step(self, state: Any, fixed: Any, command: Any) -> tuple[Any, _Seen]:
    """One physics step of all worlds."""
    start = state[2]
    model, data, problem = jax.vmap(self._ahead)(state, fixed, command)
    rows = self._constraints.rows
    qacc = mjx_solver.solve(problem, start, rows, self._effort)
    after = jax.vmap(self._integrated)(model, data, qacc)
    return (*after, qacc), jax.vmap(self._seen)(state[0], data)

  def _ahead(self, state: Any, fixed: Any, command: Any) -> tuple[Any, ...]:
    """A physics step of one world, as far as to what the solver must solve."""
    (qpos, qvel, _), (position, quaternion, of_model) = state, fixed
    # MJX moves a mocap body without the bodies on it; so it moves by its
    # place in the model instead.
    model = self._model.tree_replace(
      {
        **self._shapes.fields(*of_model),
        'body_pos': self._model.body_pos.at[self._mocap].set(position),
        'body_quat': self._model.body_quat.at[self._mocap].set(quaternion),
      }
    )
    data = mjx.make_data(self._model).replace(
      qpos=qpos,
      qvel=qvel,
      ctrl=command,
      mocap_pos=position,
      mocap_quat=quaternion,
      eq_active=self._held(qpos),
    )
    for part in (mjx.kinematics, mjx.com_pos, mjx.crb, mjx.collision):
      data = part(model, data)
    data = mjx.fwd_velocity(model, mjx.transmission(model, data))
    data = mjx.fwd_actuation(model, data)
    force = data.qfrc_passive - data.qfrc_bias + data.qfrc_actuator
    data = data.replace(qfrc_smooth=force)
    return model, data, self._constraints.problem(model, data)

  def _integrated(self, model: Any, data: Any, qacc: Any) -> tuple[Any, Any]:
    """The second half of a physics step: positions and velocities after it.

    On a CPU, JAX hands a batch of Cholesky factorisations in pieces to the
    threads of its pool and keeps a thread waiting for them. The step has two
    that could run at once; on two cores, both threads then wait for ever. So
    this one is made to depend on accelerations, which need the other's result.
    """
    damped = mjx.full_m(model, data) + 0 * qacc[0]
    damped -= model.opt.timestep * mjx.deriv_smooth_vel(model, data)
    mine = self._damped
    factor = jax.scipy.linalg.cho_factor(damped[np.ix_(mine, mine)])
    force = mjx.mul_m(model, data, qacc)[mine]
    qacc = qacc.at[mine].set(jax.scipy.linalg.cho_solve(factor, force))
    data = mjx.euler(model, data.replace(qacc=qacc))
    return data.qpos, data.qvel

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


def _damped(model: mujoco.MjModel) -> np.ndarray:
  """Degrees of freedom whose damping, if any, is not their own affair.

  All those of the kinematic trees in which something has damping or a motor.
  """
  if model.ntendon or np.any(model.actuator_trntype != _OF_JOINT):
    return np.arange(model.nv)
  driven = model.jnt_dofadr[model.actuator_trnid[:, 0]]
  damped = np.union1d(driven, np.flatnonzero(model.dof_damping))
  trees = np.unique(model.dof_treeid[damped])
  return np.flatnonzero(np.isin(model.dof_treeid, trees))
