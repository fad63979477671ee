"""What each atom means, by example."""

import numpy as np
import pytest

from sdd.simulation import scene_state


@pytest.fixture
def empty(vocabulary):
  """A state without contacts, all boxes unit cubes at the origin."""
  links = len(vocabulary.links)
  bounds = np.zeros((links, 2, 3), np.float32)
  bounds[:, 1] = 1.0
  return scene_state.SceneState(
    link_position=np.zeros((links, 3), np.float32),
    link_quaternion=np.tile([1.0, 0.0, 0.0, 0.0], (links, 1)),
    link_bounds=bounds,
    joint_position=np.zeros(3, np.float32),
    contact=np.zeros((links, links), bool),
    contact_normal=np.zeros((links, links, 3), np.float32),
    gripper_command=np.float32(0.05),
  )


@pytest.fixture
def holds(compiled, empty):
  return lambda source: bool(compiled(source)(empty, empty))


@pytest.fixture
def touch(vocabulary, empty):
  """Puts two links, by name or finger number, in contact."""

  def put(a, b, normal=(0.0, 0.0, 1.0)):
    i, j = (
      vocabulary.fingers[each] if each in (0, 1) else vocabulary.index(each)
      for each in (a, b)
    )
    empty.contact[i, j] = empty.contact[j, i] = True
    empty.contact_normal[i, j] = normal
    empty.contact_normal[j, i] = -np.asarray(normal)

  return put


def test_contact_counts_parts_on_either_side(holds, touch):
  touch('horse toy', 'top drawer handle')
  for other in ('top drawer handle', 'top drawer', 'cabinet'):
    assert holds(f"check_contact(final_state, 'horse toy', '{other}')")
    assert holds(f"check_contact(final_state, '{other}', 'horse toy')")
  assert not holds("check_contact(final_state, 'horse toy', 'middle drawer')")


@pytest.mark.parametrize(
  ('overhang', 'keyword', 'expected'),
  [
    (0.0, '', True),
    (0.2, '', True),
    (0.3, '', False),
    (0.3, ', containment_threshold=0.25', True),
    (0.8, ', containment_threshold=0.25', False),
    (2.0, ', containment_threshold=0.0', False),
  ],
)
def test_inside_is_a_share_of_the_containee(
  holds, empty, vocabulary, overhang, keyword, expected
):
  empty.link_bounds[vocabulary.index('crayon box'), :, 0] += overhang
  source = f"check_inside(final_state, 'crayon box', 'top drawer'{keyword})"
  assert holds(source) is expected


def test_on_top_needs_contact_from_below(holds, touch):
  source = "check_on_top_of(final_state, 'horse toy', 'table')"
  assert not holds(source)
  touch('table', 'horse toy', (0.0, 0.5, 0.85))
  assert not holds(source)
  touch('table', 'horse toy', (0.0, 0.1, 0.99))
  assert holds(source)
  assert not holds("check_on_top_of(final_state, 'table', 'horse toy')")


@pytest.mark.parametrize(
  ('position', 'opened', 'closed'),
  [(0.0, 0, 1), (0.05, 0, 1), (0.07, 0, 0), (0.23, 0, 0), (0.25, 1, 0)],
)
def test_joint_limits(holds, empty, position, opened, closed):
  empty.joint_position[1] = position
  for link in ('middle drawer', 'middle drawer handle'):
    for name in ('check_opened', 'check_activated'):
      assert holds(f"{name}(final_state, '{link}')") == opened
    for name in ('check_closed', 'check_deactivated'):
      assert holds(f"{name}(final_state, '{link}')") == closed


def test_grasped_needs_both_fingers(holds, touch):
  source = "check_grasped(final_state, 'horse toy')"
  touch(0, 'horse toy')
  assert not holds(source)
  touch(1, 'horse toy')
  assert holds(source)


def test_upright_is_the_angle_of_its_own_z(holds, empty, vocabulary):
  index = vocabulary.index('horse toy')
  for angle, axis, expected in (
    (0.0, 1, True), (0.3, 1, True), (-0.3, 2, True), (0.4, 1, False),
    (0.4, 2, False), (3.0, 3, True), (3.1, 1, False),
  ):  # fmt: skip
    quaternion = np.zeros(4)
    quaternion[[0, axis]] = np.cos(angle / 2), np.sin(angle / 2)
    for scale in (1.0, -2.0):  # Length and sign do not matter.
      empty.link_quaternion[index] = scale * quaternion
      assert holds("is_upright(final_state, 'horse toy')") is expected
      assert holds("is_upright(final_state, 'horse toy', max_angle=3.141)")
  assert not holds("is_upright(final_state, 'horse toy', 1)")


def test_orientation_is_the_quaternion(holds, empty, vocabulary):
  empty.link_quaternion[vocabulary.index('horse toy')] = 0.5, -0.5, 0.5, -0.5
  assert holds(
    "np.allclose(get_pose(final_state, 'horse toy').orientation, "
    '[0.5, -0.5, 0.5, -0.5])'
  )


def test_what_has_no_extent_is_nowhere(compiled, empty, vocabulary):
  """Neither inside nor outside, but a box without volume is unknown."""
  inside = compiled("check_inside(final_state, 'crayon box', 'top drawer')")
  assert inside.verdict(empty, empty, xp=np) == 1
  for name in ('crayon box', 'top drawer'):
    index = vocabulary.index(name)
    before = empty.link_bounds[index].copy()
    empty.link_bounds[index, 1, 2] = empty.link_bounds[index, 0, 2]
    for source in (str(inside), f'not {inside.source}'):
      assert compiled(source).verdict(empty, empty, xp=np) == -1
      assert compiled(source).verdict(empty, empty) == -1
      assert not compiled(source)(empty, empty)
    empty.link_bounds[index] = before
  upright = compiled("is_upright(final_state, 'crayon box')")
  empty.link_quaternion[vocabulary.index('crayon box')] = 0.0
  assert upright.verdict(empty, empty, xp=np) == -1


def test_numbers(holds, empty, vocabulary):
  empty.link_position[vocabulary.index('horse toy')] = 3.0, 0.0, 4.0
  empty.joint_position[0] = 0.125
  assert holds("get_distance(final_state, 'horse toy', 'crayon box') == 5")
  assert holds("get_joint_position(final_state, 'top drawer') == 1 / 8")
  assert holds('0.049 < gripper_command(final_state) < 0.051')
  assert holds(
    'def f(init_state, final_state):\n'
    "  x, y, z = get_pose(final_state, 'horse toy').position\n"
    '  return max(x, y, -z) == 3 and min(x, -z) == -4 and abs(-z) == z\n'
  )


def test_reads_are_in_vocabulary_order(compiled):
  predicate = compiled(
    "check_contact(final_state, 'horse toy', 'table') and "
    "get_pose(init_state, 'the Crayon_Box').position[0] < 1 and "
    "check_closed(final_state, 'top drawer handle')"
  )
  assert predicate.reads == (
    'table',
    'top drawer handle',
    'crayon box',
    'horse toy',
  )
