"""A latch holds until its button is pressed, and catches what comes back."""

import dataclasses

import numpy as np
import pytest
from jax import numpy as jnp

from sdd.scenes import catapult, latch, registry
from sdd.simulation import simulator

LATCH = latch.Latch(
  equality='latch', button='b', released_above=0.8, arm='a', caught_below=0.1
)
ALL = np.ones(1, bool)


@pytest.fixture(scope='module')
def scene():
  return registry.load('catapult', 'paper')


@pytest.fixture(scope='module')
def sim(scene):
  return simulator.make('mujoco', scene)


def run(scene, sim, *, periods=4, **joints):
  """Joint positions after a while, begun with `joints` at these positions."""
  world = scene.initial(np.random.default_rng(0))
  qpos = world.qpos.copy()
  for name, value in joints.items():
    index = scene.vocabulary.joint_index(name.replace('_', ' '))
    qpos[scene.joint_qpos[index]] = value
  sim.reset(0, dataclasses.replace(world, qpos=qpos))
  stay = sim.proprioception(0).astype(np.float32)[None]
  for _ in range(periods):
    sim.step(stay, ALL)
  arm, button = sim.scene_state(0).joint_position
  return arm, button


@pytest.mark.parametrize(
  ('button', 'arm', 'expected'),
  [
    (0.0, 0.0, True),
    (0.8, 0.0, True),
    (0.81, 0.0, False),
    (0.0, 0.2, False),
    (1.0, 0.2, False),
  ],
)
def test_it_holds_an_arm_that_is_down_while_nobody_presses(
  button, arm, expected
):
  assert LATCH.holds(button, arm) == expected
  for xp in (np, jnp):
    found = LATCH.holds(xp.full(3, button), xp.full(3, arm))
    assert found.shape == (3,)
    assert bool(found.all()) == expected


def test_an_unpressed_button_stays_up_and_the_arm_down(scene, sim):
  arm, button = run(scene, sim, periods=40)
  assert abs(arm) < 0.002
  assert abs(button) < 1e-4


@pytest.mark.parametrize('pressed', [0.9, 1.0])
def test_a_pressed_button_stays_down_and_lets_the_arm_go(scene, sim, pressed):
  travel = catapult.BUTTON_TRAVEL
  arm, button = run(scene, sim, button=pressed * travel)
  assert abs(arm - catapult.STOP) < 0.01
  assert abs(button - pressed * travel) < 5e-4


def test_a_button_pressed_too_little_does_nothing(scene, sim):
  pressed = 0.7 * catapult.BUTTON_TRAVEL
  arm, button = run(scene, sim, button=pressed)
  assert abs(arm) < 0.002
  assert abs(button - pressed) < 5e-4


def test_only_an_arm_that_is_led_back_is_caught(scene, sim):
  free, _ = run(scene, sim, catapult_arm=0.5)
  assert abs(free - catapult.STOP) < 0.01
  caught, _ = run(scene, sim, catapult_arm=0.05)
  assert abs(caught) < 0.002
