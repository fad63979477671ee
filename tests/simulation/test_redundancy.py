"""Seven joints: the pose leaves a choice, and leaning to rest makes it."""

import mujoco
import numpy as np
import pytest
from jax import numpy as jnp

from sdd.planning import trajectory
from sdd.scenes import registry
from sdd.simulation import action, controller, kinematics, simulator

RNG = np.random.default_rng
DOWN = np.diag([1.0, -1.0, -1.0])


@pytest.fixture(scope='module')
def scene():
  return registry.load('transport@panda')


@pytest.fixture(scope='module')
def arm(scene):
  return kinematics.of_robot(scene)


def poses(count, seed=0):
  """Tool poses over the table, tilted and turned a little."""
  rng = RNG(seed)
  position = rng.uniform((0.35, -0.25, 0.05), (0.6, 0.25, 0.35), (count, 3))
  tilted = [
    trajectory.rotation_matrix(v) for v in rng.normal(0, 0.3, (count, 3))
  ]
  yaw = [(0, 0, angle) for angle in rng.uniform(-0.8, 0.8, count)]
  turned = [trajectory.rotation_matrix(np.array(v)) @ DOWN for v in yaw]
  return position, np.matmul(tilted, turned)


def test_forward_kinematics_agree_with_mujoco(scene, arm):
  assert arm.redundant
  data = mujoco.MjData(scene.model)
  for q in RNG(0).uniform(arm.lower, arm.upper, (20, 7)):
    data.qpos[scene.arm_qpos] = q
    mujoco.mj_kinematics(scene.model, data)
    position, rotation = kinematics.forward(np, arm, q)
    site = data.site(scene.robot.arm.tool)
    np.testing.assert_allclose(position, site.xpos, atol=1e-9)
    np.testing.assert_allclose(rotation.ravel(), site.xmat, atol=1e-9)


def test_the_same_pose_is_held_the_same_way_from_wherever_it_is_reached(arm):
  starts = arm.rest + RNG(1).uniform(-0.3, 0.3, (6, 7))
  spread, missed = [], []
  for position, rotation in zip(*poses(40), strict=True):
    found, error = kinematics.solve(
      np, arm, starts, np.tile(position, (6, 1)), np.tile(rotation, (6, 1, 1)),
      iterations=40,
    )  # fmt: skip
    missed.append(error.max())
    spread.append(np.ptp(found, axis=0).max())
  assert np.max(missed) < 1e-3
  assert np.quantile(spread, 0.9) < 0.01
  assert np.median(spread) < 3e-3


def test_a_loop_of_poses_ends_in_the_joints_it_began_with(arm):
  """Without leaning, the swivel would drift from round to round."""
  angles = np.linspace(0, 2 * np.pi, 40)
  circle = np.stack(
    [0.5 + 0.1 * np.cos(angles), 0.15 * np.sin(angles), 0.2 + 0 * angles], 1
  )
  q, ends = arm.rest, []
  for _ in range(3):
    for position in circle:
      q, error = kinematics.solve(np, arm, q, position, DOWN, iterations=8)
      assert error < 1e-4
    ends.append(q)
  np.testing.assert_allclose(ends[1], ends[0], atol=0.01)
  np.testing.assert_allclose(ends[2], ends[1], atol=1e-3)


def test_the_arm_keeps_away_from_its_limits(arm):
  position, rotation = poses(60, seed=2)
  starts = np.tile(arm.rest, (60, 1))
  found, error = kinematics.solve(
    np, arm, starts, position, rotation, iterations=60
  )
  assert np.max(error) < 1e-3
  room = np.minimum(found - arm.lower, arm.upper - found)
  # How far the elbow is bent is decided by how far away the tool is.
  chosen = np.delete(room, 3, axis=1)
  assert np.quantile(chosen.min(axis=1), 0.05) > 0.15


def test_numpy_and_jax_choose_alike(arm):
  position, rotation = poses(10, seed=3)
  starts = np.tile(arm.rest, (10, 1))
  ours, _ = kinematics.solve(np, arm, starts, position, rotation, iterations=20)
  theirs, _ = kinematics.solve(
    jnp, arm, jnp.asarray(starts), position, rotation, iterations=20
  )
  np.testing.assert_allclose(ours, theirs, atol=5e-3)


def test_six_joints_have_nothing_to_choose():
  six = kinematics.of_robot(registry.load('transport'))
  assert not six.redundant
  other = kinematics.chain(
    registry.load('transport').model,
    registry.load('transport').robot.arm.joints,
    'tcp',
    rest=(1.0,) * 6,
  )
  position, rotation = poses(5)
  start = np.tile(registry.load('transport').robot.home, (5, 1))
  solved = [
    kinematics.solve(np, each, start, position, rotation, iterations=20)[0]
    for each in (six, other)
  ]
  np.testing.assert_array_equal(*solved)


def test_the_arm_follows_what_it_is_told(scene):
  sim = simulator.make('mujoco', scene)
  sim.reset(0, scene.rest)
  goal = sim.proprioception(0)
  goal[:3] += (0.08, 0.15, -0.1)
  goal[9] = 0.03
  begin = sim.proprioception(0)
  driver = controller.make(scene, action.ActionSpec())
  for part in np.linspace(0, 1, 9)[1:]:
    before = sim.world(0).arm_target
    sim.step((begin + part * (goal - begin))[None], np.ones(1, bool))
    moved = np.abs(sim.world(0).arm_target - before)
    assert np.all(moved <= driver.most + 1e-9)
    assert np.linalg.norm(
      sim.proprioception(0)[:3] - (begin + part * (goal - begin))[:3]
    ) < 5e-3  # fmt: skip
  sim.step(goal[None], np.ones(1, bool))
  np.testing.assert_allclose(sim.proprioception(0), goal, atol=4e-3)


def test_an_opening_beyond_the_stroke_is_the_stroke(scene):
  sim = simulator.make('mujoco', scene)
  sim.reset(0, scene.rest)
  command = sim.proprioception(0)
  command[9] = 0.2
  for _ in range(3):
    sim.step(command[None], np.ones(1, bool))
  assert sim.world(0).gripper_target == scene.robot.stroke == 0.08
  assert sim.proprioception(0)[9] == pytest.approx(0.08, abs=1e-3)


@pytest.mark.long
def test_both_simulators_move_the_panda_alike():
  scene = registry.load('drawer@panda')
  sims = [simulator.make(name, scene) for name in ('mujoco', 'mjx')]
  world = scene.initial(RNG(0))
  for sim in sims:
    sim.reset(0, world)
  command = sims[0].proprioception(0)
  for _ in range(6):
    command[:3] += (0.02, -0.02, -0.02)
    command[9] = 0.02
    for sim in sims:
      sim.step(command[None], np.ones(1, bool))
  one, other = (sim.proprioception(0) for sim in sims)
  np.testing.assert_allclose(one, other, atol=1e-3)
  np.testing.assert_allclose(
    sims[0].world(0).arm_target, sims[1].world(0).arm_target, atol=5e-3
  )
