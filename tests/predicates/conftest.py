"""A drawer scene's vocabulary, and scene states drawn at random."""

import numpy as np
import pytest

from sdd.predicates import predicate
from sdd.scenes import vocabulary as vocabulary_lib
from sdd.simulation import scene_state

OBJECTS = ('vitamin bottle', 'purple pencilcase', 'crayon box', 'horse toy')
LEVELS = ('top', 'middle', 'bottom')


def _links() -> tuple[vocabulary_lib.Link, ...]:
  link = vocabulary_lib.Link
  links = [
    link('table', 'table', ('table',), 'support'),
    link('floor', 'world', ('floor',), 'support'),
    link('cabinet', 'cabinet', ('cabinet_back',), 'furniture'),
  ]
  for level in LEVELS:
    name, joint = f'{level} drawer', f'{level}_slide'
    links.append(link(name, name, (name,), 'part', joint, 'cabinet'))
    handle = f'{name} handle'
    links.append(link(handle, name, (handle,), 'part', joint, name))
  links.extend(link(name, name, (name,), 'object') for name in OBJECTS)
  links.append(link('left finger', 'left', ('left',), 'robot'))
  links.append(link('right finger', 'right', ('right',), 'robot'))
  return tuple(links)


@pytest.fixture(scope='session')
def vocabulary() -> vocabulary_lib.Vocabulary:
  joints = tuple(f'{level}_slide' for level in LEVELS)
  return vocabulary_lib.Vocabulary(_links(), joints, ((0.0, 0.3),) * 3)


@pytest.fixture(scope='session')
def compiled(vocabulary):
  """Code to predicate."""
  return lambda source: predicate.compile_predicate(source, vocabulary)


@pytest.fixture(scope='session')
def random_state(vocabulary):
  """Seed and batch shape to a random, self-consistent scene state."""
  links, joints = len(vocabulary.links), len(vocabulary.joints)

  def draw(seed: int, *batch: int) -> scene_state.SceneState:
    rng = np.random.default_rng(seed)
    position = rng.uniform(-0.3, 0.3, (*batch, links, 3))
    half = rng.uniform(0.01, 0.4, (*batch, links, 3))
    touching = rng.random((*batch, links, links)) < 0.3
    touching = np.triu(touching, 1)
    touching = touching | np.swapaxes(touching, -1, -2)
    normal = rng.normal(size=(*batch, links, links, 3)) * (0.2, 0.2, 1.0)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    normal = normal - np.swapaxes(normal, -3, -2)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-9
    return scene_state.SceneState(
      link_position=position.astype(np.float32),
      link_quaternion=np.tile([1.0, 0.0, 0.0, 0.0], (*batch, links, 1)),
      link_bounds=np.stack([position - half, position + half], -2).astype(
        np.float32
      ),
      joint_position=rng.uniform(0, 0.3, (*batch, joints)).astype(np.float32),
      contact=touching,
      contact_normal=(normal * touching[..., None]).astype(np.float32),
      gripper_command=rng.uniform(0, 0.11, batch).astype(np.float32),
    )

  return draw
