"""Free level spots on something with room for what is put there."""

from collections.abc import Iterator

import mujoco
import numpy as np
from jaxtyping import Float

from sdd.planning import carried as carried_lib
from sdd.planning import collision, trajectory

_DRAWS = 300
_TILT = np.radians(20)
_GAP = (0.006, 0.03)  # metres between object and surface at release
_FOOTPRINT, _STEP = 0.7, 0.004  # share of the footprint probed; metres
_UPRIGHT = 0.95  # least z of the normal of a surface that carries
# Groups that rays see: not the robot, which is on its way.
_STANDING = np.array([k != collision.MOVING for k in range(6)], np.uint8)


def draw_poses(
  world: collision.PlanningWorld,
  carried: carried_lib.Carried,
  target: str,
  rng: np.random.Generator,
) -> Iterator[tuple[Float[np.ndarray, ' 3'], Float[np.ndarray, '3 3']]]:
  """Tool poses that hold the object just above a free spot of `target`."""
  names = world.scene.vocabulary.find(target).geoms
  geoms = {world.model.geom(name).id for name in names}
  lower, upper = _bounds(world, geoms)
  corners = carried.corners
  for _ in range(_DRAWS):
    yaw, tilt = rng.uniform(-np.pi, np.pi), rng.normal(size=2) * _TILT / 2
    rotation = _downward(yaw, tilt)
    held = corners @ rotation.T
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
    _STANDING,
    1,
    -1,
    hit,
    normal,
  )
  if distance < 0 or hit[0] not in geoms or normal[2] < _UPRIGHT:
    return None
  return float(point[2] - distance)
