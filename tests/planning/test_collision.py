"""What is free and what is not."""

import dataclasses

import driving
import numpy as np
import pytest

from sdd.planning import collision, reach
from sdd.scenes import robots

HOME = np.array(robots.DEFAULT.home)


def stance(world, position, yaw=0.0):
  """A configuration with the tool there, pointing down, or None."""
  found = reach.configurations(
    world,
    np.asarray(position, float),
    driving.downward(yaw),
    near=HOME,
    rng=np.random.default_rng(0),
  )
  return found[0] if found else None


def test_home_is_free(world):
  assert world.free(HOME)
  assert world.free(HOME, touching=True)


def test_inside_the_table_is_not_free(world):
  inside = stance(world, (0.45, 0.15, -0.05))
  assert inside is not None
  assert not world.free(inside)
  assert not world.free(inside, touching=True)


def test_clearance_is_kept_unless_touching_is_meant(world):
  # The pads end 18 mm beyond the tool's origin.
  near = stance(world, (0.45, 0.20, 0.018 + collision.CLEARANCE / 2))
  assert near is not None
  assert not world.free(near)
  assert world.free(near, touching=True)


def test_the_arm_may_not_cross_itself(world):
  folded = HOME.copy()
  folded[2] = 2.89
  assert not world.free(folded, touching=True)


def test_only_allowed_links_may_be_pressed_on(scene, start):
  world = collision.PlanningWorld('drawer', start)
  at = scene.free_qpos('vitamin bottle')
  into = stance(world, np.add(start.qpos[at : at + 3], (0, 0, 0.01)))
  assert into is not None
  world.opening = 0.0
  assert not world.free(into, touching=True)
  world.allow('vitamin bottle')
  assert world.free(into, touching=True)
  assert not world.free(into)
  world.allow('crayon box')
  assert not world.free(into, touching=True)


def test_an_edge_is_checked_in_its_middle(world):
  # From one side of a standing bottle to the other, close to the table.
  bottle = world.data.qpos[world.scene.free_qpos('vitamin bottle') :][:2]
  left, right = (
    stance(world, (bottle[0] + x, bottle[1], 0.04)) for x in (-0.13, 0.13)
  )
  assert left is not None
  assert right is not None
  assert world.free(left)
  assert world.free(right)
  assert not world.free((left + right) / 2)
  assert not world.free_edge(left, right)
  assert world.free_edge(left, left)


def test_what_moves_on_a_joint_moves_in_the_planners_world(world):
  world.set_joint('top drawer', 0.22)
  world.place(HOME)
  into_the_front = stance(world, world.data.geom('top drawer/front').xpos)
  assert into_the_front is not None
  assert not world.free(into_the_front, touching=True)
  world.set_joint('top drawer', 0.0)
  assert world.free(into_the_front)


def test_a_carried_object_collides_where_the_bare_hand_does_not(scene, holding):
  carrying = collision.PlanningWorld(
    'drawer', holding, carried='vitamin bottle'
  )
  elsewhere = holding.qpos.copy()
  elsewhere[scene.free_qpos('vitamin bottle')] = 5.0
  bare = collision.PlanningWorld(
    'drawer', dataclasses.replace(holding, qpos=elsewhere)
  )
  q = np.asarray(holding.arm_target)
  # Lower the hand by what the bottle was lifted, and a centimetre more.
  position, rotation = driving.tool(carrying, q)
  at = scene.free_qpos('vitamin bottle')
  lifted = holding.qpos[at + 2] - 0.042
  assert lifted > 0.05
  low = reach.follow_line(
    carrying, q, position - [0, 0, lifted + 0.01], rotation
  )
  assert low is not None
  carrying.allow('vitamin bottle')
  assert carrying.free(q, touching=True)
  assert not carrying.free(low, touching=True)
  assert bare.free(low, touching=True)


@pytest.mark.parametrize('opening', [0.0, 0.05, 0.11])
def test_the_fingers_follow_the_opening(world, opening):
  world.opening = opening
  world.place(HOME)
  fingers = world.data.qpos[world.scene.finger_qpos]
  np.testing.assert_allclose(fingers.sum(), opening)
