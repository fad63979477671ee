"""The mailbox: what is in it, what varies, what holds, when a task is done."""

import dataclasses

import driving_mailbox as box
import mujoco
import numpy as np
import pytest

from sdd.scenes import mailbox, parts, robots, scene, table_top

SEEDS = range(12)
RNG = np.random.default_rng


@pytest.fixture(scope='module')
def wide():
  return mailbox.load(robots.DEFAULT)


@pytest.fixture(scope='module')
def paper(wide):
  return dataclasses.replace(wide, variation='paper')


def test_language_can_name_body_lid_handle_flag_and_package(wide):
  words = wide.vocabulary
  assert set(words.names) == {
    'package', 'mailbox', 'mailbox lid', 'mailbox lid handle', 'mailbox flag',
    'table', 'floor',
  }  # fmt: skip
  assert words.joints == ('mailbox lid', 'mailbox flag')
  handle = words.joint_index('mailbox lid handle')
  assert handle == words.joint_index('mailbox lid')
  assert [task.sentence for task in wide.tasks] == [mailbox.TASK]
  for index, link in enumerate(words.links):
    if link.joint:
      at = words.joints.index(link.joint)
      limits = wide.model.joint(link.joint).range
      np.testing.assert_array_equal(words.ranges[at], limits)
      assert words.index(link.name) == index


def test_shapes_differ_in_size_alone(wide):
  first = wide.model
  assert len(wide.shapes) == len(mailbox.PACKAGES)
  for shape, half in enumerate(mailbox.PACKAGES):
    model = wide.shaped(shape).model
    assert (model.nq, model.nbody, model.ngeom) == (
      first.nq, first.nbody, first.ngeom,
    )  # fmt: skip
    for i in range(model.ngeom):
      assert model.geom(i).name == first.geom(i).name
      assert model.geom_type[i] == first.geom_type[i]
    np.testing.assert_array_equal(model.geom('package/carton').size, half)


def test_every_package_fits_with_room_to_spare(wide):
  left, right = box.inner_faces(wide.model, axis=1)
  front, back = box.inner_faces(wide.model, axis=0)
  for half in mailbox.PACKAGES:
    assert right - left - 2 * max(half[:2]) > 2 * 0.015
    assert back - front - 2 * max(half[:2]) > 2 * 0.015
    assert 0.05 <= 2 * min(half[:2]) <= 2 * max(half[:2]) <= 0.07


@pytest.mark.parametrize('variation', ['wide', 'paper'])
def test_worlds_stay_within_what_is_said(wide, paper, variation):
  this = wide if variation == 'wide' else paper
  area = mailbox.PACKAGE_AREA if variation == 'wide' else mailbox.PAPER_AREA
  spread = {'shape': set(), 'yaw': set(), 'place': set()}
  for seed in range(40):
    world = this.initial(RNG(seed))
    package = box.pose(this, world)
    assert np.all(package[:2] >= area[0])
    assert np.all(package[:2] <= area[1])
    shift = world.mocap_pos[0, :2] - mailbox.PLACE
    assert np.all(np.abs(shift) <= mailbox.SHIFT)
    turn = 2 * np.arctan2(world.mocap_quat[0, 3], world.mocap_quat[0, 0])
    assert abs(turn) <= mailbox.YAW
    spread['shape'].add(world.shape)
    spread['yaw'].add(tuple(package[3:]))
    spread['place'].add((*world.mocap_pos[0], turn))
  varies = {name: len(values) > 1 for name, values in spread.items()}
  assert varies == dict.fromkeys(spread, variation == 'wide')


def test_worlds_begin_at_rest_and_clear_of_each_other(wide):
  for seed in SEEDS:
    world = wide.initial(RNG(seed))
    rested = table_top.settled(wide, world)
    moved = box.pose(wide, rested)[:3] - box.pose(wide, world)[:3]
    assert np.linalg.norm(moved) < 0.003
    np.testing.assert_allclose(box.joints(wide, rested), 0, atol=0.01)
    state = box.state(wide, world)
    words = wide.vocabulary
    touched = {
      words.links[i].name
      for i in np.flatnonzero(state.contact[words.index('package')])
    }
    assert touched <= {'table'}


@pytest.mark.parametrize('index', [0, 1], ids=['lid', 'flag'])
@pytest.mark.parametrize('share', [0.2, 0.5, 0.8, 1.0])
def test_lid_and_flag_stay_where_they_are_left(wide, index, share):
  value = share * wide.vocabulary.ranges[index, 1]
  world = wide.initial(RNG(0))
  world.qpos[wide.joint_qpos[index]] = value
  rested = box.simulated(wide, world, seconds=5.0)
  assert box.joints(wide, rested)[index] == pytest.approx(value, abs=0.02)


def test_the_open_lid_leaves_the_opening_free_from_above(wide):
  model, data = wide.model, mujoco.MjData(wide.model)
  data.qpos[wide.joint_qpos[0]] = mailbox.LID_RANGE[1]
  mujoco.mj_forward(model, data)
  inner = np.array([*box.inner_faces(model, axis=0)])
  for x in np.linspace(inner[0] + 0.002, inner[1] - 0.002, 6):
    for y in np.linspace(-0.08, 0.08, 5):
      start = np.array([mailbox.PLACE[0] + x, mailbox.PLACE[1] + y, 0.5])
      hit = np.array([-1], np.int32)
      mujoco.mj_ray(
        model, data, start, np.array([0, 0, -1.0]), None, 1, -1, hit
      )
      assert model.geom(hit[0]).name == 'mailbox/bottom'


LOCAL = {
  'in the middle': ((0, 0, 0.12), True),
  'in a corner': ((0.02, 0.05, 0.12), True),
  'beside it': ((0, 0.2, 0.03), False),
  'in front of it': ((-0.1, 0, 0.12), False),
  'on its rim': ((0, 0, 0.21), False),
  'below it': ((0, 0, 0.03), False),
}


@pytest.mark.parametrize('turn', [0.0, 0.15])
@pytest.mark.parametrize('where', LOCAL)
def test_the_package_counts_where_it_is_inside(wide, where, turn):
  local, inside = LOCAL[where]
  world = box.arranged(wide, local, turn=turn, lid=0.0, flag=1.65)
  assert wide.tasks[0].ground_truth(box.state(wide, world)) is inside


@pytest.mark.parametrize(
  ('lid', 'flag', 'done'),
  [(0, 1.65, True), (0.35, 1.4, True), (0.45, 1.65, False), (0, 1.2, False),
   (2.0, 1.65, False), (0, 0, False)],
)  # fmt: skip
def test_lid_and_flag_count_near_their_limits(wide, lid, flag, done):
  world = box.arranged(wide, (0, 0, 0.12), turn=0.0, lid=lid, flag=flag)
  assert wide.tasks[0].ground_truth(box.state(wide, world)) is done


@pytest.mark.parametrize('shape', range(len(mailbox.PACKAGES)))
def test_a_dropped_package_comes_to_lie_inside(wide, shape):
  world = box.arranged(wide, (0, 0.01, 0.20), turn=0.1, lid=2.0, flag=1.65)
  world = dataclasses.replace(world, shape=shape)
  rested = table_top.settled(wide, world)
  rested.qpos[wide.joint_qpos[0]] = 0.0
  assert isinstance(wide, scene.Scene)
  assert wide.tasks[0].ground_truth(box.state(wide, rested))
  below = box.pose(wide, rested)[2] + max(mailbox.PACKAGES[shape])
  assert below < 0.09 + 0.09  # under the rim, so that the lid can close


def test_furniture_turns_with_its_mocap_pose(wide):
  world = box.arranged(wide, (0, 0, 0.12), turn=0.15, lid=0.0, flag=0.0)
  state = box.state(wide, world)
  index = wide.vocabulary.index('mailbox lid')
  np.testing.assert_allclose(
    state.link_quaternion[index], parts.rotation_z(0.15), atol=1e-6
  )
