"""Points and grips lie on the surfaces that they are drawn from."""

import mujoco
import numpy as np
import pytest

from sdd.planning import surface, trajectory
from sdd.scenes import grippers

PROBES = grippers.WIDE.probes

KINDS = {
  'box': (surface.BOX, (0.02, 0.03, 0.05)),
  'capsule': (surface.CAPSULE, (0.02, 0.05, 0.0)),
  'sphere': (surface.SPHERE, (0.03, 0.0, 0.0)),
}


def geom(kind, size, *, at=(0.4, -0.1, 0.2), turn=(0.4, -0.8, 1.1)):
  rotation = trajectory.rotation_matrix(np.asarray(turn, float))
  return surface.Geom(kind, np.asarray(size, float), np.asarray(at), rotation)


def distance(shape, point):
  """Signed distance to the surface, negative inside."""
  local = shape.rotation.T @ (point - shape.position)
  if shape.kind == surface.BOX:
    beyond = np.abs(local) - shape.size
    outside = np.linalg.norm(np.maximum(beyond, 0))
    return outside + min(np.max(beyond), 0.0)
  half = shape.size[1] if shape.kind == surface.CAPSULE else 0.0
  core = np.array([0, 0, np.clip(local[2], -half, half)])
  return np.linalg.norm(local - core) - shape.size[0]


@pytest.fixture(params=KINDS, name='shape')
def _shape(request):
  return geom(*KINDS[request.param])


def test_points_lie_on_the_surface_and_normals_point_out(shape):
  rng = np.random.default_rng(0)
  for _ in range(200):
    point, normal = surface.draw_point(shape, rng)
    assert abs(distance(shape, point)) < 1e-9
    np.testing.assert_allclose(np.linalg.norm(normal), 1.0)
    assert distance(shape, point + 1e-3 * normal) > 0.9e-3
    assert distance(shape, point - 1e-3 * normal) < 0


def test_points_are_spread_over_the_whole_capsule():
  rod, rng = geom(*KINDS['capsule'], turn=(0, 0, 0)), np.random.default_rng(0)
  points = np.array([surface.draw_point(rod, rng)[0] for _ in range(2000)])
  along = points[:, 2] - rod.position[2]
  # Archimedes: equal slices of a sphere have equal areas, as of a cylinder.
  counts, _ = np.histogram(along, bins=7, range=(-0.07, 0.07))
  assert counts.sum() == 2000
  assert np.all(np.abs(counts - 2000 / 7) < 80)


def test_both_ends_of_a_grip_lie_on_opposite_sides(shape):
  rng = np.random.default_rng(0)
  for _ in range(100):
    grip = surface.draw_grip(shape, rng)
    np.testing.assert_allclose(np.linalg.norm(grip.axis), 1.0)
    for side in (-1, 1):
      contact = grip.centre + side * grip.width / 2 * grip.axis
      assert abs(distance(shape, contact)) < 1e-9
      assert distance(shape, contact + side * 1e-3 * grip.axis) > 0.9e-3


def test_areas():
  assert surface.area(geom(surface.BOX, (1, 2, 3))) == pytest.approx(88)
  assert surface.area(geom(surface.SPHERE, (2, 0, 0))) == pytest.approx(
    16 * np.pi
  )
  assert surface.area(geom(surface.CAPSULE, (1, 2, 0))) == pytest.approx(
    12 * np.pi
  )


@pytest.mark.parametrize('face', [0, 1, 2])
def test_squeezing_two_faces_of_a_box_measures_its_width(face):
  box = geom(*KINDS['box'])
  # The tool's y closes along the chosen axis of the box.
  order = [(face + 2) % 3, face, (face + 1) % 3]
  rotation = box.rotation[:, order]
  rotation[:, 0] *= np.linalg.det(rotation)
  aside = box.position + 0.004 * rotation[:, 1]  # not quite in the middle
  met = surface.squeezed([box], aside, rotation, probes=PROBES)
  assert met is not None
  np.testing.assert_allclose(met[0], box.position, atol=1e-9)
  np.testing.assert_allclose(met[1], 2 * box.size[face])


def test_squeezing_several_geoms_meets_the_outermost():
  inner = geom(surface.BOX, (0.03, 0.01, 0.03), turn=(0, 0, 0))
  outer = geom(surface.BOX, (0.03, 0.02, 0.03), turn=(0, 0, 0))
  met = surface.squeezed(
    [inner, outer], inner.position, np.eye(3), probes=PROBES
  )
  assert met is not None
  np.testing.assert_allclose(met[1], 0.04)


def poor_grips():
  at, upright = np.array([0.4, 0.0, 0.1]), (0, 0, 0)
  box = geom(surface.BOX, (0.03, 0.02, 0.03), at=at, turn=upright)
  yield 'a miss', [box], np.add(at, (0.08, 0, 0))
  bead = geom(surface.SPHERE, (0.003, 0, 0), at=at)
  yield 'one point of each pad', [bead], at
  far, near = np.add(at, ((0.008, 0.02, 0), (-0.008, -0.02, 0)))
  askew = [
    geom(surface.BOX, (0.004, 0.02, 0.03), at=far, turn=upright),
    geom(surface.BOX, (0.004, 0.02, 0.03), at=near, turn=upright),
  ]
  yield 'sides that do not face each other', askew, at


@pytest.mark.parametrize(
  ('geoms', 'centre'),
  [pytest.param(*case[1:], id=case[0]) for case in poor_grips()],
)
def test_poor_grips_are_rejected(geoms, centre):
  assert surface.squeezed(geoms, centre, np.eye(3), probes=PROBES) is None


def test_only_what_collides_can_be_grasped(scene):
  data = mujoco.MjData(scene.model)
  mujoco.mj_kinematics(scene.model, data)
  names = scene.vocabulary.find('purple pencilcase').geoms
  shapes = surface.link_geoms(scene.model, data, names)
  assert 'purple pencilcase/zip' in names
  assert len(shapes) == len(names) - 1
  assert {shape.kind for shape in shapes} <= {
    surface.BOX,
    surface.CAPSULE,
    surface.SPHERE,
  }
