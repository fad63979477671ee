"""Plans and executions that tests of planning share."""

import numpy as np

from sdd.language import skill as skill_lib
from sdd.planning import motion, skills, trajectory
from sdd.simulation import kinematics

DOWN = np.diag([1.0, -1.0, -1.0])  # a tool that points straight down


def downward(yaw):
  return trajectory.rotation_matrix(np.array([0.0, 0.0, yaw])) @ DOWN


def held_by(scene, state):
  """The object between the fingertips."""
  left, right = scene.vocabulary.fingers
  for index, link in enumerate(scene.vocabulary.links):
    touched = state.contact[left, index] and state.contact[right, index]
    if link.kind == 'object' and touched:
      return link.name
  return None


def ask(world, skill, *, seed, holding=None):
  return skills.answer(motion.Request('drawer', world, skill, holding, seed))


def execute(sim, world, actions):
  """Runs actions from a world; the measured tool positions, one for each."""
  sim.reset(0, world)
  reached = []
  for action in actions:
    sim.step(action[None], np.ones(1, bool))
    reached.append(sim.proprioception(0)[:3])
  return np.array(reached)


def perform(sim, world, skill, *, seed=0, tries=6):
  """Draws until a motion is found and executes it; rests in between.

  Returns the world before the motion, the motion, and the world after it.
  """
  for draw in range(tries):
    sim.reset(0, world)
    holding = held_by(sim.scene, sim.scene_state(0))
    answer = ask(world, skill, seed=(seed, draw), holding=holding)
    if answer.motion is not None:
      execute(sim, world, answer.motion.actions)
      return world, answer.motion, sim.world(0)
    if draw % 2 and skill is not None and skill.verb != 'place':
      world = perform(sim, world, None, seed=draw)[2]
  raise AssertionError(f'{skill} was infeasible {tries} times')


def opening(level):
  return skill_lib.Skill('move_joint', f'{level} drawer handle', None, 'max')


def closing(level):
  return skill_lib.Skill('move_joint', f'{level} drawer', None, 'min')


def joint_position(sim, world, name):
  sim.reset(0, world)
  joint = sim.scene.vocabulary.joint_index(name)
  return float(sim.scene_state(0).joint_position[joint])


def tool(world, q):
  """Tool position and rotation at joint angles."""
  return kinematics.forward(np, world.arm, np.asarray(q))
