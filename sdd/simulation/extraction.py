"""From physics to `SceneState` and proprioception, on NumPy and JAX alike."""

import dataclasses
from typing import Any

import flax.struct
import mujoco
import numpy as np
from jaxtyping import Bool, Float, Int

from sdd.scenes import robot as robot_lib
from sdd.scenes import scene as scene_lib
from sdd.simulation import scene_state


@dataclasses.dataclass(frozen=True, eq=False)
class LinkTable:
  """Where the vocabulary's links are in a model's arrays.

  Attributes:
    body: (L,) body of each link.
    geom: (L, P) geoms of each link, padded by repeating the first.
    link_of_geom: (G,) link of each geom, L where it belongs to none.
    core: (*b, G, 3) half extents of the geom's core in its own frame: a
      box's sizes, a capsule's half length along z, zero for a sphere.
    radius: (*b, G) what is swept around the core.
    joint_qpos: (J,) addresses of the articulated joints.
    finger_qpos: (2,) addresses of the finger joints.
    tcp: site of the tool frame.
    robot: whose fingers they are.
  """

  body: Int[np.ndarray, ' L']
  geom: Int[np.ndarray, 'L P']
  link_of_geom: Int[np.ndarray, ' G']
  core: Float[Any, '*b G 3']
  radius: Float[Any, '*b G']
  joint_qpos: Int[np.ndarray, ' J']
  finger_qpos: Int[np.ndarray, ' 2']
  tcp: int
  robot: robot_lib.RobotSpec


def link_table(scene: scene_lib.Scene) -> LinkTable:
  """Resolves the names of a scene's vocabulary once."""
  model, links = scene.model, scene.vocabulary.links
  ids = [[model.geom(name).id for name in link.geoms] for link in links]
  widest = max(len(found) for found in ids)
  owner = np.full(model.ngeom, len(links))
  for index, found in enumerate(ids):
    owner[found] = index
  core, radius = _extents(model)
  return LinkTable(
    body=np.array([model.body(link.body).id for link in links]),
    geom=np.array([found + found[:1] * (widest - len(found)) for found in ids]),
    link_of_geom=owner,
    core=core,
    radius=radius,
    joint_qpos=scene.joint_qpos,
    finger_qpos=scene.finger_qpos,
    tcp=model.site(scene.robot.arm.tool).id,
    robot=scene.robot,
  )


def _extents(
  model: mujoco.MjModel,
) -> tuple[Float[np.ndarray, 'G 3'], Float[np.ndarray, ' G']]:
  kind, size = model.geom_type, model.geom_size
  core, radius = np.zeros((model.ngeom, 3)), np.zeros(model.ngeom)
  boxes = kind == mujoco.mjtGeom.mjGEOM_BOX
  core[boxes] = size[boxes]
  planes = kind == mujoco.mjtGeom.mjGEOM_PLANE
  core[planes, :2] = size[planes, :2]
  capsules = kind == mujoco.mjtGeom.mjGEOM_CAPSULE
  core[capsules, 2] = size[capsules, 1]
  round_ = capsules | (kind == mujoco.mjtGeom.mjGEOM_SPHERE)
  radius[round_] = size[round_, 0]
  return core, radius


@flax.struct.dataclass
class Physics:
  """The arrays of a simulator that a `SceneState` is made from; a pytree."""

  qpos: Float[Any, '*b nq']
  xpos: Float[Any, '*b B 3']
  xquat: Float[Any, '*b B 4']
  geom_xpos: Float[Any, '*b G 3']
  geom_xmat: Float[Any, '*b G 3 3']
  contact_geom: Int[Any, '*b C 2']
  contact_distance: Float[Any, '*b C']
  contact_normal: Float[Any, '*b C 3']


def extract(
  xp: Any,
  table: LinkTable,
  physics: Physics,
  gripper_command: Float[Any, '*b'],
) -> scene_state.SceneState:
  """What the vocabulary's links look like in that physics state."""
  reach = xp.abs(physics.geom_xmat) @ table.core[..., None]
  reach = reach[..., 0] + table.radius[..., None]
  lower = (physics.geom_xpos - reach)[..., table.geom, :].min(axis=-2)
  upper = (physics.geom_xpos + reach)[..., table.geom, :].max(axis=-2)
  contact, normal = _contacts(xp, table, physics)
  return scene_state.SceneState(
    link_position=physics.xpos[..., table.body, :],
    link_quaternion=physics.xquat[..., table.body, :],
    link_bounds=xp.stack([lower, upper], axis=-2),
    joint_position=physics.qpos[..., table.joint_qpos],
    contact=contact,
    contact_normal=normal,
    gripper_command=gripper_command,
  )


def _contacts(
  xp: Any, table: LinkTable, physics: Physics
) -> tuple[Bool[Any, '*b L L'], Float[Any, '*b L L 3']]:
  """Sums contacts over geoms by link, as matrix products of one-hots."""
  count = table.body.shape[0]
  one_hot = xp.eye(count + 1)[:, :count]
  owners = xp.asarray(table.link_of_geom)[physics.contact_geom]
  touching = (physics.contact_distance < 0)[..., None]
  first = one_hot[owners[..., 0]] * touching
  second = one_hot[owners[..., 1]] * touching
  pairs = xp.swapaxes(first, -1, -2) @ second
  aimed = second[..., None] * physics.contact_normal[..., None, :]
  flat = aimed.reshape(*aimed.shape[:-2], count * 3)
  pull = xp.swapaxes(first, -1, -2) @ flat
  pull = pull.reshape(*pull.shape[:-1], count, 3)
  pull = pull - xp.swapaxes(pull, -2, -3)
  length = xp.linalg.norm(pull, axis=-1, keepdims=True)
  normal = pull / xp.maximum(length, 1e-9)
  return (pairs + xp.swapaxes(pairs, -1, -2)) > 0, normal


def proprioception(
  xp: Any,
  table: LinkTable,
  qpos: Float[Any, '*b nq'],
  tcp_position: Float[Any, '*b 3'],
  tcp_rotation: Float[Any, '*b 3 3'],
) -> Float[Any, '*b 10']:
  """Measured tool pose and opening, laid out like an action."""
  rows = tcp_rotation[..., :2, :].reshape(*tcp_rotation.shape[:-2], 6)
  opening = table.robot.opening(qpos[..., table.finger_qpos])
  return xp.concatenate([tcp_position, rows, opening[..., None]], axis=-1)
