"""What is certainly out of the arm's reach, without planning anything."""

import functools

import mujoco
import numpy as np

from sdd.scenes import scene

# Furniture may stand elsewhere in an episode than in the scene itself.
MARGIN = 0.2  # metres


@functools.cache
def out_of_reach(world: scene.Scene) -> tuple[str, ...]:
  """Names of the furniture and parts that no episode brings within reach.

  The arm is taken for a rope of its full length from its first joint to the
  fingertips, so what is not named here may be out of reach all the same.
  Objects may lie anywhere and are never named.
  """
  model = world.model
  data = mujoco.MjData(model)
  data.qpos[:] = world.rest.qpos
  mujoco.mj_kinematics(model, data)
  first = model.joint(world.robot.arm.joints[0])
  shoulder = data.xanchor[first.id]
  length = _length(world) + MARGIN
  far = []
  for link in world.vocabulary.links:
    if link.kind not in ('furniture', 'part'):
      continue
    geoms = [model.geom(name).id for name in link.geoms]
    away = np.linalg.norm(data.geom_xpos[geoms] - shoulder, axis=-1)
    if len(geoms) and np.min(away - model.geom_rbound[geoms]) > length:
      far.append(link.name)
  return tuple(far)


def _length(world: scene.Scene) -> float:
  """Metres from the first joint to the tool, all links in one line."""
  model, arm = world.model, world.robot.arm
  site = model.site(arm.tool)
  length = float(np.linalg.norm(site.pos))
  first = model.joint(arm.joints[0]).bodyid[0]
  body = site.bodyid[0]
  while body != first:
    length += float(np.linalg.norm(model.body_pos[body]))
    body = model.body_parentid[body]
  return length
