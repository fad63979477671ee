"""A world as it might have been: things lie, weigh and slide otherwise."""

import dataclasses

import mujoco
import numpy as np
from jaxtyping import Bool

from sdd import errors
from sdd.scenes import parts, world_state
from sdd.scenes import scene as scene_lib

_DRAWS = 10  # of an object's place, before it stays where it was
_LIFTS = (0.0, 0.002, 0.004)  # metres
_SHALLOW = 0.0005  # metres of overlap that push nothing away


@dataclasses.dataclass(frozen=True)
class Noise:
  """How much a perturbed world differs from the one it is a copy of.

  Attributes:
    position: standard deviation of an object's x, and of its y, metres.
    yaw: standard deviation of its turn about the vertical, radians.
    joints: standard deviation of each joint of the arm, radians.
    mass: masses are up to that many times the scene's own, or as many times
      less; log-uniform, one factor for all objects of a world.
    friction: likewise, the friction of all contacts.
  """

  position: float = 0.005
  yaw: float = float(np.radians(5))
  joints: float = 0.01
  mass: float = 1.4
  friction: float = 1.4

  def __post_init__(self):
    spreads = self.position, self.yaw, self.joints
    factors = self.mass, self.friction
    sane = all(0 <= spread < np.inf for spread in spreads)
    if not (sane and all(1 <= factor < np.inf for factor in factors)):
      raise errors.SddError(
        f'{self} is no noise: standard deviations are at least 0, and the '
        'largest factors of mass and friction at least 1.'
      )

  def scaled(self, by: float) -> 'Noise':
    """Noise that many times as large; 0 is none at all."""
    return Noise(
      position=self.position * by,
      yaw=self.yaw * by,
      joints=self.joints * by,
      mass=self.mass**by,
      friction=self.friction**by,
    )


def perturbed(
  scene: scene_lib.Scene,
  world: world_state.WorldState,
  rng: np.random.Generator,
  noise: Noise,
) -> world_state.WorldState:
  """A copy of a world with other mass, friction, arm and object poses.

  Everything else of its physics, such as latency, is as in the original.

  Objects are those with a free joint. Furniture stays where it is, and so do
  velocities. The arm's servos hold the joints where they are. An object that
  would overlap with anything by more than it does already is lifted by up to
  4 mm, and drawn again if that is not enough; where ten draws do not fit, it
  stays as it was. Nothing is settled: what was lifted falls when the
  simulation begins.

  Args:
    scene: the scene.
    world: what to copy; not changed.
    rng: where draws come from.
    noise: how large they are. Without any, the copy equals `world`.
  """
  spread = np.log([noise.mass, noise.friction])
  mass, friction = np.exp(rng.uniform(-1, 1, 2) * spread)
  joints = rng.normal(size=len(scene.arm_qpos)) * noise.joints
  qpos = world.qpos.copy()
  qpos[scene.arm_qpos] += joints
  earlier = world.earlier.copy()
  earlier[:-1] += joints[: len(earlier)]  # which may be none
  moved = dataclasses.replace(
    world,
    qpos=qpos,
    arm_target=world.arm_target + joints,
    earlier=earlier,
    mass=world.mass * float(mass),
    friction=world.friction * float(friction),
  )
  _move_objects(scene, moved, rng, noise)
  return moved


def _move_objects(
  scene: scene_lib.Scene,
  world: world_state.WorldState,
  rng: np.random.Generator,
  noise: Noise,
) -> None:
  """Draws the poses of all objects, one after the other, into `qpos`."""
  model = scene.shaped(world.shape).model
  data = mujoco.MjData(model)
  data.mocap_pos[:], data.mocap_quat[:] = world.mocap_pos, world.mocap_quat
  data.qpos[:] = world.qpos
  for joint in np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE):
    start = model.jnt_qposadr[joint]
    roots = model.body_rootid[model.geom_bodyid]
    geoms = roots == model.body_rootid[model.jnt_bodyid[joint]]
    before = data.qpos[start : start + 7].copy()
    allowed = max(_overlap(model, data, geoms), _SHALLOW)
    for _ in range(_DRAWS):
      drawn = _drawn(before, rng, noise)
      if _fits(model, data, geoms, start, drawn, allowed):
        break
    else:
      data.qpos[start : start + 7] = before
  world.qpos[:] = data.qpos


def _drawn(
  pose: np.ndarray, rng: np.random.Generator, noise: Noise
) -> np.ndarray:
  drawn = pose.copy()
  drawn[:2] += rng.normal(size=2) * noise.position
  turn = np.array(parts.rotation_z(float(rng.normal() * noise.yaw)))
  mujoco.mju_mulQuat(drawn[3:], turn, pose[3:])
  return drawn


def _fits(
  model: mujoco.MjModel,
  data: mujoco.MjData,
  geoms: Bool[np.ndarray, ' G'],
  start: int,
  pose: np.ndarray,
  allowed: float,
) -> bool:
  """Whether the object can be there; it is left at the least lift."""
  for lift in _LIFTS:
    data.qpos[start : start + 7] = pose
    data.qpos[start + 2] += lift
    if _overlap(model, data, geoms) <= allowed:
      return True
  return False


def _overlap(
  model: mujoco.MjModel, data: mujoco.MjData, geoms: Bool[np.ndarray, ' G']
) -> float:
  """How deep the object reaches into anything, metres; 0 if it does not."""
  mujoco.mj_kinematics(model, data)
  mujoco.mj_collision(model, data)
  mine = geoms[data.contact.geom].any(axis=1)
  return float(max(0.0, -data.contact.dist[mine].min(initial=0.0)))
