"""Addresses: a scene and a robot on one line."""

import hypothesis
import pytest
from hypothesis import strategies

from sdd import errors
from sdd.scenes import address, registry, robots

NAMES = strategies.text('abcxyz/._-+0', min_size=1)


@hypothesis.given(NAMES, NAMES)
def test_what_is_written_is_read_again(scene, robot):
  found = address.Address(scene, robot)
  assert address.parse(str(found)) == found


def test_the_default_robot_is_left_out():
  assert str(address.resolve('drawer@ur5e')) == 'drawer'
  assert str(address.resolve('drawer@ur5e+wide')) == 'drawer'
  assert str(address.resolve('drawer@panda+hand')) == 'drawer@panda'
  assert address.parse('drawer').robot == robots.DEFAULT.name


def test_a_scene_may_be_a_path():
  found = address.parse('my/scene@2.xml@panda')
  assert found == address.Address('my/scene@2.xml', 'panda')
  assert address.Address('drawer', 'my/Robot.yaml').slug == (
    'drawer_my_robot_yaml'
  )


def test_a_scene_and_a_robot_are_joined():
  assert address.join('drawer', None) == 'drawer'
  assert address.join('drawer', 'panda') == 'drawer@panda'
  assert address.join('drawer@panda', 'panda+hand') == 'drawer@panda'
  with pytest.raises(errors.SddError, match='two robots'):
    address.join('drawer@panda', 'ur5e')


@pytest.mark.parametrize('text', ['', '@', 'drawer@', '@panda'])
def test_half_an_address_is_none(text):
  with pytest.raises(errors.SddError, match='expected SCENE or SCENE@ROBOT'):
    address.parse(text)


@pytest.mark.parametrize(
  ('text', 'hint'),
  [
    ('drawer@pandaa', "Did you mean 'panda'"),
    ('drawer@panda+wild', "Did you mean 'wide'"),
    ('drawers@panda', "Did you mean 'drawer'"),
    ('drawer@my.yaml+wide', 'gripper: {name: wide'),
    ('drawer@nothing.yaml', 'cannot be read as a robot file'),
  ],
)
def test_what_there_is_not_is_said(text, hint):
  with pytest.raises(errors.SddError) as caught:
    registry.load(text)
  assert hint in str(caught.value)


def test_a_scene_knows_its_address_and_its_domain():
  scene = registry.load('drawer@panda+hand')
  assert scene is registry.load('drawer@panda')
  assert (scene.name, scene.domain) == ('drawer@panda', 'drawer')
  assert registry.load('drawer').name == 'drawer'
  # What can be said, and what is done, do not depend on who does it.
  names = [registry.load(name).vocabulary for name in ('drawer', scene.name)]
  assert names[0] == names[1]
