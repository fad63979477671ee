"""Skill `grasp`: close on a link and lift it."""

import numpy as np

from sdd.planning import approach, motion, surface, trajectory

_LIFT = (0.08, 0.14)  # metres
_DOWN = np.array([0.0, 0.0, -1.0])


def plan(
  moving: trajectory.Trajectory, link: str, rng: np.random.Generator
) -> motion.Motion:
  """Grasps `link` and lifts it off what it stands on.

  Raises:
    motion.Infeasible: no grasp of this draw can be reached.
  """
  world = moving.world
  found = world.scene.vocabulary.find(link)
  world.place(moving.q)
  geoms = surface.link_geoms(world.model, world.data, found.geoms)
  # What lies around lies on something, no higher than its own lowest point.
  ground = (
    float(surface.bounds(geoms)[0][2]) if found.kind == 'object' else None
  )
  grasps = approach.draw_grasps(
    geoms, world.robot.gripper, prefer=_DOWN, rng=rng, ground=ground
  )
  for grasp in approach.ways_to(moving, grasps, rng):
    try:
      approach.squeeze(moving, grasp, link)
      held = len(moving)
      position, _ = moving.pose
      moving.line(position - rng.uniform(*_LIFT) * _DOWN)
      return motion.Motion(moving.actions, (held, len(moving)))
    except motion.Infeasible:
      world.allow()
  raise motion.Infeasible('no grasp can be lifted')
