"""Every toy is one that the gripper can handle."""

import dataclasses

import mujoco
import numpy as np
import pytest

from sdd import errors
from sdd.planning import approach, surface
from sdd.scenes import grippers, toys, toys_training, toys_unseen

TOYS = (*toys_training.TOYS, *toys_unseen.TOYS)
CUBE = toys.Toy('cube', 100, (toys.box('red', (0, 0, 0), (4, 4, 4)),))


def compiled(toy):
  spec = mujoco.MjSpec()
  toys.add_toy(spec, toy)
  model = spec.compile()
  data = mujoco.MjData(model)
  mujoco.mj_forward(model, data)
  return model, data


def geoms_of(toy):
  model, data = compiled(toy)
  names = [model.geom(i).name for i in range(model.ngeom)]
  return surface.link_geoms(model, data, tuple(names))


def extents(geoms, direction):
  """How far the geoms reach along a direction, from and to."""
  reached = []
  for geom in geoms:
    along = direction @ geom.rotation
    if geom.kind == surface.BOX:
      half = np.abs(along) @ geom.size
    else:
      core = geom.size[1] if geom.kind == surface.CAPSULE else 0.0
      half = geom.size[0] + abs(along[2]) * core
    at = direction @ geom.position
    reached.append((at - half, at + half))
  low, high = np.array(reached).T
  return low.min(), high.max()


def test_there_are_22_and_8_of_them_all_different():
  assert len(toys_training.TOYS) == 22
  assert len(toys_unseen.TOYS) == 8
  assert len({toy.name for toy in TOYS}) == 30
  assert len({toy.bricks for toy in TOYS}) == 30


@pytest.mark.parametrize('toy', TOYS, ids=lambda toy: toy.name)
def test_size_and_mass(toy):
  model, _ = compiled(toy)
  assert 0.06 <= model.body_mass[1] <= 0.2
  assert model.body_mass[1] == pytest.approx(toy.grams / 1000)
  directions = np.random.default_rng(0).normal(size=(200, 3))
  directions /= np.linalg.norm(directions, axis=1, keepdims=True)
  geoms = geoms_of(toy)
  lengths = [np.subtract(*extents(geoms, d)[::-1]) for d in directions]
  assert 0.05 < max(lengths) < 0.16


@pytest.mark.parametrize('toy', TOYS, ids=lambda toy: toy.name)
def test_the_origin_is_the_centre_of_mass(toy):
  model, _ = compiled(toy)
  np.testing.assert_allclose(model.body_ipos[1], 0, atol=1e-9)


@pytest.mark.parametrize('toy', TOYS, ids=lambda toy: toy.name)
def test_it_can_be_grasped_whichever_way_it_lies(toy):
  geoms = geoms_of(toy)
  rng = np.random.default_rng(0)
  for prefer in -np.eye(3):
    grasps = approach.draw_grasps(geoms, grippers.WIDE, prefer=prefer, rng=rng)
    widths = [grasp.width for grasp in grasps]
    assert len(widths) >= 3
    assert min(widths) < 0.09


@pytest.mark.parametrize('toy', TOYS, ids=lambda toy: toy.name)
def test_what_is_not_used_is_hidden(toy):
  model, data = compiled(toy)
  whole = np.array([extents(geoms_of(toy), axis) for axis in np.eye(3)]).T
  for kind, room in toys.SLOTS.items():
    count = sum(brick.kind == kind for brick in toy.bricks)
    for index in range(room):
      geom = model.geom(f'toy/{kind} {index}')
      assert (geom.size[0] <= 0.0005) == (index >= count)
      place = data.geom_xpos[geom.id]
      assert np.all((place >= whole[0] - 0.01) & (place <= whole[1] + 0.01))


def test_both_sides_mirror_each_other():
  tilted = toys.box('red', (1, 2, 3), (1, 2, 4), ('x', 30))
  left, right = toys.both(tilted)
  assert left is tilted
  assert (right.at, right.turn) == ((1, -2, 3), ('x', -30))
  _, right = toys.both(toys.rod('red', (0, 1, 0), (0, 3, 1), 0.5))
  assert (right.at, right.extent) == ((0, -1, 0), (0, -3, 1))
  _, right = toys.both(toys.box('red', (0, 1, 0), (1, 1, 1), ('y', 30)))
  assert right.turn == ('y', 30)


def test_a_toy_is_where_its_table_says():
  (geom, *_) = geoms_of(CUBE)
  np.testing.assert_allclose(geom.size, 0.02)
  two = (CUBE.bricks[0], toys.ball('red', (6, 0, 0), 2))
  pair = dataclasses.replace(CUBE, bricks=two)
  first, *_, second = (g for g in geoms_of(pair) if g.size[0] > 0.001)
  offset = second.position - first.position
  np.testing.assert_allclose(offset, (0.06, 0, 0), atol=1e-9)


def test_mistakes_in_the_table_are_explained():
  many = (toys.ball('red', (0, 0, 0), 1),) * 5
  with pytest.raises(errors.SddError, match=r"5 bricks of kind 'ball'.* 4"):
    toys.Toy('heap', 100, many)
  with pytest.raises(errors.UnknownNameError, match="mean 'green'"):
    toys.Toy('leaf', 100, (toys.ball('gren', (0, 0, 0), 1),))
