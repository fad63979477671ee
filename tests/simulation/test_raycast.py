import dataclasses

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from sdd import errors
from sdd.simulation import camera as camera_lib
from sdd.simulation import look as look_lib
from sdd.simulation import poses, raycast, render_episode

_SHAPES = ('sphere', 'capsule', 'ellipsoid', 'cylinder', 'box')


@dataclasses.dataclass(frozen=True)
class Toy:
  """Forty random primitives above a chequered floor and a small plane."""

  model: mujoco.MjModel
  data: mujoco.MjData
  table: raycast.GeomTable
  camera: camera_lib.Camera

  def render(self, **options) -> raycast.Image:
    return raycast.render(
      self.table,
      self.data.geom_xpos,
      self.data.geom_xmat,
      options.pop('camera', self.camera),
      **options,
    )

  def mujoco_rays(self) -> tuple[np.ndarray, np.ndarray]:
    """Depth and geom by MuJoCo's own ray casting."""
    rays = self.camera.rays()
    count = rays.shape[0] * rays.shape[1]
    geom, depth = np.full(count, -1, np.int32), np.full(count, -1.0)
    mujoco.mj_multiRay(
      self.model,
      self.data,
      self.camera.position,
      rays.ravel(),
      None,
      True,
      -1,
      geom,
      depth,
      None,
      count,
      mujoco.mjMAXVAL,
    )
    return geom.reshape(rays.shape[:2]), depth.reshape(rays.shape[:2])


def _mjcf(seed: int) -> str:
  rng = np.random.default_rng(seed)
  geoms = []
  for number in range(40):
    size = ' '.join(f'{s:.4f}' for s in rng.uniform(0.02, 0.08, 3))
    place = rng.uniform([0.1, -0.6, 0.05], [0.9, 0.6, 0.6])
    turn = rng.normal(size=4)
    colour = rng.uniform(0.2, 0.9, 3)
    geoms.append(
      f'<geom type="{_SHAPES[number % 5]}" size="{size}" '
      f'pos="{" ".join(map(str, place))}" quat="{" ".join(map(str, turn))}" '
      f'rgba="{" ".join(map(str, colour))} 1"/>'
    )
  return f"""
    <mujoco>
      <asset>
        <texture name="grid" type="2d" builtin="checker" width="32" height="32"
          rgb1=".9 .9 .9" rgb2=".7 .7 .7"/>
        <material name="grid" texture="grid" texrepeat="2 2" texuniform="true"/>
      </asset>
      <worldbody>
        <geom type="plane" size="0 0 .1" material="grid"/>
        <geom type="plane" size=".2 .3 .1" pos="1 0 .3" euler="0 20 0"/>
        <geom name="unseen" type="box" size=".5 .5 .5" pos="1 0 1" group="3"/>
        <geom type="box" size=".5 .5 .5" pos="1 0 1" rgba="1 0 0 0"/>
        {''.join(geoms)}
        <body name="ball" pos=".5 0 1">
          <freejoint/>
          <geom name="ball" size=".05"/>
          <camera name="wrist" pos="0 0 .06" fovy="60"/>
        </body>
        <camera name="front" pos="1.6 .3 1" xyaxes="-.2 1 0 -.5 -.1 1"/>
        <camera name="flat" projection="orthographic"/>
      </worldbody>
    </mujoco>"""


def _toy(seed: int) -> Toy:
  model = mujoco.MjModel.from_xml_string(_mjcf(seed))
  data = mujoco.MjData(model)
  mujoco.mj_forward(model, data)
  # MuJoCo's rays see hidden groups; take them out of both pictures.
  model.geom_rgba[model.geom_group == 3, 3] = 0
  eye = np.random.default_rng(seed).uniform([1.1, -0.8, 0.5], [1.6, 0.8, 1.2])
  camera = camera_lib.look_at(
    'side', eye, [0.45, 0, 0.3], fovy=48, width=120, height=80
  )
  return Toy(model, data, raycast.geom_table(model), camera)


@pytest.fixture(scope='module')
def toy() -> Toy:
  return _toy(0)


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_agrees_with_mujoco_rays(seed):
  toy = _toy(seed)
  image = toy.render()
  geom, depth = toy.mujoco_rays()
  assert np.mean(image.geom_id == geom) > 0.995
  both = (image.geom_id == geom) & (geom >= 0)
  # Relative beyond ten metres, where the floor nears the horizon.
  error = np.abs(image.depth - depth)[both] / np.maximum(depth[both] / 10, 1)
  assert error.max() < 1e-4
  types = toy.model.geom_type[np.unique(geom[both])]
  assert len(set(types.tolist())) == 6  # every shape was in the picture
  assert np.all(np.isinf(image.depth[image.geom_id < 0]))


def test_normals_point_where_mujoco_says(toy):
  """In the sun's light alone, brightness is Lambert's cosine."""
  sun = np.array([0.6, -0.48, 0.64], np.float32)
  own = toy.table.look
  look = dataclasses.replace(
    own,
    rgba=np.ones_like(own.rgba),
    texture=dataclasses.replace(
      own.texture, kind=np.zeros_like(own.texture.kind)
    ),
    lights=jax.tree.map(lambda leaf: leaf[:1], own.lights).replace(
      direction=-sun[None], rgb=np.ones((1, 3), np.float32)
    ),
    ambient=np.zeros(3, np.float32),
    haze=np.float32(1e6),
  )
  image = toy.render(look=look, shadows=False)
  rays, far = toy.camera.rays(), []
  hits = np.argwhere(image.geom_id >= 0)[::5]
  for row, column in hits:
    normal, geom = np.zeros(3), np.zeros(1, np.int32)
    eye, ray = toy.camera.position, rays[row, column]
    mujoco.mj_ray(toy.model, toy.data, eye, ray, None, True, -1, geom, normal)
    wanted = 255 * max(float(normal @ sun), 0) ** (1 / 2.2)
    far.append(abs(float(image.rgb[row, column, 0]) - wanted) > 3)
  assert len(hits) > 1000
  assert np.mean(far) < 0.01  # edges, where the two see different geoms


def test_projection_inverts_rays(toy):
  pixel = np.stack(
    np.meshgrid(np.arange(toy.camera.width), np.arange(toy.camera.height)), -1
  )
  points = toy.camera.position + 2.5 * toy.camera.rays()
  assert np.allclose(toy.camera.project(points), pixel, atol=1e-6)
  behind = toy.camera.position - toy.camera.rays()[0, 0]
  assert np.all(np.isnan(toy.camera.project(behind)))
  local = (points - toy.camera.position) @ toy.camera.rotation
  seen = local * [1, -1, -1] @ toy.camera.intrinsics().T
  assert np.allclose(seen[..., :2] / seen[..., 2:], pixel, atol=1e-6)


def test_mjcf_camera_and_look_at_are_the_same_convention(toy):
  seen = camera_lib.from_model(toy.model, toy.data, 'front')
  target = seen.position - 2 * seen.rotation[:, 2]
  aimed = camera_lib.look_at('front', seen.position, target)
  assert np.allclose(aimed.rotation, seen.rotation, atol=1e-6)
  assert np.allclose(aimed.project(target), [119.5, 79.5])
  down = camera_lib.look_at('down', [0.5, 0, 2], [0.5, 0, 0])
  ahead, behind = down.project(np.array([[0.7, 0, 0], [0.3, 0, 0]]))
  assert ahead[1] < behind[1]


def test_bad_cameras_say_what_would_work(toy):
  with pytest.raises(errors.UnknownNameError, match='front'):
    camera_lib.from_model(toy.model, toy.data, 'frnt')
  with pytest.raises(errors.SddError, match='orthographic'):
    camera_lib.from_model(toy.model, toy.data, 'flat')
  with pytest.raises(errors.SddError, match='same point'):
    camera_lib.look_at('a', [0, 0, 1], [0, 0, 1])
  with pytest.raises(errors.SddError, match='fovy'):
    camera_lib.look_at('a', [0, 0, 1], [0, 0, 0], fovy=0)
  with pytest.raises(errors.SddError, match='width'):
    camera_lib.look_at('a', [0, 0, 1], [0, 0, 0], width=0)


def test_shadow_falls_away_from_the_sun(toy):
  lit, dark = toy.render(shadows=False), toy.render()
  shaded = np.any(lit.rgb != dark.rgb, axis=-1)
  assert 0.01 < shaded.mean() < 0.5
  assert np.all(dark.rgb[shaded].sum(-1) <= lit.rgb[shaded].sum(-1))
  assert np.array_equal(lit.depth, dark.depth)
  points = toy.camera.position + lit.depth[..., None] * toy.camera.rays()
  sun = -np.asarray(toy.table.look.lights.direction[0], np.float64)
  blocked = [
    mujoco.mj_ray(
      toy.model,
      toy.data,
      points[row, column] + 1e-3 * sun,
      sun,
      None,
      True,
      -1,
      np.zeros(1, np.int32),
    )
    > 0
    for row, column in np.argwhere(shaded)[::11]
  ]
  assert np.mean(blocked) > 0.98


def test_supersampling_keeps_geometry_and_colour(toy):
  fine, plain = toy.render(supersample=2), toy.render()
  assert np.array_equal(fine.geom_id, plain.geom_id)
  assert np.array_equal(fine.depth, plain.depth)
  assert np.abs(fine.rgb.mean() - plain.rgb.mean()) < 1


def test_batches_equal_single_frames_and_vmap(toy):
  shift = np.array([0, 0, 0.02])
  xpos = np.stack([toy.data.geom_xpos, toy.data.geom_xpos + shift])
  xmat = np.stack([toy.data.geom_xmat] * 2)
  moving = dataclasses.replace(
    toy.camera,
    position=np.stack([toy.camera.position, toy.camera.position + shift]),
  )
  both = raycast.render(toy.table, xpos, xmat, moving)
  assert both.rgb.shape == (2, 80, 120, 3)
  assert both.rgb.dtype == np.uint8
  first = toy.render()
  for batched, single in zip(jax.tree.leaves(both), jax.tree.leaves(first)):
    assert np.array_equal(batched[0], single)
  # Everything moved with the camera: nothing changes but the rounding.
  assert np.mean(both.geom_id[0] == both.geom_id[1]) > 0.99

  def traced(position, xpos, xmat):
    return raycast.trace(
      toy.table,
      xpos,
      xmat,
      position,
      jnp.asarray(toy.camera.rotation),
      jnp.asarray(toy.camera.fovy),
      toy.table.look,
      size=(80, 120),
    )

  mapped = jax.jit(jax.vmap(traced))(
    jnp.asarray(moving.position),
    jnp.asarray(xpos),
    jnp.asarray(xmat).reshape(2, -1, 3, 3),
  )
  assert np.mean(mapped.geom_id == both.geom_id) > 0.999
  assert np.mean(np.abs(255 * mapped.colour - both.rgb)) < 0.4


def test_pictures_need_not_be_multiples_of_a_tile(toy):
  odd = dataclasses.replace(toy.camera, width=37, height=21)
  image = toy.render(camera=odd)
  assert image.depth.shape == (21, 37)


def test_episode_is_drawn_from_moving_cameras(toy):
  qpos = np.stack([toy.data.qpos] * 3)
  qpos[:, 2] += [0, 0.05, 0.1]
  images = render_episode.render_episode(
    toy.model, qpos, ['front', 'wrist'], width=37, height=21
  )
  assert images['front'].rgb.shape == (3, 21, 37, 3)
  data = mujoco.MjData(toy.model)
  data.qpos[:] = qpos[2]
  mujoco.mj_forward(toy.model, data)
  camera = camera_lib.from_model(toy.model, data, 'wrist', width=37, height=21)
  alone = raycast.render(toy.table, data.geom_xpos, data.geom_xmat, camera)
  assert np.mean(images['wrist'].geom_id[2] == alone.geom_id) > 0.99
  with pytest.raises(errors.UnknownNameError, match='wrist'):
    render_episode.render_episode(toy.model, qpos, ['rist'])


def test_poses_are_those_of_the_simulation():
  model = mujoco.MjModel.from_xml_string(
    """<mujoco><worldbody>
      <body name="stand" mocap="true"><geom size=".1"/></body>
      <body><joint type="slide" axis="1 0 0"/><geom size=".1"/></body>
    </worldbody></mujoco>"""
  )
  place, turn = [[1.0, 2.0, 3.0]], [[0.0, 1.0, 0.0, 0.0]]
  moved = poses.of_qpos(
    model,
    np.array([[0.0], [0.5]]),
    mocap_pos=np.array(place),
    mocap_quat=np.array(turn),
  )
  assert np.allclose(moved.geom_xpos[:, 0], place)
  assert np.allclose(moved.geom_xmat[:, 0], np.diag([1, -1, -1]))
  assert np.allclose(moved.geom_xpos[:, 1, 0], [0, 0.5])
  with pytest.raises(errors.SddError, match='expected'):
    poses.of_qpos(model, np.zeros((2, 3)))


def test_table_leaves_out_what_cannot_be_seen(toy):
  ids = set(toy.table.geom_id.tolist())
  assert toy.model.geom('unseen').id not in ids
  assert len(ids) == sum(toy.table.counts) == toy.model.ngeom - 2
  everything = raycast.geom_table(toy.model, groups=[0])
  assert set(everything.geom_id.tolist()) == ids


def test_look_of_a_model_has_its_chequers(toy):
  look = look_lib.Look.of(toy.model)
  chequered = look.texture.kind == look_lib.CHECKER
  assert chequered.sum() == 1
  assert np.allclose(look.texture.scale[chequered], 0.25)
  pair = [look.rgba[chequered][0, 0], look.texture.rgb[chequered][0, 0]]
  assert np.allclose(sorted(pair), [0.7, 0.9], atol=0.01)


def test_bad_input_is_refused(toy):
  with pytest.raises(errors.SddError, match='groups'):
    raycast.geom_table(toy.model, groups=[7])
  with pytest.raises(errors.SddError, match='Nothing to draw'):
    raycast.geom_table(toy.model, groups=[5])
  with pytest.raises(errors.SddError, match='supersample'):
    toy.render(supersample=0)
  with pytest.raises(errors.SddError, match='do not fit'):
    raycast.render(toy.table, np.zeros((3, 3)), np.zeros((3, 9)), toy.camera)
