"""Drawn looks repeat, vary everything, and leave shapes alone."""

import jax
import numpy as np
import pytest

from sdd.scenes import registry
from sdd.simulation import camera as camera_lib
from sdd.simulation import look as look_lib
from sdd.simulation import look_variation, raycast
from sdd.simulation import poses as poses_lib


def leaves(appearance):
  return jax.tree.leaves(
    (appearance.look, appearance.shift, appearance.turn, appearance.zoom)
  )


@pytest.mark.parametrize('name', ['drawer', 'transport', 'drawer@panda'])
def test_a_seed_gives_one_look(name):
  scene = registry.load(name)
  one, same, other = (
    look_variation.draw(scene, seed) for seed in ((1, 2), (1, 2), (1, 3))
  )
  for a, b, c in zip(leaves(one), leaves(same), leaves(other), strict=True):
    np.testing.assert_array_equal(a, b)
    assert np.shape(a) == np.shape(c)  # so that looks can be stacked
  assert not np.allclose(one.look.rgba, other.look.rgba)


def test_at_no_strength_nothing_changes():
  scene = registry.load('drawer')
  found = look_variation.draw(scene, (4,), strength=0.0)
  for a, b in zip(
    jax.tree.leaves(found.look),
    jax.tree.leaves(look_lib.Look.of(scene.model)),
    strict=True,
  ):
    np.testing.assert_array_equal(a, b)
  rgb = np.full((2, 4, 5, 3), 7, np.uint8)
  assert found.sensed(rgb, np.random.default_rng(0)) is rgb
  camera = camera_lib.look_at('front', (1, 0, 1), (0, 0, 0))
  moved = found.camera(scene.model, camera)
  np.testing.assert_allclose(moved.position, camera.position)
  np.testing.assert_allclose(moved.rotation, camera.rotation, atol=1e-12)
  assert moved.fovy == camera.fovy


def test_everything_varies_within_its_range():
  scene, limits = registry.load('drawer'), look_variation.Range()
  drawn = [look_variation.draw(scene, (k,)) for k in range(60)]
  shift = np.stack([each.shift for each in drawn])
  assert 0.8 * limits.camera_shift < np.abs(shift).max() <= limits.camera_shift
  turn = np.degrees(np.stack([each.turn for each in drawn]))
  assert np.abs(turn).max() <= limits.camera_turn
  assert all(0 <= each.noise <= limits.noise for each in drawn)
  exposure = np.log2([each.look.exposure for each in drawn])
  assert 0.2 < np.abs(exposure).max() <= limits.exposure
  kinds = {int(k) for each in drawn for k in each.look.texture.kind}
  assert kinds == set(range(len(look_lib.TEXTURES)))
  lit = [(each.look.lights.rgb.sum(axis=1) > 0).sum() for each in drawn]
  assert (min(lit), max(lit)) == limits.lights
  for name, geoms in look_variation.things(scene).items():
    colours = np.array([each.look.rgba[geoms[0], :3] for each in drawn])
    assert np.ptp(colours, axis=0).min() > 0.2, name
    assert (colours >= 0).all()
    assert (colours <= 1).all()


def test_a_white_table_is_neither_dark_nor_burnt_out():
  """Light on a level surface adds up to what was drawn."""
  scene, limits = registry.load('transport'), look_variation.Range()
  for k in range(30):
    look = look_variation.draw(scene, (k,)).look
    way = look.lights.direction
    level = -way[:, 2] / np.linalg.norm(way, axis=1)
    total = level @ look.lights.rgb + look.ambient + look.headlight
    low, high = limits.brightness
    assert low * 0.8 < total.min()
    assert total.max() < high * 1.2


def test_things_are_painted_as_one():
  scene = registry.load('drawer')
  found = look_variation.things(scene)
  assert {'robot', 'table', 'floor', 'cabinet', 'crayon box'} <= set(found)
  every = sorted(geom for geoms in found.values() for geom in geoms)
  assert every == list(range(scene.model.ngeom))


def test_the_camera_moves_in_its_own_frame():
  scene = registry.load('drawer')
  found = look_variation.draw(scene, (3,))
  number = scene.model.camera('wrist').id
  rotation = np.stack([np.eye(3), np.diag([1.0, -1, -1])])
  camera = camera_lib.checked(
    'wrist', np.zeros((2, 3)), rotation, 60.0, width=8, height=8
  )
  moved = found.camera(scene.model, camera)
  np.testing.assert_allclose(moved.position[0], found.shift[number])
  np.testing.assert_allclose(
    moved.position[1], found.shift[number] * [1, -1, -1]
  )
  angle = np.linalg.norm(found.turn[number])
  trace = np.trace(
    np.swapaxes(rotation, 1, 2) @ moved.rotation, axis1=1, axis2=2
  )
  np.testing.assert_allclose(trace, 1 + 2 * np.cos(angle), atol=1e-6)


def test_noise_has_the_strength_that_was_drawn():
  scene = registry.load('drawer')
  found = look_variation.draw(scene, (8,))
  rgb = np.full((100, 100, 3), 128, np.uint8)
  seen = found.sensed(rgb, np.random.default_rng(1))
  same = found.sensed(rgb, np.random.default_rng(1))
  np.testing.assert_array_equal(seen, same)
  assert abs(float(np.std(seen)) - found.noise) < 0.3
  assert abs(float(np.mean(seen)) - 128) < 0.3


def test_the_ray_caster_draws_it():
  scene = registry.load('drawer')
  poses = poses_lib.of_worlds(scene, [scene.rest])
  looks = [look_variation.draw(scene, (k,)).look for k in range(3)]
  both = jax.tree.map(lambda *leaf: np.stack(leaf), *looks)
  camera = camera_lib.look_at(
    'front', (1.35, -0.35, 0.85), (0.35, 0.2, 0.12), width=24, height=16
  )
  rgb = raycast.render(
    raycast.geom_table(scene.model), poses.geom_xpos[0], poses.geom_xmat[0],
    camera, look=both,
  ).rgb  # fmt: skip
  assert rgb.shape == (3, 16, 24, 3)
  assert np.abs(rgb[0].astype(int) - rgb[1].astype(int)).mean() > 5
