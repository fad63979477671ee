"""Skill `place`: put what the gripper holds in or on a link."""

from collections.abc import Iterator

import mujoco
import numpy as np
from jaxtyping import Float

from sdd.planning import collision, motion, path, reach, trajectory
from sdd.scenes import robot

_DRAWS, _TRIES = 300, 6
_TILT = np.radians(20)
_GAP = (0.006, 0.03)  # metres between object and surface at release
_ABOVE = (0.08, 0.20)  # metres above the release pose where descent begins
_FOOTPRINT, _STEP = 0.7, 0.004  # share of the footprint probed; metres
_UPRIGHT = 0.95  # least z of the normal of a surface that carries
_RELEASE = 0.035  # metres the gripper opens by


def plan(
  moving: trajectory.Trajectory,
  link: str,
  target: str,
  rng: np.random.Generator,
) -> motion.Motion:
  """Carries the held `link` over `target`, lowers it, lets go, withdraws.

  Raises:
    motion.Infeasible: no placement of this draw can be reached.
  """
  world, tried = moving.world, 0
  carried = _carried_bounds(world, moving)
  world.allow(link)
  for position, rotation in _draw_poses(world, carried, target, rng):
    solutions = reach.configurations(
      world, position, rotation, near=moving.q, rng=rng
    )
    for q in solutions[:2]:
      if not world.free(q, touching=True):
        continue
      high = position + np.array([0, 0, rng.uniform(*_ABOVE)])
      before = reach.follow_line(world, q, high, rotation)
      if before is None or not world.free(before):
        continue
      tried += 1
      mark = moving.mark()
      try:
        return _carry_out(moving, position, rotation, before, rng)
      except motion.Infeasible:
        moving.rewind(mark)
      if tried >= _TRIES:
        raise motion.Infeasible(f'no way to put anything in {target!r}')
  raise motion.Infeasible(f'no reachable place in {target!r}')


def _carry_out(
  moving: trajectory.Trajectory,
  position: np.ndarray,
  rotation: np.ndarray,
  before: np.ndarray,
  rng: np.random.Generator,
) -> motion.Motion:
  world = moving.world
  before = path.nearest_turn(world, before, moving.q)
  moving.follow(
    path.connect(world, moving.q, before, rng),
    tool_speed=trajectory.CARRY_SPEED,
  )
  moving.line(position, rotation=rotation)
  moving.wait(1)
  released = len(moving)
  width = world.opening
  moving.grip(min(width + _RELEASE, robot.STROKE), periods=2)
  moving.wait(1)
  moving.line(position - rng.uniform(0.08, 0.14) * rotation[:, 2])
  return motion.Motion(moving.actions, (0, released))


def _carried_bounds(
  world: collision.PlanningWorld, moving: trajectory.Trajectory
) -> Float[np.ndarray, 'P 3']:
  """Corner points of the carried geoms in the tool frame."""
  world.place(moving.q)
  position, rotation = moving.pose
  corners = []
  signs = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
  for i in range(world.model.ngeom):
    if not world.model.geom(i).name.startswith(collision.CARRIED):
      continue
    size = world.model.geom_size[i]
    if world.model.geom_type[i] == mujoco.mjtGeom.mjGEOM_BOX:
      half = size
    else:
      half = np.array([size[0], size[0], size[0] + size[1]])
    at = world.data.geom_xpos[i]
    turned = world.data.geom_xmat[i].reshape(3, 3)
    points = at + (signs * half) @ turned.T
    corners.append((points - position) @ rotation)
  return np.concatenate(corners)


def _draw_poses(
  world: collision.PlanningWorld,
  carried: Float[np.ndarray, 'P 3'],
  target: str,
  rng: np.random.Generator,
) -> Iterator[tuple[Float[np.ndarray, ' 3'], Float[np.ndarray, '3 3']]]:
  """Tool poses that hold the object just above a free spot of `target`."""
  names = world.scene.vocabulary.find(target).geoms
  geoms = {world.model.geom(name).id for name in names}
  lower, upper = _bounds(world, geoms)
  for _ in range(_DRAWS):
    yaw, tilt = rng.uniform(-np.pi, np.pi), rng.normal(size=2) * _TILT / 2
    rotation = _downward(yaw, tilt)
    held = carried @ rotation.T
    low, high = held.min(axis=0), held.max(axis=0)
    centre = rng.uniform(lower[:2], upper[:2])
    top = np.array([*centre, upper[2] + 0.005])
    floor = _level(world, top, (high - low)[:2] / 2, geoms)
    if floor is None:
      continue
    position = np.array([*(centre - (low + high)[:2] / 2), 0.0])
    position[2] = floor + rng.uniform(*_GAP) - low[2]
    yield position, rotation


def _downward(yaw: float, tilt: np.ndarray) -> Float[np.ndarray, '3 3']:
  """A tool rotation that points down, turned and a little tilted."""
  c, s = np.cos(yaw), np.sin(yaw)
  down = np.array([[c, s, 0], [s, -c, 0], [0, 0, -1.0]])
  return trajectory.rotation_matrix(np.array([*tilt, 0.0])) @ down


def _bounds(
  world: collision.PlanningWorld, geoms: set[int]
) -> tuple[Float[np.ndarray, ' 3'], Float[np.ndarray, ' 3']]:
  ids = list(geoms)
  turned = np.abs(world.data.geom_xmat[ids].reshape(-1, 3, 3))
  half = (turned @ world.model.geom_size[ids][:, :, None])[..., 0]
  centre = world.data.geom_xpos[ids]
  return (centre - half).min(axis=0), (centre + half).max(axis=0)


def _level(
  world: collision.PlanningWorld,
  top: Float[np.ndarray, ' 3'],
  half: Float[np.ndarray, ' 2'],
  geoms: set[int],
) -> float | None:
  """Height of level ground under a footprint, if all of it is target."""
  heights = []
  for x, y in ((0, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
    corner = top + np.array([x * half[0], y * half[1], 0.0]) * _FOOTPRINT
    height = _surface_below(world, corner, geoms)
    if height is None or abs(height - heights[0] if heights else 0) > _STEP:
      return None
    heights.append(height)
  return max(heights)


def _surface_below(
  world: collision.PlanningWorld, point: np.ndarray, geoms: set[int]
) -> float | None:
  """Height of the first thing under `point`, if it is a level target geom."""
  hit, normal = np.array([-1], np.int32), np.zeros(3)
  distance = mujoco.mj_ray(
    world.model,
    world.data,
    point,
    np.array([0, 0, -1.0]),
    None,
    1,
    -1,
    hit,
    normal,
  )
  if distance < 0 or hit[0] not in geoms or normal[2] < _UPRIGHT:
    return None
  return float(point[2] - distance)
