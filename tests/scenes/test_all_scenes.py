"""What holds in every scene and in both variations."""

from typing import Any

import mujoco
import numpy as np
import pytest

from sdd import errors
from sdd.scenes import registry
from sdd.scenes import scene as scene_lib
from sdd.simulation import simulator

EVERY = [(name, v) for name in registry.SCENES for v in scene_lib.VARIATIONS]


@pytest.fixture(params=EVERY, ids=lambda both: '-'.join(both), scope='module')
def scene(request):
  return registry.load(*request.param)


def test_vocabulary_and_model_belong_together(scene):
  words, model = scene.vocabulary, scene.model
  for link in words.links:
    body = model.body(link.body).id
    assert link.geoms, link.name
    for name in link.geoms:
      assert model.geom(name).bodyid[0] == body
    if link.parent is not None:
      assert words.find(link.parent).name == link.parent
    if link.joint:
      assert link.joint in words.joints
  assert len(set(words.names)) == len(words.names)
  for joint, (lower, upper) in zip(
    words.joints, words.joint_range, strict=True
  ):
    np.testing.assert_allclose(model.joint(joint).range, (lower, upper))


def test_only_boxes_capsules_and_spheres_collide(scene):
  model = scene.model
  colliding = (model.geom_contype | model.geom_conaffinity) != 0
  kinds = {mujoco.mjtGeom(int(k)).name for k in model.geom_type[colliding]}
  assert kinds <= {
    'mjGEOM_BOX', 'mjGEOM_CAPSULE', 'mjGEOM_SPHERE', 'mjGEOM_PLANE',
  }  # fmt: skip


def test_shapes_differ_in_numbers_only(scene):
  first = scene.model
  names = [first.geom(i).name for i in range(first.ngeom)]
  for k in range(len(scene.shapes)):
    model = scene.shaped(k).model
    assert [model.geom(i).name for i in range(model.ngeom)] == names
    for field in ('geom_type', 'geom_bodyid', 'jnt_type', 'geom_contype',
                  'geom_conaffinity', 'geom_condim'):  # fmt: skip
      np.testing.assert_array_equal(
        getattr(model, field), getattr(first, field)
      )
    assert scene.texts[scene.shaped(k).sha256] == scene.shapes[k]
  assert scene.shaped(0).sha256 == scene.sha256
  assert len(scene.texts) == max(1, len(scene.shapes))
  with pytest.raises(errors.SddError, match='has no shape'):
    scene.shaped(len(scene.texts))


def test_worlds_repeat_for_a_seed(scene):
  one, same, other = (
    scene.initial(np.random.default_rng(seed)) for seed in (5, 5, 6)
  )
  np.testing.assert_array_equal(one.qpos, same.qpos)
  np.testing.assert_array_equal(one.mocap_pos, same.mocap_pos)
  assert one.shape == same.shape
  if scene.variation == 'wide':
    assert np.abs(one.qpos - other.qpos).max() > 0.005
    assert not np.array_equal(one.mocap_pos, other.mocap_pos)
  else:
    np.testing.assert_array_equal(one.arm_target, other.arm_target)


def test_episodes_begin_at_rest_with_nothing_done(scene):
  sim = simulator.make('mujoco', scene)
  floor = scene.vocabulary.index('floor')
  for seed in range(3):
    world = scene.initial(np.random.default_rng(seed))
    sim.reset(0, world)
    begin = sim.scene_state(0)
    assert not any(task.ground_truth(begin) for task in scene.tasks)
    assert not begin.contact[:, floor].any()
    assert not scene.rules.foul(begin)
    assert not scene.rules.final(begin)
    hold = sim.proprioception(0).astype(np.float32)[None]
    for _ in range(8):
      sim.step(hold, np.ones(1, bool))
    moved = sim.scene_state(0).link_position - begin.link_position
    assert np.linalg.norm(moved, axis=-1).max() < 0.006, seed
    np.testing.assert_allclose(
      sim.scene_state(0).joint_position, begin.joint_position, atol=0.01
    )


def test_an_unknown_variation_is_suggested():
  wrong: Any = 'wid'
  with pytest.raises(errors.UnknownNameError, match="mean 'wide'"):
    registry.load('drawer', wrong)
