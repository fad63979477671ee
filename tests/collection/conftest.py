"""The drawer scene, its task trees, and one whole episode."""

import pytest
import scripted

from sdd.collection import collector, session
from sdd.language import registry as providers
from sdd.scenes import registry

TASK = 'move the crayon box into the top drawer'


@pytest.fixture(scope='session')
def scene():
  return registry.load('drawer')


@pytest.fixture(scope='session')
def infer(scene):
  return session.trees(scene, providers.make_provider('recorded'))


@pytest.fixture(scope='session')
def tree(scene):
  """A tree for scripted worlds: put away, then close."""
  return scripted.tree(scene)


@pytest.fixture(scope='session')
def whole(scene, infer):
  """Episode 0 of seed 0, planned in this process."""
  job = collector.Job(0, TASK)
  with session.collecting(scene, infer, seed=0, workers=0) as attempts:
    (episode,) = attempts.run([job])
  return episode
