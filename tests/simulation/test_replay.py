"""C MuJoCo repeats a recorded episode; test_mjx_simulator.py has MJX's part."""

import numpy as np
import pytest
import record_replay

from sdd.scenes import registry
from sdd.simulation import simulator


@pytest.fixture(scope='module')
def recorded():
  return record_replay.load()


def test_the_record_is_of_this_scene(recorded):
  scene = registry.load('drawer')
  assert scene.sha256 == recorded.scene_sha256, (
    'the scene has changed: run tests/simulation/record_replay.py'
  )


def test_mujoco_repeats_the_episode(recorded):
  scene = registry.load('drawer')
  sim = simulator.make('mujoco', scene)
  sim.reset(0, recorded.initial)
  for action in recorded.action[:-1]:
    sim.step(action[None], np.ones(1, bool))
  assert scene.task(recorded.task).ground_truth(sim.scene_state(0))
  # Another processor rounds otherwise; the same one repeats every bit.
  np.testing.assert_allclose(sim.world(0).qpos, recorded.world, atol=0.02)
