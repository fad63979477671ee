"""C MuJoCo and MJX agree on how a recorded successful episode ends."""

import numpy as np
import pytest
import record_replay

from sdd.scenes import registry, world_state
from sdd.simulation import simulator


@pytest.fixture(scope='module')
def recorded():
  with np.load(record_replay.PATH) as file:
    return {name: file[name] for name in file.files}


def replay(name, recorded):
  """The simulator after all actions but the last, which only holds."""
  scene = registry.load('drawer')
  initial = {
    key.removeprefix('initial/'): value
    for key, value in recorded.items()
    if key.startswith('initial/')
  }
  for scalar in ('gripper_target', 'time'):
    initial[scalar] = float(initial[scalar])
  sim = simulator.make(name, scene)
  sim.reset(0, world_state.WorldState(**initial))
  for action in recorded['action'][:-1]:
    sim.step(action[None], np.ones(1, bool))
  return sim


def succeeded(sim, recorded):
  truth = sim.scene.task(str(recorded['task'])).ground_truth
  return truth(sim.scene_state(0))


def test_the_record_is_of_this_scene(recorded):
  scene = registry.load('drawer')
  assert scene.sha256 == str(recorded['scene_sha256']), (
    'the scene has changed: run tests/simulation/record_replay.py'
  )


def test_mujoco_repeats_the_episode(recorded):
  sim = replay('mujoco', recorded)
  assert succeeded(sim, recorded)
  # Another processor rounds otherwise; the same one repeats every bit.
  np.testing.assert_allclose(sim.world(0).qpos, recorded['world'], atol=0.02)


@pytest.mark.long
def test_mjx_agrees_on_the_outcome(recorded):
  sim = replay('mjx', recorded)
  assert succeeded(sim, recorded)
  arm = sim.scene.arm_qpos
  np.testing.assert_allclose(
    sim.world(0).qpos[arm], recorded['world'][arm], atol=0.01
  )
