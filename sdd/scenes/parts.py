"""Geoms, the bricks of every scene: box, capsule and sphere.

Meshes are left out on purpose: MJX collides these three fast and exactly,
and they need no download.
"""

from typing import Any

import mujoco
import numpy as np

# Who collides with whom: geoms i and j do when contype[i] & conaffinity[j]
# or the reverse. Robot and furniture each stay out of their own kind.
ROBOT = {'contype': 1, 'conaffinity': 0}
FURNITURE = {'contype': 2, 'conaffinity': 1}
OBJECT = {'contype': 4, 'conaffinity': 1 | 2 | 4}
LOOKS = {'contype': 0, 'conaffinity': 0}

# What fingers hold: some torsional friction keeps it from turning.
GRIPPED: dict[str, Any] = {
  'friction': [1.0, 0.01, 0.0005], 'condim': 4, 'solref': [0.01, 1],
}  # fmt: skip

Body = Any  # mujoco.MjsBody, which type checkers cannot see
Role = dict[str, int]
VectorLike = tuple[float, ...] | np.ndarray


def box(
  body: Body, name: str, half: VectorLike, position: VectorLike, *,
  role: Role, rgba: VectorLike, quaternion: VectorLike = (1, 0, 0, 0),
  mass: float = 0.0, **physics: Any,
) -> None:  # fmt: skip
  """Adds a box of half-sizes `half` (metres) at `position` in the body."""
  body.add_geom(
    name=name, type=mujoco.mjtGeom.mjGEOM_BOX, size=list(half),
    pos=list(position), quat=list(quaternion), rgba=list(rgba), mass=mass,
    **role, **physics,
  )  # fmt: skip


def capsule(
  body: Body, name: str, start: VectorLike, end: VectorLike, radius: float, *,
  role: Role, rgba: VectorLike, mass: float = 0.0, **physics: Any,
) -> None:  # fmt: skip
  """Adds a capsule whose axis runs from `start` to `end`."""
  body.add_geom(
    name=name, type=mujoco.mjtGeom.mjGEOM_CAPSULE, size=[radius, 0, 0],
    fromto=[*start, *end], rgba=list(rgba), mass=mass, **role, **physics,
  )  # fmt: skip


def sphere(
  body: Body, name: str, radius: float, position: VectorLike, *,
  role: Role, rgba: VectorLike, mass: float = 0.0, **physics: Any,
) -> None:  # fmt: skip
  """Adds a sphere."""
  body.add_geom(
    name=name, type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[radius, 0, 0],
    pos=list(position), rgba=list(rgba), mass=mass, **role, **physics,
  )  # fmt: skip


def rotation_z(yaw: float) -> tuple[float, float, float, float]:
  """Quaternion (wxyz) of a turn by `yaw` radians about z."""
  return float(np.cos(yaw / 2)), 0.0, 0.0, float(np.sin(yaw / 2))
