"""A drawer scene's vocabulary, and its twelve tasks."""

import pytest

from sdd.scenes import vocabulary as vocabulary_lib

OBJECTS = ('vitamin bottle', 'purple pencilcase', 'crayon box', 'horse toy')
LEVELS = ('top', 'middle', 'bottom')


@pytest.fixture(scope='session')
def vocabulary() -> vocabulary_lib.Vocabulary:
  link = vocabulary_lib.Link
  links = [link(name, name, (name,), 'object') for name in OBJECTS]
  links.append(link('cabinet', 'cabinet', ('cabinet_back',), 'furniture'))
  for level in LEVELS:
    name, joint = f'{level} drawer', f'{level}_slide'
    links.append(link(name, name, (name,), 'part', joint, 'cabinet'))
    handle = f'{name} handle'
    links.append(link(handle, name, (handle,), 'part', joint, name))
  links.append(link('table', 'table', ('table',), 'support'))
  links.append(link('floor', 'world', ('floor',), 'support'))
  links.append(link('left finger', 'left', ('left',), 'robot'))
  links.append(link('right finger', 'right', ('right',), 'robot'))
  joints = tuple(f'{level}_slide' for level in LEVELS)
  return vocabulary_lib.Vocabulary(tuple(links), joints, ((0.0, 0.3),) * 3)


@pytest.fixture(scope='session')
def twelve_tasks() -> list[tuple[str, str, str]]:
  """Sentence, object, drawer."""
  return [
    (f'move the {name} into the {level} drawer', name, f'{level} drawer')
    for name in OBJECTS
    for level in LEVELS
  ]
