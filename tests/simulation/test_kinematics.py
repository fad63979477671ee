"""Forward and inverse kinematics: against MuJoCo, by differences, in JAX."""

import jax
import mujoco
import numpy as np
import pytest
from jax import numpy as jnp

from sdd.planning import collision
from sdd.scenes import registry, robot, robots
from sdd.simulation import kinematics

RNG = np.random.default_rng(0)


@pytest.fixture(scope='module')
def arm():
  return collision.arm_chain('drawer')


def some_joints(arm, count=20):
  return RNG.uniform(arm.lower, arm.upper, (count, len(arm.lower)))


def test_forward_is_where_mujoco_puts_the_tool(arm):
  scene = registry.load('drawer')
  data = mujoco.MjData(scene.model)
  for q in some_joints(arm):
    data.qpos[scene.arm_qpos] = q
    mujoco.mj_kinematics(scene.model, data)
    position, rotation = kinematics.forward(np, arm, q)
    np.testing.assert_allclose(position, data.site(robot.TCP).xpos, atol=1e-9)
    np.testing.assert_allclose(
      rotation.ravel(), data.site(robot.TCP).xmat, atol=1e-9
    )


def test_the_jacobian_is_the_derivative(arm):
  step = 1e-6
  for q in some_joints(arm, 5):
    position, rotation, jacobian = kinematics.jacobian(np, arm, q)
    for joint in range(len(q)):
      moved, turned = kinematics.forward(np, arm, q + step * np.eye(6)[joint])
      spin = (turned - rotation) @ rotation.T / step
      twist = [*(moved - position) / step, spin[2, 1], spin[0, 2], spin[1, 0]]
      np.testing.assert_allclose(jacobian[:, joint], twist, atol=1e-4)


def test_solve_reaches_poses_near_by(arm):
  near = np.asarray(robots.DEFAULT.home) + RNG.uniform(-0.5, 0.5, (30, 6))
  position, rotation = kinematics.forward(np, arm, near)
  start = np.tile(robots.DEFAULT.home, (30, 1))
  found, error = kinematics.solve(
    np, arm, start, position, rotation, iterations=60
  )
  assert np.mean(error < 1e-4) > 0.9
  reached, _ = kinematics.forward(np, arm, found)
  good = error < 1e-4
  np.testing.assert_allclose(reached[good], position[good], atol=2e-4)
  assert np.all(found >= arm.lower)
  assert np.all(found <= arm.upper)


def test_out_of_reach_goes_as_near_as_it_can(arm):
  _, rotation = kinematics.forward(np, arm, np.asarray(robots.DEFAULT.home))
  far = np.array([3.0, 0.0, 0.3])
  found, error = kinematics.solve(
    np, arm, np.asarray(robots.DEFAULT.home), far, rotation, iterations=80
  )
  reached, _ = kinematics.forward(np, arm, found)
  assert np.all(np.isfinite(found))
  assert error > 1
  assert reached[0] > 0.7


def test_jax_and_numpy_agree(arm):
  q = some_joints(arm, 8)
  goal = kinematics.forward(np, arm, q + 0.1)

  def solved(xp, q):
    return kinematics.solve(xp, arm, q, *goal, iterations=4)

  here, _ = solved(np, q)
  there, _ = jax.jit(lambda q: solved(jnp, q))(q.astype(np.float32))
  close = np.max(np.abs(here - np.asarray(there)), axis=-1) < 1e-3
  assert close.mean() > 0.8  # near a singularity 32 bits go another way
  for mine, others in zip(
    kinematics.forward(np, arm, q),
    kinematics.forward(jnp, arm, q.astype(np.float32)),
    strict=True,
  ):
    np.testing.assert_allclose(mine, others, atol=1e-5)
