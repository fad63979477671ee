"""Joints of every kind move both ways, held or pushed."""

import driving
import mujoco
import numpy as np
import pytest

from sdd.language import skill as skill_lib
from sdd.planning import (
  collision,
  joint,
  motion,
  pull,
  push,
  skills,
  trajectory,
)
from sdd.scenes import (
  mailbox,
  parts,
  registry,
  robots,
  scene,
  table_top,
  vocabulary,
  world_state,
)
from sdd.simulation import action, simulator

TRAVEL = 0.015
ENOUGH = 0.7  # of the draws that are feasible; retries do the rest


def button_scene():
  """A button with nothing to hold on to, pressed from above."""
  spec = table_top.make('button')
  table_top.add_surroundings(spec)
  robots.DEFAULT.add_to(spec)
  base = spec.worldbody.add_body(name='base plate', mocap=True)
  look = {'role': parts.FURNITURE, 'rgba': (0.3, 0.3, 0.3, 1)}
  parts.box(base, 'plate', (0.05, 0.05, 0.01), (0, 0, 0.01), **look)
  button = base.add_body(name='button', pos=[0, 0, 0.03])
  button.add_joint(
    name='button', type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, 0, -1],
    range=[0, TRAVEL], limited=True, damping=5, frictionloss=1, armature=0.01,
  )  # fmt: skip
  parts.box(
    button, 'button', (0.015, 0.015, 0.012), (0, 0, 0.004), mass=0.02, **look
  )
  spec.compile()
  words = vocabulary.Vocabulary(
    (
      vocabulary.Link('plate', 'base plate', ('plate',), 'furniture'),
      vocabulary.Link('button', 'button', ('button',), 'part', 'button'),
      *table_top.support_links(),
      *table_top.finger_links(robots.DEFAULT),
    ),
    ('button',),
    ((0.0, TRAVEL),),
  )
  return scene.Scene('button', spec.to_xml(), words, (), 10.0, button_world)


def button_world(this, rng):
  place = [[*rng.uniform((0.4, -0.3), (0.6, 0.3)), 0.0]]
  rest = this.rest
  return world_state.WorldState(
    rest.qpos.copy(), rest.qvel, np.array(place), rest.mocap_quat,
    np.array(robots.DEFAULT.home), robots.DEFAULT.stroke,
  )  # fmt: skip


def address(this, name):
  return this.model.joint(name).qposadr[0]


def after(sim, world, actions):
  driving.execute(sim, world, actions)
  return sim.world(0).qpos


def test_a_button_is_pressed(monkeypatch):
  this = button_scene()
  monkeypatch.setitem(registry.SCENES, 'button', lambda _: this)
  sim = simulator.make('mujoco', this)
  press = skill_lib.Skill('move_joint', 'button', None, 'max')
  for seed in range(6):
    world = this.initial(np.random.default_rng(seed))
    request = motion.Request('button', world, press, None, (seed,))
    answer = skills.answer(request)
    assert answer.motion is not None, answer.reason
    final = after(sim, world, answer.motion.actions)
    assert final[address(this, 'button')] > 0.9 * TRAVEL


@pytest.fixture(scope='module')
def box():
  return registry.load('mailbox')


@pytest.fixture(scope='module')
def box_sim(box):
  return simulator.make('mujoco', box)


def turned(this, name, value, seed):
  """A drawn world with one joint at a value."""
  world = this.initial(np.random.default_rng(seed))
  world.qpos[address(this, name)] = value
  return world


LID, FLAG = 'mailbox lid', 'mailbox flag'
CASES = [
  (pull, LID, 'mailbox lid handle', 'max', 4),
  (pull, LID, 'mailbox lid handle', 'min', 4),
  (pull, FLAG, FLAG, 'max', 4),
  (pull, FLAG, FLAG, 'min', 4),
  (push, LID, 'mailbox lid handle', 'max', 8),
  (push, LID, LID, 'min', 6),
  (push, FLAG, FLAG, 'max', 25),
  (push, FLAG, FLAG, 'min', 4),
]


def name_of(case):
  way, _, link, direction, _ = case
  return f'{way.__name__.split(".")[-1]} {link} to {direction}'


@pytest.mark.parametrize('case', CASES, ids=map(name_of, CASES))
def test_hinges_turn_both_ways(box, box_sim, case):
  way, name, link, direction, draws = case
  lower, upper = box.vocabulary.ranges[box.vocabulary.joint_index(name)]
  start, goal = (lower, upper) if direction == 'max' else (upper, lower)
  planned = reached = 0
  for seed in range(draws):
    if planned == 4:
      break
    world = turned(box, name, start, seed)
    seen = collision.PlanningWorld('mailbox', world)
    moving = trajectory.Trajectory(
      seen, action.ActionSpec(), world.gripper_target
    )
    seen.place(moving.q)
    try:
      found = way.plan(moving, link, direction, np.random.default_rng(seed))
    except motion.Infeasible:
      # Whatever was tried has been taken back.
      assert len(moving) == 0
      assert seen.data.qpos[address(box, name)] == start
      continue
    planned += 1
    final = after(box_sim, world, found.actions)[address(box, name)]
    reached += abs(final - goal) < 0.2 * (upper - lower)
  assert planned > 0
  assert reached >= ENOUGH * planned


def test_what_cannot_be_reached_has_reasons_for_both_ways(box):
  world = turned(box, LID, 0.0, 0)
  world.mocap_pos[0] = (2.0, 0.0, 0.0)
  skill = skill_lib.Skill('move_joint', LID, None, 'max')
  answer = skills.answer(motion.Request('mailbox', world, skill, None, (0,)))
  assert answer.motion is None
  assert 'grasp' in answer.reason
  assert 'push' in answer.reason


def test_a_pose_moves_with_its_link_and_back(box):
  seen = collision.PlanningWorld('mailbox', turned(box, LID, 0.5, 0))
  seen.place(seen.start)
  path = joint.find(seen, LID)
  assert path.value == 0.5
  at = path.anchor + np.array([-0.1, 0.02, 0.03])
  there = path.moved(0.7, at, np.eye(3))
  back = path.moved(-0.7, *there)
  np.testing.assert_allclose(back[0], at, atol=1e-12)
  np.testing.assert_allclose(back[1], np.eye(3), atol=1e-12)


@pytest.mark.parametrize('follow', [0.0, 0.3, 1.0])
def test_a_tool_follows_a_share_of_the_turn(box, follow):
  seen = collision.PlanningWorld('mailbox', turned(box, LID, 0.0, 0))
  seen.place(seen.start)
  path = joint.find(seen, LID)
  at = path.anchor + np.array([-0.1, 0.0, 0.0])
  position, rotation = path.moved(1.2, at, np.eye(3), follow=follow)
  whole, _ = path.moved(1.2, at, np.eye(3))
  np.testing.assert_array_equal(position, whole)
  angle = np.linalg.norm(trajectory.rotation_vector(rotation))
  np.testing.assert_allclose(angle, follow * 1.2, atol=1e-9)


def test_the_way_to_a_limit_is_even_and_ends_there(box):
  seen = collision.PlanningWorld('mailbox', turned(box, LID, 0.0, 0))
  seen.place(seen.start)
  path = joint.find(seen, LID)
  handle = joint.geoms(seen, 'mailbox lid handle')[0].position
  values = path.steps(mailbox.LID_RANGE[1], handle)
  assert values[-1] == pytest.approx(mailbox.LID_RANGE[1])
  assert np.all(np.diff(values) > 0)
  along = np.diff(values) * path.lever(handle) * action.ActionSpec().rate_hz
  assert np.max(along) < 0.2  # metres a second
