"""Arranging and reading mailbox worlds, for its tests."""

import dataclasses

import mujoco
import numpy as np

from sdd.scenes import parts
from sdd.simulation import simulator


def pose(scene, world):
  """Position and quaternion of the package."""
  start = scene.free_qpos('package')
  return world.qpos[start : start + 7]


def joints(scene, world):
  return world.qpos[scene.joint_qpos]


def state(scene, world):
  sim = simulator.make('mujoco', scene)
  sim.reset(0, world)
  return sim.scene_state(0)


def inner_faces(model, *, axis):
  """The inside of the two walls across an axis, in the mailbox's frame."""
  names = (('front', 'back'), ('right', 'left'))[axis]
  low, high = (model.geom(f'mailbox/{name}') for name in names)
  return low.pos[axis] + low.size[axis], high.pos[axis] - high.size[axis]


def arranged(scene, local, *, turn, lid, flag):
  """A world with the package at a place in the mailbox's frame."""
  world = scene.initial(np.random.default_rng(0))
  world = dataclasses.replace(
    world, mocap_quat=np.array([parts.rotation_z(turn)]), shape=0
  )
  offset = np.zeros(3)
  mujoco.mju_rotVecQuat(offset, np.array(local, float), world.mocap_quat[0])
  start = scene.free_qpos('package')
  world.qpos[start : start + 3] = world.mocap_pos[0] + offset
  world.qpos[start + 3 : start + 7] = world.mocap_quat[0]
  world.qpos[scene.joint_qpos] = (lid, flag)
  return world


def simulated(scene, world, *, seconds):
  """The world after a while in which the robot holds still."""
  data = mujoco.MjData(scene.model)
  data.qpos[:] = world.qpos
  data.mocap_pos[:], data.mocap_quat[:] = world.mocap_pos, world.mocap_quat
  data.ctrl[:] = [*world.arm_target, world.gripper_target / 2]
  for _ in range(round(seconds / scene.model.opt.timestep)):
    mujoco.mj_step(scene.model, data)
  return dataclasses.replace(world, qpos=data.qpos.copy())
