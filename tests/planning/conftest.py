"""The drawer scene, a world of it, and one simulator."""

import driving
import numpy as np
import pytest

from sdd.language import skill as skill_lib
from sdd.planning import collision
from sdd.scenes import registry
from sdd.simulation import simulator


@pytest.fixture(scope='session')
def scene():
  return registry.load('drawer')


@pytest.fixture(scope='session')
def sim(scene):
  return simulator.make('mujoco', scene)


@pytest.fixture(scope='session')
def start(scene):
  """A drawn initial world."""
  return scene.initial(np.random.default_rng(0))


@pytest.fixture
def world(start):
  """What a planner sees of it."""
  return collision.PlanningWorld('drawer', start)


@pytest.fixture(scope='session')
def holding(sim, start):
  """The world after the vitamin bottle was picked up."""
  bottle = skill_lib.Skill('grasp', 'vitamin bottle')
  return driving.perform(sim, start, bottle)[2]
