"""A dataset of a scene is opened as that, and goes on as that."""

import pytest
import stored

from sdd.dataset import kept_scene, reader, spec
from sdd.scenes import registry

TREE = stored.tree()


def test_it_says_whose_episodes_it_holds(tmp_path):
  scene = stored.scene()
  with kept_scene.open_writer(tmp_path, scene, run={'seed': 1}) as dataset:
    dataset.add(stored.episode(TREE, [1, 3, 4]))
  with kept_scene.open_writer(tmp_path, scene) as dataset:  # goes on
    assert dataset.done == {3}
  held = reader.load_spec(tmp_path)
  assert held.scene == scene.name
  assert held.state_names == scene.state_names
  assert held.run == {'seed': 1}
  assert kept_scene.load(tmp_path) is scene
  assert reader.summary(tmp_path).total.episodes == 1


def test_another_scene_is_refused(tmp_path):
  kept_scene.open_writer(tmp_path, stored.scene()).close()
  with pytest.raises(spec.DatasetError):
    kept_scene.open_writer(tmp_path, registry.load('balance'))
