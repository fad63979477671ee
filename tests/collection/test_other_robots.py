"""Whole episodes with robots other than the one everything was built with."""

import pathlib

import mujoco
import numpy as np
import pytest

from sdd.collection import collector, session
from sdd.language import registry as providers
from sdd.planning import collision, pool
from sdd.scenes import registry
from sdd.simulation import simulator

ROBOTS = pathlib.Path(__file__).parents[2] / 'experiments/robots'
BENCH_ARM = str(ROBOTS / 'bench_arm.yaml')
ALL = ('ur5e', 'panda', 'ur5e+hand', 'panda+wide', BENCH_ARM)


def episodes(address, count, task=0):
  scene = registry.load(address)
  infer = session.trees(scene, providers.make_provider('recorded'))
  sim = simulator.make('mujoco', scene)
  attempts = collector.Collector(
    scene, infer, sim, pool.InlinePlanner(), seed=1
  )
  sentence = scene.tasks[task].sentence
  found = attempts.run([collector.Job(k, sentence) for k in range(count)])
  return list(found)


@pytest.mark.parametrize('name', ALL, ids=lambda name: name[-14:])
def test_every_robot_is_free_at_rest(name):
  scene = registry.load(f'transport@{name}')
  world = collision.PlanningWorld(
    scene.name, scene.initial(np.random.default_rng(0))
  )
  rng = np.random.default_rng(0)
  home = np.array(scene.robot.home)
  for q in home + rng.uniform(-0.1, 0.1, (20, len(home))):
    assert world.free(q)
  world.opening = 0.0
  assert world.free(home)


def test_links_that_run_into_each_other_at_rest_may(tmp_path):
  text = pathlib.Path(BENCH_ARM).with_suffix('.xml').read_text()
  pad = '<geom name="left pad"'
  bar = '<geom type="box" size="0.01 0.004 0.1" pos="0 0.03 -0.1"/>'
  assert pad in text
  (tmp_path / 'bench_arm.xml').write_text(text.replace(pad, bar + pad))
  path = tmp_path / 'mine.yaml'
  path.write_text(pathlib.Path(BENCH_ARM).read_text())
  scene = registry.load(f'transport@{path}')
  world = collision.PlanningWorld(scene.name, scene.rest)
  world.place(np.array(scene.robot.home))
  mujoco.mj_collision(world.model, world.data)
  assert world.data.ncon > 0
  assert world.free(np.array(scene.robot.home))


@pytest.mark.parametrize(
  'address', ['transport@panda', f'transport@{BENCH_ARM}']
)
def test_a_toy_is_moved(address):
  found = episodes(address, 3)
  truths = [each.metadata.ground_truth for each in found]
  assert sum(truths) >= 2
  assert found[0].metadata.scene == address
  assert found[0].action.shape[1] == 10


def test_a_drawer_is_opened_filled_and_closed_by_seven_joints():
  (found,) = episodes('drawer@panda', 1)
  assert found.metadata.ground_truth
