"""What all domains share: physics settings, the table, lights and cameras."""

import dataclasses
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.scenes import parts, robot, scene, vocabulary, world_state

FLOOR_HEIGHT = -0.60  # metres; the table's top is at 0
TABLE_MIDDLE, TABLE_HALF = (0.42, -0.06), (0.36, 0.50)
ARM_NOISE = 0.05  # radians, on every joint of the start configuration
WALL_PLACE = -1.2  # metres; behind the robot, where nothing reaches
PALE = (0.85, 0.76, 0.62, 1)
_STILL = 0.02  # metres or radians a second: slower is at rest


def make(name: str, *, timestep: float = 0.005) -> mujoco.MjSpec:
  """An empty model with the physics settings that hold what is grasped."""
  spec = mujoco.MjSpec()
  spec.modelname = name
  spec.compiler.degree = False
  spec.option.timestep = timestep
  spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
  spec.option.cone = mujoco.mjtCone.mjCONE_PYRAMIDAL
  # Impratio and iterations belong together: they keep what is held from
  # creeping out of the fingers, which it does at 1 and 4 within seconds.
  spec.option.impratio = 10
  spec.option.iterations, spec.option.ls_iterations = 8, 12
  # Read by MJX only: how many contacts and candidate pairs it keeps.
  spec.add_numeric(name='max_contact_points', data=[40], size=1)
  spec.add_numeric(name='max_geom_pairs', data=[24], size=1)
  return spec


def add_surroundings(spec: mujoco.MjSpec, *, table: bool = True) -> None:
  """Adds lights, floor, wall, table, pedestal, cameras front and top.

  Args:
    spec: what they are added to.
    table: False leaves the table out, the pedestal stays.
  """
  world = spec.worldbody
  world.add_light(pos=[0.2, -0.6, 2.2], dir=[0.1, 0.4, -1], castshadow=True)
  world.add_light(pos=[1.2, 0.8, 1.8], dir=[-0.5, -0.4, -1], castshadow=False)
  world.add_geom(
    name='floor', type=mujoco.mjtGeom.mjGEOM_PLANE, size=[3, 3, 0.1],
    pos=[0, 0, FLOOR_HEIGHT], rgba=[0.82, 0.82, 0.80, 1], **parts.FURNITURE,
  )  # fmt: skip
  if table:
    _add_table(world)
  # A plane: OpenGL lights large boxes at a few points of their faces only.
  world.add_geom(
    name='wall', type=mujoco.mjtGeom.mjGEOM_PLANE, size=[1.5, 5, 0.1],
    pos=[WALL_PLACE, 1.5, FLOOR_HEIGHT + 1.5], zaxis=[1, 0, 0],
    rgba=[0.86, 0.87, 0.88, 1], **parts.LOOKS,
  )  # fmt: skip
  parts.box(
    world, 'pedestal', (0.09, 0.09, 0.28), (0, 0, -0.30), role=parts.LOOKS,
    rgba=(0.35, 0.36, 0.38, 1),
  )  # fmt: skip
  world.add_camera(
    name='front', pos=[1.35, -0.35, 0.85], fovy=50,
    xyaxes=look_at((1.35, -0.35, 0.85), (0.35, 0.2, 0.12)),
  )  # fmt: skip
  world.add_camera(
    name='top', pos=[0.4, 0.1, 1.9], fovy=45, xyaxes=[0, -1, 0, 1, 0, 0]
  )


def _add_table(world: parts.Body) -> None:
  table = world.add_body(name='table', pos=[*TABLE_MIDDLE, 0])
  parts.box(
    table, 'table', (*TABLE_HALF, 0.02), (0, 0, -0.02), role=parts.FURNITURE,
    rgba=PALE, friction=[1.0, 0.01, 0.0005],
  )  # fmt: skip
  for index, (x, y) in enumerate(((1, 1), (1, -1), (-1, 1), (-1, -1))):
    parts.box(
      table, f'table leg {index}', (0.02, 0.02, 0.28),
      (0.32 * x, 0.46 * y, -0.32), role=parts.LOOKS, rgba=PALE,
    )  # fmt: skip


def look_at(eye: tuple, target: tuple) -> list[float]:
  """MuJoCo `xyaxes` of a camera at `eye` that looks at `target`, z up."""
  back = np.subtract(eye, target)
  right = np.cross((0, 0, 1), back)
  right /= np.linalg.norm(right)
  up = np.cross(back, right)
  return [*right, *(up / np.linalg.norm(up))]


def arm_start(this: scene.Scene, rng: np.random.Generator) -> tuple[float, ...]:
  """Joint angles to begin with: home, a little off in wide variation."""
  if this.variation == 'paper':
    return this.robot.home
  noise = rng.uniform(-1, 1, len(this.robot.home)) * ARM_NOISE
  return tuple(float(q) for q in np.add(this.robot.home, noise))


def settled(
  this: scene.Scene, world: world_state.WorldState, *, seconds: float = 3.0
) -> world_state.WorldState:
  """The world once everything that was dropped has come to rest.

  The arm stays where it is. Gives up waiting after `seconds`.

  Raises:
    errors.SddError: the simulation blew up.
  """
  this = this.shaped(world.shape)
  model, data = this.model, mujoco.MjData(this.model)
  data.qpos[:], data.qvel[:] = world.qpos, world.qvel
  data.mocap_pos[:], data.mocap_quat[:] = world.mocap_pos, world.mocap_quat
  data.ctrl[:] = this.ctrl(world.arm_target, world.gripper_target)
  for k in range(round(seconds / model.opt.timestep)):
    mujoco.mj_step(model, data)
    if k % 20 == 19 and np.abs(data.qvel).max() < _STILL:
      break
  if not np.isfinite(data.qpos).all():
    raise errors.SddError(
      f'The scene {this.name!r}, shape {world.shape}, does not come to rest.'
    )
  qpos = data.qpos.copy()
  qpos[this.arm_qpos] = world.arm_target
  return dataclasses.replace(world, qpos=qpos, qvel=np.zeros(model.nv))


def local_position(
  words: vocabulary.Vocabulary, state: Any, thing: str, *, frame: str
) -> Float[np.ndarray, ' 3']:
  """Origin of the link `thing` in the frame of the link `frame`, metres.

  For ground truth, which is judged without the world-aligned boxes that
  predicates use.
  """
  index = words.index(frame)
  offset = state.link_position[words.index(thing)] - state.link_position[index]
  inverse, local = np.zeros(4), np.zeros(3)
  mujoco.mju_negQuat(inverse, np.asarray(state.link_quaternion[index], float))
  mujoco.mju_rotVecQuat(local, np.asarray(offset, float), inverse)
  return local


def support_links(*, table: bool = True) -> list[vocabulary.Link]:
  """The links of table, if there is one, and floor."""
  floor = vocabulary.Link('floor', 'world', ('floor',), 'support')
  if not table:
    return [floor]
  return [vocabulary.Link('table', 'table', ('table',), 'support'), floor]


def finger_links(arm: robot.RobotSpec) -> list[vocabulary.Link]:
  """The links of the two fingertips."""
  return [
    vocabulary.Link(finger.body, finger.body, finger.geoms, 'robot')
    for finger in arm.gripper.fingers
  ]


def geoms_of(spec: mujoco.MjSpec, body: str) -> tuple[str, ...]:
  """Names of all geoms of a body."""
  return tuple(geom.name for geom in spec.body(body).geoms)
