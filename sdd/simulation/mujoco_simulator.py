"""C MuJoCo behind the `Simulator` protocol: the referee on a CPU."""

import dataclasses

import mujoco
import numpy as np
from jaxtyping import Bool, Float

from sdd import errors
from sdd.scenes import scene as scene_lib
from sdd.scenes import world_state
from sdd.simulation import (
  action,
  controller,
  encoders,
  extraction,
  latching,
  pushes,
  tuning,
  weighing,
)
from sdd.simulation import scene_state as scene_state_lib


class MujocoSimulator:
  """One `MjData` for every world; 64-bit floats."""

  lanes, compiling = 1, 0.0

  def __init__(
    self, scene: scene_lib.Scene, *, size: int, spec: action.ActionSpec
  ):
    self.scene, self.size, self.spec = scene, size, spec
    self._controller = controller.make(scene, spec)
    self._shapes: dict[int, _Shape] = {}
    self._shape = [self._shaped(0)] * size
    self._data = [mujoco.MjData(self._shape[0].model) for _ in range(size)]
    self._begun = [scene.rest] * size
    self._fields: list[dict[str, np.ndarray]] = [{}] * size
    self._targets: list[controller.Targets] = [
      (scene.rest.arm_target, scene.rest.gripper_target)
    ] * size
    self._earlier = list(self._targets)
    self._pushes = pushes.Pushes(size, spec.rate_hz)
    for index in range(size):
      self.reset(index, scene.rest)

  def _shaped(self, number: int) -> '_Shape':
    if number not in self._shapes:
      self._shapes[number] = _Shape(self.scene, number)
    return self._shapes[number]

  def reset(self, index: int, world: world_state.WorldState) -> None:
    world = self.complete(world)
    shape = self._shaped(world.shape)
    if shape is not self._shape[index]:
      self._shape[index] = shape
      self._data[index] = mujoco.MjData(shape.model)
    data = self._data[index]
    self._begun[index] = world
    self._fields[index] = shape.fields(world)
    shape.take(self._fields[index])
    mujoco.mj_resetData(shape.model, data)
    data.qpos[:], data.qvel[:] = world.qpos, world.qvel
    data.mocap_pos[:], data.mocap_quat[:] = world.mocap_pos, world.mocap_quat
    data.time = world.time
    self._targets[index] = (
      np.asarray(world.arm_target, float),
      float(world.gripper_target),
    )
    earlier = world.earlier[:-1], float(world.earlier[-1])
    self._earlier[index] = earlier
    data.ctrl[:] = self.scene.ctrl(earlier[0] + world.offset, earlier[1])
    self._pushes.reset(index, world)
    shape.set_latches(data)
    mujoco.mj_forward(shape.model, data)

  def complete(self, world: world_state.WorldState) -> world_state.WorldState:
    """The same with an offset of each joint, and what was sent `earlier`.

    Raises:
      errors.SddError: the arm of the world is of another size, the latency
        neither 0 nor 1, or the offset not finite.
    """
    count = len(self.scene.robot.arm.joints)
    offset, earlier = np.asarray(world.offset), np.asarray(world.earlier)
    if offset.shape not in ((1,), (count,)) or not np.isfinite(offset).all():
      raise errors.SddError(
        f'A world has the offset {offset}; expected {count} angles in '
        'radians, or one for all joints of the arm.'
      )
    if world.latency not in (0, 1):
      raise errors.SddError(
        f'A world has a latency of {world.latency} periods; expected 0 or 1.'
      )
    if earlier.shape not in ((0,), (count + 1,)):
      raise errors.SddError(
        f'A world was commanded {earlier} earlier; expected {count} angles '
        'and an opening, or nothing.'
      )
    if not (len(earlier) and world.latency):
      earlier = np.append(world.arm_target, world.gripper_target)
    return dataclasses.replace(
      world, offset=np.zeros(count) + offset, earlier=earlier
    )

  def step(
    self, actions: Float[np.ndarray, 'B 10'], active: Bool[np.ndarray, ' B']
  ) -> None:
    actions = self._pushes.felt(actions, active)
    for index in np.flatnonzero(active):
      self._advance(int(index), np.asarray(actions[index], float))

  def _advance(self, index: int, command: Float[np.ndarray, ' 10']) -> None:
    data, shape = self._data[index], self._shape[index]
    shape.take(self._fields[index])
    world, (arm, opening) = self._begun[index], self._targets[index]
    goal = controller.joint_target(np, self._controller, arm, command)
    stroke = self._controller.stroke
    wide = float(controller.gripper_goal(np, stroke, command))
    latest = arm, np.float64(opening)
    before, after = controller.led(
      np,
      world.latency,
      self._earlier[index],
      latest,
      (goal, np.float64(wide)),
    )
    commands = controller.servo_commands(
      np, self._controller, before, after, offset=world.offset
    )
    for servo in commands:
      data.ctrl[:] = servo
      shape.set_latches(data)
      mujoco.mj_step(shape.model, data)
    self._targets[index], self._earlier[index] = (goal, wide), latest
    mujoco.mj_kinematics(shape.model, data)  # poses belong to the new positions

  def scene_state(self, index: int) -> scene_state_lib.SceneState:
    data = self._data[index]
    contact = data.contact
    physics = extraction.Physics(
      qpos=data.qpos,
      xpos=data.xpos,
      xquat=data.xquat,
      geom_xpos=data.geom_xpos,
      geom_xmat=data.geom_xmat.reshape(-1, 3, 3),
      contact_geom=contact.geom,
      contact_distance=contact.dist,
      contact_normal=contact.frame[:, :3],
    )
    return extraction.extract(
      np, self._shape[index].table, physics, np.float64(self._targets[index][1])
    )

  def proprioception(self, index: int) -> Float[np.ndarray, ' 10']:
    data, table = self._data[index], self._shape[index].table
    tcp, offset = table.tcp, self._begun[index].offset
    pose = data.site_xpos[tcp], data.site_xmat[tcp].reshape(3, 3)
    if offset.any():
      arm = self._controller.arm, data.qpos[self.scene.arm_qpos]
      pose = encoders.tool_pose(np, *arm, offset, pose)
    return extraction.proprioception(np, table, data.qpos, *pose)

  def world(self, index: int) -> world_state.WorldState:
    data, begun = self._data[index], self._begun[index]
    arm, opening = self._targets[index]
    earlier = np.append(*self._earlier[index]) if begun.latency else np.zeros(0)
    return dataclasses.replace(
      begun,
      qpos=data.qpos.copy(),
      qvel=data.qvel.copy(),
      mocap_pos=data.mocap_pos.copy(),
      mocap_quat=data.mocap_quat.copy(),
      arm_target=arm.copy(),
      gripper_target=opening,
      time=data.time,
      offset=begun.offset.copy(),
      earlier=earlier,
    )


class _Shape:
  """The model and tables of one of a scene's shapes.

  All worlds of the shape share the model. Before one of them is stepped, the
  model takes that world's fields.
  """

  def __init__(self, scene: scene_lib.Scene, number: int):
    self.number, scene = number, scene.shaped(number)
    self.table = extraction.link_table(scene)
    self.model = scene.fresh_model()
    # A world that blew up stays not finite, which every judge can see;
    # MuJoCo would put it back to its beginning without a word.
    self.model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
    self._latches = latching.addresses(scene)
    self._weighing = weighing.Weighing(self.model)
    self._tuning = tuning.Tuning(scene)
    self._unchanged = {
      name: getattr(self.model, name).copy()
      for name in (*weighing.FIELDS, *tuning.FIELDS)
    }
    self._taken: dict[str, np.ndarray] | None = None

  def fields(self, world: world_state.WorldState) -> dict[str, np.ndarray]:
    """What a world with these factors changes in the model.

    Raises:
      errors.SddError: a factor is not positive and finite.
    """
    for name in world_state.FACTORS:
      factor = getattr(world, name)
      if not 0 < factor < np.inf:
        raise errors.SddError(
          f'A world has the {name} {factor}; expected a positive factor, 1 for '
          "the scene's own."
        )
    field = self._unchanged.__getitem__
    return {
      **self._weighing.fields(field, world.mass, world.friction),
      **self._tuning.fields(field, world.damping, world.gain),
    }

  def take(self, fields: dict[str, np.ndarray]) -> None:
    """Makes the model that of the world with these fields."""
    if fields is not self._taken:
      for name, value in fields.items():
        getattr(self.model, name)[:] = value
      self._taken = fields

  def set_latches(self, data: mujoco.MjData) -> None:
    """Lets each latch hold, or not, as the joints stand."""
    for found in self._latches:
      button, arm = data.qpos[found.button], data.qpos[found.arm]
      data.eq_active[found.equality] = found.latch.holds(button, arm)
