"""Laws of pictures, by the renderer that is always there."""

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import toy_scene

from sdd import errors
from sdd.scenes import registry
from sdd.simulation import camera as camera_lib
from sdd.simulation import look as look_lib
from sdd.simulation import picture, raycast, render_frame, renderer
from sdd.simulation import poses as poses_lib

_SIZE = (48, 64)


@pytest.fixture(scope='module')
def shapes():
  return toy_scene.scene()


@pytest.fixture(scope='module')
def drawer(shapes):
  return renderer.make('raycast', shapes)


def _all(drawer, poses, camera: Any = 'front', **options):
  options = {'size': _SIZE, 'outputs': renderer.OUTPUTS, **options}
  return drawer.render(poses, camera, **options)


def _points(camera, depth):
  """World points at that depth; anything where there is none."""
  depth = np.where(np.isfinite(depth), depth, 1)
  return camera.position + depth[..., None] * camera.rays()


def test_only_what_is_asked_for_is_drawn(shapes, drawer):
  image = drawer.render(toy_scene.still(shapes), 'front', size=_SIZE)
  assert image.rgb.shape == (*_SIZE, 3)
  assert image.rgb.dtype == np.uint8
  assert image.depth is None
  assert image.segmentation is None
  default = picture.seen_by(shapes, toy_scene.still(shapes), 'front', None)
  assert (default.height, default.width) == renderer.SIZE


def test_depth_is_that_of_the_shape(shapes, drawer):
  """Points at that depth lie on the sphere, and on the floor."""
  where = toy_scene.still(shapes)
  image = _all(drawer, where)
  camera = picture.seen_by(shapes, where, 'front', _SIZE)
  points = _points(camera, image.depth)
  ball = points[image.segmentation == 0]
  centre = where.geom_xpos[shapes.model.geom('sphere 0').id]
  assert len(ball) > 20
  assert np.allclose(np.linalg.norm(ball - centre, axis=-1), 0.08, atol=1e-5)
  floor = points[(image.segmentation < 0) & np.isfinite(image.depth)]
  assert len(floor) > 1000
  assert np.allclose(floor[:, 2], 0, atol=1e-5)


def test_every_shape_is_segmented_where_it_is(shapes, drawer):
  where = toy_scene.still(shapes)
  segmentation = _all(drawer, where).segmentation
  camera = picture.seen_by(shapes, where, 'front', _SIZE)
  assert set(np.unique(segmentation)) == {-1, *range(len(toy_scene.SHAPES))}
  for link, name in enumerate(toy_scene.names()):
    middle = where.geom_xpos[shapes.model.geom(name).id]
    column, row = np.round(camera.project(middle)).astype(int)
    if 0 <= row < _SIZE[0] and 0 <= column < _SIZE[1]:
      assert segmentation[row, column] == link


def test_intrinsics_and_extrinsics_are_the_rays(shapes):
  where = toy_scene.still(shapes)
  camera = picture.seen_by(shapes, where, 'front', _SIZE)
  points = _points(camera, np.full(_SIZE, 1.7)).reshape(-1, 3)
  padded = np.concatenate([points, np.ones((len(points), 1))], axis=-1)
  seen = padded @ camera.extrinsics().T
  assert np.allclose(seen[:, 2], 1.7)
  pixel = seen[:, :3] @ camera.intrinsics().T / 1.7
  assert np.allclose(pixel[:, :2], camera.project(points))
  two = dataclasses.replace(camera, fovy=np.array([30.0, 60.0]))
  assert two.intrinsics().shape == (2, 3, 3)
  assert two.rays().shape == (2, *_SIZE, 3)


def _batch(shapes, count):
  """Things, cameras, lenses, colours and lights that all differ."""
  where, look = toy_scene.still(shapes), toy_scene.textured(shapes, 1)
  rng = np.random.default_rng(0)
  shift = rng.uniform(-0.05, 0.05, (count, 1, 3))
  moved = poses_lib.Poses(
    where.geom_xpos + shift,
    np.stack([where.geom_xmat] * count),
    np.stack([where.cam_xpos] * count),
    np.stack([where.cam_xmat] * count),
  )
  camera = camera_lib.look_at('any', [1, -0.7, 0.9], [0, 0.1, 0.1])
  camera = dataclasses.replace(camera, fovy=rng.uniform(35, 50, count))
  drawn = rng.uniform(0, 1, (count, *look.lights.rgb.shape))
  rgba = rng.uniform(0.2, 1, (count, *look.rgba.shape))
  kinds = rng.integers(0, 5, (count, shapes.model.ngeom)).astype(np.int32)
  return (
    moved,
    camera,
    dataclasses.replace(
      look,
      rgba=rgba.astype(np.float32),
      texture=dataclasses.replace(look.texture, kind=kinds),
      lights=dataclasses.replace(look.lights, rgb=drawn.astype(np.float32)),
    ),
  )


def _one(batch, index):
  moved, camera, look = batch
  pick = functools.partial(jax.tree.map, lambda leaf: leaf[index])
  return (
    pick(moved),
    dataclasses.replace(camera, fovy=camera.fovy[index]),
    dataclasses.replace(
      look,
      rgba=look.rgba[index],
      texture=dataclasses.replace(look.texture, kind=look.texture.kind[index]),
      lights=dataclasses.replace(look.lights, rgb=look.lights.rgb[index]),
    ),
  )


def test_a_batch_equals_a_loop(shapes, drawer):
  """Poses, lenses, colours, textures and lights are all values."""
  moved, camera, look = batch = _batch(shapes, 3)
  together = _all(drawer, moved, camera, look=look)
  assert together.rgb.shape == (3, *_SIZE, 3)
  assert len({row.tobytes() for row in together.rgb}) == 3
  for index in range(3):
    where, eye, shown = _one(batch, index)
    alone = _all(drawer, where, eye, look=shown)
    for many, single in zip(jax.tree.leaves(together), jax.tree.leaves(alone)):
      assert np.array_equal(many[index], single)


def test_chunks_for_accelerators_draw_the_same(shapes, drawer, monkeypatch):
  batch = _batch(shapes, 3)
  slowly = _all(drawer, batch[0], batch[1], look=batch[2])
  monkeypatch.setattr(render_frame, 'on_cpu', lambda: False)
  at_once = _all(drawer, batch[0], batch[1], look=batch[2])
  assert np.mean(slowly.segmentation == at_once.segmentation) > 0.999
  apart = np.abs(np.int32(slowly.rgb) - np.int32(at_once.rgb))
  assert np.mean(apart > 2) < 0.002


@pytest.mark.parametrize('kind', range(1, 5))
def test_textures_are_the_same_every_time(shapes, drawer, kind):
  where, look = toy_scene.still(shapes), toy_scene.textured(shapes, kind)
  first = _all(drawer, where, look=look, outputs=('rgb',)).rgb
  again = _all(
    renderer.make('raycast', shapes), where, look=look, outputs=('rgb',)
  ).rgb
  assert np.array_equal(first, again)
  plain = dataclasses.replace(
    look,
    texture=dataclasses.replace(
      look.texture, kind=np.zeros_like(look.texture.kind)
    ),
  )
  bare = _all(drawer, where, look=plain, outputs=('rgb',)).rgb
  assert np.mean(np.any(first != bare, axis=-1)) > 0.2


def test_noise_is_by_seed(shapes, drawer):
  where = toy_scene.still(shapes)
  look = toy_scene.textured(shapes, look_lib.NOISE)
  other = dataclasses.replace(
    look, texture=dataclasses.replace(look.texture, seed=look.texture.seed + 9)
  )
  one, two = (
    _all(drawer, where, look=each, outputs=('rgb',)).rgb
    for each in (look, other)
  )
  assert np.mean(np.any(one != two, axis=-1)) > 0.3


@pytest.mark.parametrize('directional', [0.0, 1.0])
def test_shadows_are_where_a_ball_stands_in_the_light(
  shapes, drawer, directional
):
  """Exactly those of the floor whose line to the light passes the ball."""
  where = toy_scene.still(shapes)
  look = look_lib.Look.of(shapes.model)
  ball = shapes.model.geom('sphere 0').id
  alone = np.array(look.rgba)
  alone[:, 3] = [name in (ball, 0) for name in range(shapes.model.ngeom)]
  lamp, way = np.array([0.2, 0.3, 1.5]), np.array([-0.5, -0.3, -1.3])
  look = dataclasses.replace(
    look,
    rgba=alone,
    lights=look_lib.Lights(
      position=lamp[None].astype(np.float32),
      direction=way[None].astype(np.float32),
      rgb=np.full((1, 3), 0.5, np.float32),
      shadow=np.ones(1, np.float32),
      directional=np.array([directional], np.float32),
      cutoff=np.array([180], np.float32),
      exponent=np.array([0], np.float32),
      spread=np.array([0], np.float32),
    ),
  )
  dark = _all(drawer, where, look=look)
  lit = _all(drawer, where, look=look, shadows=False)
  camera = picture.seen_by(shapes, where, 'front', _SIZE)
  points = _points(camera, dark.depth)
  floor = (dark.segmentation < 0) & np.isfinite(dark.depth)
  line = -way if directional else lamp - points
  line = line / np.linalg.norm(line, axis=-1, keepdims=True)
  to_ball = where.geom_xpos[ball] - points
  along = np.sum(to_ball * line, axis=-1, keepdims=True)
  miss = np.linalg.norm(to_ball - along * line, axis=-1)
  expected = miss[floor] < 0.08
  found = np.any(dark.rgb != lit.rgb, axis=-1)[floor]
  assert expected.sum() > 10
  assert np.mean(expected == found) > 0.998


def test_what_has_no_alpha_is_not_there(shapes, drawer):
  look = look_lib.Look.of(shapes.model)
  rgba = np.array(look.rgba)
  rgba[shapes.model.geom('box 4').id, 3] = 0
  image = _all(
    drawer, toy_scene.still(shapes), look=dataclasses.replace(look, rgba=rgba)
  )
  assert 4 not in image.segmentation
  assert 5 in image.segmentation


def _picture(shapes, positions, look):
  where = toy_scene.still(shapes)
  camera = picture.seen_by(shapes, where, 'front', _SIZE)
  return raycast.trace(
    dataclasses.replace(raycast.geom_table(shapes.model), look=None),
    positions,
    jnp.asarray(where.geom_xmat, jnp.float32),
    jnp.asarray(camera.position, jnp.float32),
    jnp.asarray(camera.rotation, jnp.float32),
    camera.fovy,
    look,
    size=(32, 32),
  )


def test_gradients_are_those_of_small_changes(shapes):
  where = toy_scene.still(shapes)
  look = jax.tree.map(jnp.asarray, toy_scene.textured(shapes, look_lib.NOISE))

  def loss(positions, rgba, of_colour, of_depth):
    seen = _picture(shapes, positions, dataclasses.replace(look, rgba=rgba))
    depth = jnp.where(jnp.isfinite(seen.depth), seen.depth, 0)
    return of_colour * jnp.mean(seen.colour**2) + of_depth * jnp.sum(depth)

  # One program for everything: it takes long to compile.
  both = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))
  positions = jnp.asarray(where.geom_xpos, jnp.float32)
  _, (shift, tint) = both(positions, look.rgba, 1.0, 0.0)
  assert np.isfinite(shift).all()
  assert np.isfinite(tint).all()
  change = jnp.zeros_like(look.rgba).at[0, 1].set(0.05)
  more, less = (
    both(positions, look.rgba + sign * change, 1.0, 0.0)[0] for sign in (1, -1)
  )
  assert np.isclose(tint[0, 1], (more - less) / 0.1, rtol=0.02)
  # Nothing changes places when the floor sinks by a hair.
  before, (down, _) = both(positions, look.rgba, 0.0, 1.0)
  lower = positions.at[0, 2].add(-2e-3)
  after = both(lower, look.rgba, 0.0, 1.0)[0]
  assert np.isfinite(down).all()
  assert np.isclose(down[0, 2], (after - before) / -2e-3, rtol=0.05)


def test_worlds_of_a_scene_are_drawn_from_its_cameras():
  scene = registry.load('transport')
  worlds = [scene.initial(np.random.default_rng(k)) for k in (0, 0, 1)]
  worlds = [dataclasses.replace(world, shape=0) for world in worlds]
  where = poses_lib.of_worlds(scene, worlds)
  drawn = renderer.make('auto', scene)
  for camera in ('front', 'top', 'wrist'):
    image = drawn.render(
      where, camera, size=_SIZE, outputs=('segmentation', 'depth')
    )
    assert image.rgb is None
    assert np.array_equal(image.segmentation[0], image.segmentation[1])
    assert not np.array_equal(image.depth[0], image.depth[2])
  drawn.close()
  other = dataclasses.replace(worlds[0], shape=1)
  with pytest.raises(errors.SddError, match='one shape'):
    poses_lib.of_worlds(scene, [worlds[0], other])


def test_bad_requests_say_what_would_work(shapes, drawer):
  where, look = toy_scene.still(shapes), look_lib.Look.of(shapes.model)
  with pytest.raises(errors.UnknownNameError, match='raycast'):
    renderer.make('raycasts', shapes)
  with pytest.raises(errors.UnknownNameError, match='front'):
    drawer.render(where, 'frnt')
  with pytest.raises(errors.UnknownNameError, match='depth'):
    drawer.render(where, 'front', outputs=('deph',))
  with pytest.raises(errors.SddError, match='height'):
    drawer.render(where, 'front', size=(0, 3))
  with pytest.raises(errors.SddError, match='colours for 3'):
    drawer.render(
      where, 'front', look=dataclasses.replace(look, rgba=look.rgba[:3])
    )
  lopsided = dataclasses.replace(
    look, haze=np.ones(2), gamma=np.ones(3, np.float32)
  )
  with pytest.raises(errors.SddError, match='broadcast'):
    drawer.render(where, 'front', look=lopsided)
