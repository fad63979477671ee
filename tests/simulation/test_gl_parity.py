"""OpenGL and the ray caster show the same, in every domain."""

import dataclasses

import graphics
import numpy as np
import pytest
import toy_scene

from sdd import errors
from sdd.scenes import registry
from sdd.simulation import gl_context, renderer
from sdd.simulation import look as look_lib
from sdd.simulation import poses as poses_lib

_DOMAINS = ('balance', 'catapult', 'transport', 'mailbox', 'drawer')
_CAMERAS = ('front', 'top', 'wrist')
_CLOSE = 8  # of 255


def _worlds(scene, count, seed):
  """Random worlds, with the arm and all joints at random.

  The wrist stays above the table's height: planes are seen from above only.
  """
  rng = np.random.default_rng(seed)
  model, worlds = scene.model, []
  wrist = model.camera('wrist').id
  hinged = np.flatnonzero(model.jnt_limited)
  address = model.jnt_qposadr[hinged]
  while len(worlds) < count:
    world = dataclasses.replace(scene.initial(rng), shape=0)
    lower, upper = model.jnt_range[hinged].T
    qpos = np.array(world.qpos)
    some = rng.uniform(np.maximum(lower, -2), np.minimum(upper, 2))
    qpos[address] = some
    qpos[scene.arm_qpos] = scene.robot.home
    qpos[scene.arm_qpos] += rng.uniform(-0.7, 0.7, len(scene.robot.home))
    drawn = dataclasses.replace(world, qpos=qpos)
    where = poses_lib.of_worlds(scene, [drawn])
    if where.cam_xpos[0, wrist, 2] > 0.05:
      worlds.append(drawn)
  return worlds


def _suns(scene):
  """The scene's look with its lamps far away, and not all of it too bright."""
  look = look_lib.Look.of(scene.model)
  lights = dataclasses.replace(
    look.lights,
    directional=np.ones_like(look.lights.directional),
    rgb=0.6 * look.lights.rgb,
  )
  return dataclasses.replace(look, lights=lights)


def _compare(domain, count, *, seed=0, shadows=True):
  """Differences of one domain, over all cameras, frame by frame."""
  scene = registry.load(domain)
  where = poses_lib.of_worlds(scene, _worlds(scene, count, seed))
  pair = [renderer.make(name, scene) for name in ('raycast', 'gl')]
  suns, found = _suns(scene), []
  for camera in _CAMERAS:
    for look in (suns, None):
      ours, gl = (
        each.render(
          where, camera, look=look, outputs=renderer.OUTPUTS, shadows=shadows
        )
        for each in pair
      )
      found.append((camera, look is suns, ours, gl))
  pair[1].close()
  return found


def _judge(found):
  for camera, suns, ours, gl in found:
    hit = np.isfinite(ours.depth) & np.isfinite(gl.depth)
    apart = np.abs(np.where(hit, ours.depth, 0) - np.where(hit, gl.depth, 0))
    colour = np.abs(np.int32(ours.rgb) - np.int32(gl.rgb)).max(axis=-1)
    for k in range(len(hit)):
      same = np.mean(ours.segmentation[k] == gl.segmentation[k])
      assert np.mean(np.isfinite(ours.depth[k]) == hit[k]) > 0.99
      if hit[k].any():  # the wrist may look at the sky alone
        assert np.median(apart[k][hit[k]]) < 1e-3, (camera, k)
      assert same >= 0.99, (camera, k, same)
      # What lamps light is told at corners only by OpenGL.
      close = np.mean(colour[k] <= _CLOSE)
      assert close > (0.95 if suns else 0.75), (camera, suns, k, close)
      assert colour[k].mean() < (4 if suns else 8), (camera, suns, k)


@pytest.mark.parametrize('domain', _DOMAINS)
def test_renderers_agree_on_random_states(domain):
  """Shadows in one of them: programs with shadows take long to compile."""
  graphics.need()
  _judge(_compare(domain, 4, shadows=domain == 'balance'))


@pytest.mark.long
@pytest.mark.parametrize('domain', _DOMAINS)
def test_renderers_agree_on_many_random_states(domain):
  graphics.need()
  _judge(_compare(domain, 40, seed=1))


@pytest.mark.parametrize('kind', [2, 3])
def test_renderers_agree_on_textures(kind):
  """Of soft patterns, whose edges OpenGL does not blur."""
  graphics.need()
  scene = toy_scene.scene()
  look = toy_scene.textured(scene, kind)
  ours, gl = (
    renderer.make(name, scene).render(
      toy_scene.still(scene), 'front', look=look, size=(200, 200)
    )
    for name in ('raycast', 'gl')
  )
  apart = np.abs(np.int32(ours.rgb) - np.int32(gl.rgb)).max(axis=-1)
  assert np.mean(apart <= 2 * _CLOSE) > 0.9
  assert apart.mean() < 8


def test_a_batch_of_looks_equals_a_loop():
  """Also of textures, which OpenGL holds, and lights."""
  graphics.need()
  scene = toy_scene.scene()
  look, where = toy_scene.textured(scene, 1), toy_scene.still(scene)
  drawn = renderer.make('gl', scene)
  kinds = np.stack([np.full_like(look.texture.kind, k) for k in (1, 0, 4)])
  many = dataclasses.replace(
    look,
    texture=dataclasses.replace(look.texture, kind=kinds),
    exposure=np.array([1, 0.5, 0.8], np.float32),
  )
  together = drawn.render(where, 'front', look=many, outputs=renderer.OUTPUTS)
  for k, exposure in enumerate(many.exposure):
    one = dataclasses.replace(
      look,
      texture=dataclasses.replace(look.texture, kind=kinds[k]),
      exposure=exposure,
    )
    alone = drawn.render(where, 'front', look=one, outputs=renderer.OUTPUTS)
    assert np.array_equal(together.rgb[k], alone.rgb)
    assert np.array_equal(together.segmentation[k], alone.segmentation)
  drawn.close()
  drawn.close()
  assert np.array_equal(drawn.render(where, 'front', look=one).rgb, alone.rgb)


def test_what_opengl_cannot_show_is_refused():
  graphics.need()
  scene = toy_scene.scene()
  drawn, where = renderer.make('gl', scene), toy_scene.still(scene)
  with pytest.raises(errors.SddError, match='gamma'):
    drawn.render(where, 'front', look=look_lib.Look.studio(scene.model))
  look = look_lib.Look.of(scene.model)
  lights = look_lib.Lights(
    **{
      name: np.repeat(value[:1], 8, axis=0)
      for name, value in vars(look.lights).items()
    }
  )
  with pytest.raises(errors.SddError, match='8 lights'):
    drawn.render(where, 'front', look=dataclasses.replace(look, lights=lights))


def test_without_opengl_the_ray_caster_draws(monkeypatch):
  scene = toy_scene.scene()
  monkeypatch.setattr(gl_context, 'find', lambda: None)
  with pytest.raises(gl_context.NoGraphicsError, match='apt install'):
    renderer.make('gl', scene)
  auto = renderer.make('auto', scene)
  assert isinstance(auto, renderer.Auto)
  assert auto.choose(toy_scene.still(scene)) == 'raycast'
  for driver, drawn in (('NVIDIA H100', 'gl'), ('llvmpipe (LLVM)', 'raycast')):
    found = gl_context.Graphics('egl', driver)
    monkeypatch.setattr(gl_context, 'find', lambda found=found: found)
    assert auto.choose(toy_scene.still(scene)) == drawn
