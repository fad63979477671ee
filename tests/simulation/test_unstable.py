"""A world whose physics blew up is a failure, not a fresh start."""

import dataclasses

import numpy as np

from sdd.scenes import registry
from sdd.simulation import simulator


def test_a_world_that_blew_up_stays_so_and_succeeds_at_nothing(
  tmp_path, monkeypatch
):
  monkeypatch.chdir(tmp_path)  # MuJoCo writes its warnings to a log here
  scene = registry.load('drawer')
  sim = simulator.make('mujoco', scene)
  world = scene.initial(np.random.default_rng(0))
  speed = np.zeros_like(world.qvel)
  speed[-1] = 1e30
  sim.reset(0, dataclasses.replace(world, qvel=speed))
  stay = sim.proprioception(0).astype(np.float32)[None]
  for _ in range(3):
    sim.step(stay, np.ones(1, bool))
  assert not np.isfinite(sim.world(0).qpos).all()
  assert abs(sim.world(0).time - 0.75) < 1e-6
  state = sim.scene_state(0)
  assert not any(task.ground_truth(state) for task in scene.tasks)
