"""What a policy sees while it acts is what it has learnt from."""

import dataclasses
import io

import numpy as np
import pytest
import small_vision
import stored
from PIL import Image

from sdd import errors
from sdd.dataset import pictures, rendering
from sdd.evaluation import eyes, rollout
from sdd.scenes import registry
from sdd.simulation import simulator

WANTED = pictures.PictureSpec(
  ('wrist', 'front'), ((16, 24),) * 2, False, 'raycast'
)


def test_the_same_world_gives_the_stored_picture():
  scene = stored.scene()
  sim = simulator.make('mujoco', scene)
  sim.reset(0, scene.initial(np.random.default_rng(0)))
  world = sim.world(0)
  episode = stored.episode(stored.tree(), [1, 1])
  episode.world[:] = world.qpos
  about = episode.metadata
  initial = {
    **about.initial,
    'mocap_pos': world.mocap_pos,
    'mocap_quat': world.mocap_quat,
  }
  episode = dataclasses.replace(
    episode, metadata=dataclasses.replace(about, initial=initial)
  )
  studio = rendering.Studio(
    scene,
    rendering.Setting(
      WANTED.cameras, (16, 24), shadows=False, format='png',
      renderer='raycast',
    ),
  )  # fmt: skip
  views, _ = studio.views(episode, number=0)
  with eyes.Eyes(scene, WANTED) as seeing:
    seen = seeing.see(sim, 0)
  assert set(seen) == {'wrist_image', 'front_image'}
  for camera in WANTED.cameras:
    with Image.open(io.BytesIO(views[camera].images[0])) as image:
      np.testing.assert_allclose(
        seen[f'{camera}_image'].astype(int), np.asarray(image), atol=1
      )


def test_a_policy_looks_once_a_chunk():
  scene = registry.load('drawer')
  policy = small_vision.learnt('drawer', scene.tasks[0].sentence)
  looked, told = [], []
  infer, observe = policy.infer, policy.observe

  def inferring(observation):
    looked.append(set(observation))
    return infer(observation)

  def observing(observation):
    told.append(set(observation))
    observe(observation)

  policy.infer, policy.observe = inferring, observing
  sim = simulator.make('mujoco', scene)
  steps = []

  class Enough(Exception):
    pass

  def watch(_):
    steps.append(1)
    if len(steps) > 6:
      raise Enough

  outcome = rollout.rollout(
    policy, scene, scene.tasks[0].sentence, seed=0, index=0, sim=sim,
    watch=watch,
  )  # fmt: skip
  assert outcome.error == 'Enough: '
  assert [{'front_image', 'wrist_image'} < names for names in looked] == [
    True, True,
  ]  # fmt: skip
  assert len(told) == 4
  assert not any(name.endswith('_image') for names in told for name in names)


def test_a_camera_that_the_scene_lacks():
  wanted = pictures.PictureSpec(('wirst',), ((16, 24),))
  with pytest.raises(errors.UnknownNameError, match="'wrist'"):
    eyes.Eyes(stored.scene(), wanted)
