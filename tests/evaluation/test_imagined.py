"""Action sequences land where they should, and begin blue and end red."""

import dataclasses
import json
import re

import mujoco
import numpy as np
import pytest
import small_policy
import web_page

from sdd import errors
from sdd.evaluation import frames, imagined, imagined_page, rollout, solids
from sdd.scenes import registry
from sdd.simulation import camera as camera_lib
from sdd.simulation import simulator

TASK = 'move the toy into the left bin'
WHITE = np.full((120, 180, 3), 255, np.uint8)


def chunk(*ends, count=9):
  """One chunk whose tool goes straight from one point to the other."""
  share = np.linspace(0, 1, count)[:, None]
  start, end = np.array(ends[0]), np.array(ends[1])
  points = start + share * (end - start)
  return np.concatenate([points, np.zeros((count, 7))], axis=1)


CAMERA = camera_lib.look_at('c', [0, -2, 0], [0, 0, 0], width=180, height=120)
# Seen from the front, x runs to the right and z upwards.


def test_a_straight_sequence_is_drawn_where_it_is():
  drawn = imagined.draw(
    WHITE, chunk([-0.5, 0, 0.2], [0.5, 0, 0.2])[None], CAMERA
  )
  inked = np.argwhere((drawn != 255).any(axis=2))
  first, last = CAMERA.project(np.array([[-0.5, 0, 0.2], [0.5, 0, 0.2]]))
  assert abs(inked[:, 1].min() - first[0]) < 1.5
  assert abs(inked[:, 1].max() - last[0]) < 1.5
  assert np.abs(inked[:, 0] - first[1]).max() < 2


def test_it_begins_blue_and_ends_red():
  drawn = imagined.draw(WHITE, chunk([-0.5, 0, 0], [0.5, 0, 0])[None], CAMERA)
  points = chunk([-0.5, 0, 0], [0.5, 0, 0])[:, :3]
  middles = CAMERA.project((points[:-1] + points[1:]) / 2).round().astype(int)
  tones = np.array([drawn[v, u] for u, v in middles], int)
  assert (np.diff(tones[:, 0]) > 0).all()
  assert (np.diff(tones[:, 2]) < 0).all()
  assert tones[0, 2] > tones[0, 0]
  assert tones[-1, 0] > tones[-1, 2]


def test_colours_run_from_the_first_to_the_last():
  found = imagined.colours(5)
  assert tuple(found[0]) == imagined.FIRST
  assert tuple(found[-1]) == imagined.LAST


def test_what_is_behind_the_camera_is_left_out():
  behind = chunk([-0.5, -3, 0], [0.5, -3, 0])[None]
  np.testing.assert_array_equal(imagined.draw(WHITE, behind, CAMERA), WHITE)
  through = chunk([0, 1, 0.2], [0, -5, 0.2])[None]
  assert (imagined.draw(WHITE, through, CAMERA) != WHITE).any()


@pytest.fixture(scope='module')
def scene():
  return registry.load('transport')


@pytest.fixture(scope='module')
def policy(scene):
  return small_policy.learnt(scene, TASK)


@pytest.fixture(scope='module')
def recording(scene, policy):
  return imagined.record(policy, scene, TASK, index=7, count=5, seconds=3)


def test_the_policy_does_what_it_does_alone(scene, policy, recording):
  short = dataclasses.replace(scene, time_limit=3.0)
  sim = simulator.make('mujoco', short)
  states = []
  alone = rollout.rollout(
    policy, short, TASK, seed=0, index=7, sim=sim,
    watch=lambda world: states.append(world.world(0).qpos),
  )  # fmt: skip
  assert alone.ended == recording.outcome.ended == 'time'
  np.testing.assert_allclose(recording.qpos[:-1], states, atol=1e-4)


def test_every_decision_is_kept_with_what_it_weighed(policy, recording):
  steps = [decision.step for decision in recording.decisions]
  assert steps == list(range(0, 12, policy.execution_horizon))
  for decision in recording.decisions:
    assert decision.chunks.shape == (5, policy.spec.config.action_horizon, 10)
    assert len(np.unique(decision.chunks.round(6), axis=0)) == 5
  assert recording.latest(5).step == 4


class Broken:
  execution_horizon = 4

  def reset(self, seed=0):
    pass

  def observe(self, observation):
    pass

  def infer(self, observation):
    return self.infer_many(observation, 1)[0]

  def infer_many(self, observation, count):
    raise ValueError('out of order')


def test_a_policy_that_fails_is_an_error(scene):
  with pytest.raises(errors.SddError, match='out of order'):
    imagined.record(Broken(), scene, TASK, index=0, count=2, seconds=1)


def test_the_page_holds_scene_and_lines(recording):
  view = frames.view('front', 90)
  page = imagined_page.Page('A <b> title', recording, view, 4.0, b'film', 'x')
  text = imagined_page.to_html(page)
  found = web_page.Page(text)
  assert 'A <b> title' in found.text
  assert not re.search(r'https?:', text)
  match = re.search(r'const world = (.*);', found.script)
  assert match
  world = json.loads(match[1])
  lines = np.array([each['lines'] for each in world['decisions']])
  np.testing.assert_allclose(
    lines.reshape(len(recording.decisions), 5, -1, 3) / 1000,
    [decision.chunks[..., :3] for decision in recording.decisions],
    atol=6e-4,
  )
  assert all(pose is not None for pose in world['poses'][0])
  assert any(pose is None for pose in world['poses'][-1])
  assert len(world['solids']) == len(world['poses'][0])


def area_and_volume(shape):
  """Sum of the faces' area vectors, and what they enclose."""
  a, b, c, d = (shape.vertices[shape.faces[:, k]] for k in range(4))
  area = np.cross(c - a, d - b) / 2
  return area.sum(axis=0), float((area * (a + b + c + d) / 4).sum() / 3)


MJCF = """<mujoco><worldbody>
<geom type="plane" size="1 1 1"/>
<geom type="box" size=".1 .5 .3"/>
<geom type="sphere" size=".2"/>
<geom type="capsule" size=".1 .3"/>
<geom type="cylinder" size=".1 .3"/>
<geom type="ellipsoid" size=".1 .2 .3"/>
</worldbody></mujoco>"""
VOLUMES = {
  1: 8 * 0.1 * 0.5 * 0.3,
  2: 4 / 3 * np.pi * 0.2**3,
  3: np.pi * 0.01 * 0.6 + 4 / 3 * np.pi * 0.001,
  4: np.pi * 0.01 * 0.6,
  5: 4 / 3 * np.pi * 0.1 * 0.2 * 0.3,
}


def test_solids_are_closed_and_as_large_as_their_geoms():
  found = solids.of_model(mujoco.MjModel.from_xml_string(MJCF))
  assert {shape.geom for shape in found} == set(VOLUMES)
  for shape in found:
    area, volume = area_and_volume(shape)
    np.testing.assert_allclose(area, 0, atol=1e-9)
    assert 0.85 * VOLUMES[shape.geom] < volume <= 1.0001 * VOLUMES[shape.geom]
    if shape.geom == 1:
      assert volume == pytest.approx(VOLUMES[1])
