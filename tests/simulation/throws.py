"""Worlds of the drawer scene in which the crayon box is on its way."""

import dataclasses

import numpy as np

from sdd.scenes import world_state

BOX, DRAWER = 'crayon box', 'bottom drawer'


def _thrown(scene, position, speed, opening=0.0, **factors):
  """The box moves in y, towards a cabinet with its bottom drawer open."""
  world: world_state.WorldState = scene.initial(np.random.default_rng(0))
  qpos, qvel = world.qpos.copy(), world.qvel.copy()
  at = scene.free_qpos(BOX)
  qpos[at : at + 7] = (*position, 1, 0, 0, 0)
  qpos[scene.model.joint(DRAWER).qposadr[0]] = opening
  qvel[scene.model.joint(BOX).dofadr[0] + 1] = speed
  return dataclasses.replace(
    world,
    qpos=qpos,
    qvel=qvel,
    mocap_pos=np.array([[0.32, 0.8, 0.0]]),
    mocap_quat=np.array([[0.5**0.5, 0, 0, -(0.5**0.5)]]),
    **factors,
  )


def sliding(scene, **factors):
  """It slides on the table."""
  return _thrown(scene, (0.32, 0.2, 0.014), 0.9, **factors)


def flying(scene, **factors):
  """It flies against the front of the drawer."""
  return _thrown(scene, (0.32, 0.36, 0.12), 2.0, 0.1, **factors)


def travel(scene, sim, worlds):
  """How far box (y) and drawer go, in metres, (world, 2).

  The arm holds still for three quarters of a second.
  """
  for index, world in enumerate(worlds):
    sim.reset(index, world)
  held = np.stack([sim.proprioception(k) for k in range(sim.size)])
  for _ in range(3):
    sim.step(held, np.ones(sim.size, bool))
  at = [
    scene.free_qpos(BOX) + 1,
    int(scene.model.joint(DRAWER).qposadr[0]),
  ]
  return np.abs(
    [sim.world(k).qpos[at] - world.qpos[at] for k, world in enumerate(worlds)]
  )
