"""Arm configurations for a tool pose: inverse kinematics with restarts."""

import numpy as np
from jaxtyping import Float

from sdd.planning import collision, path
from sdd.simulation import kinematics

_ITERATIONS = 40
_ERROR = 1e-3  # metres and radians
_RANDOM_STARTS = 4


def configurations(
  world: collision.PlanningWorld,
  position: Float[np.ndarray, ' 3'],
  rotation: Float[np.ndarray, '3 3'],
  *,
  near: Float[np.ndarray, ' n'],
  rng: np.random.Generator,
) -> list[Float[np.ndarray, ' n']]:
  """Solutions for one pose, the ones nearest to `near` first."""
  spread = rng.uniform(-1.2, 1.2, (_RANDOM_STARTS, len(near)))
  starts = np.concatenate([[near, world.robot.home], np.asarray(near) + spread])
  starts = np.clip(starts, world.arm.lower, world.arm.upper)
  many = (len(starts), 1)
  found, error = kinematics.solve(
    np,
    world.arm,
    starts,
    np.tile(position, many),
    np.tile(rotation, (len(starts), 1, 1)),
    iterations=_ITERATIONS,
    tolerance=_ERROR / 4,
  )
  good: list[np.ndarray] = []
  for q in found[error < _ERROR]:
    q = path.nearest_turn(world, q, near)
    if all(np.max(np.abs(q - other)) > 0.1 for other in good):
      good.append(q)
  return sorted(good, key=lambda q: float(np.max(np.abs(q - near))))


def follow_line(
  world: collision.PlanningWorld,
  q: Float[np.ndarray, ' n'],
  position: Float[np.ndarray, ' 3'],
  rotation: Float[np.ndarray, '3 3'],
) -> Float[np.ndarray, ' n'] | None:
  """The configuration for a nearby pose in the branch of `q`, or None."""
  found, error = kinematics.solve(
    np, world.arm, q, position, rotation, iterations=15
  )
  near = np.max(np.abs(found - q)) < 1.2
  return found if error < _ERROR and near else None
