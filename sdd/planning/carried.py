"""What hangs in the gripper, in the tool's frame."""

import dataclasses

import mujoco
import numpy as np
from jaxtyping import Float

from sdd.planning import collision, surface, trajectory

_SIGNS = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T


@dataclasses.dataclass(frozen=True)
class Carried:
  """A carried object; everything in the tool frame, metres.

  Attributes:
    geoms: those of its geoms that collide.
    centre: of mass.
  """

  geoms: list[surface.Geom]
  centre: Float[np.ndarray, ' 3']

  @property
  def corners(self) -> Float[np.ndarray, 'P 3']:
    """Corner points of boxes around the geoms."""
    found = []
    for geom in self.geoms:
      half = geom.size
      if geom.kind != surface.BOX:
        half = np.full(3, geom.size[0])
        half[2] += geom.size[1] if geom.kind == surface.CAPSULE else 0.0
      found.append(geom.position + (_SIGNS * half) @ geom.rotation.T)
    return np.concatenate(found)


def find(moving: trajectory.Trajectory, link: str) -> Carried:
  """The object called `link`, which the planning world carries."""
  world, model = moving.world, moving.world.model
  world.place(moving.q)
  position, rotation = moving.pose
  geoms, in_body, in_tool = [], [], []
  for i in range(model.ngeom):
    name = model.geom(i).name
    if not name.startswith(collision.CARRIED):
      continue
    geom = surface.Geom(
      int(model.geom_type[i]),
      model.geom_size[i].copy(),
      (world.data.geom_xpos[i] - position) @ rotation,
      rotation.T @ world.data.geom_xmat[i].reshape(3, 3),
    )
    geoms.append(geom)
    own = model.geom(name.removeprefix(collision.CARRIED)).id
    turned = np.zeros(9)
    mujoco.mju_quat2Mat(turned, model.geom_quat[own])
    in_tool += _marks(geom.kind, geom.position, geom.rotation)
    in_body += _marks(geom.kind, model.geom_pos[own], turned.reshape(3, 3))
  # The same marks in both frames tell how the body is held.
  held, *_ = np.linalg.lstsq(_with_one(in_body), np.array(in_tool), rcond=None)
  body = model.body(world.scene.vocabulary.find(link).body).id
  inertial = world.scene.model.body_ipos[body]
  return Carried(geoms, (_with_one([inertial]) @ held)[0])


def _marks(kind: int, at: np.ndarray, turned: np.ndarray) -> list[np.ndarray]:
  """Points that tell a geom's pose; round ones have just an axis."""
  if kind == surface.BOX:
    return [at, *(at + turned.T)]
  return [at, at + turned[:, 2]] if kind == surface.CAPSULE else [at]


def _with_one(points: list[np.ndarray]) -> Float[np.ndarray, 'P 4']:
  return np.concatenate([points, np.ones((len(points), 1))], axis=1)
