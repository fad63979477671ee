"""A small scene of every shape, for tests of what pictures show."""

import dataclasses

import mujoco
import numpy as np

from sdd.scenes import scene as scene_lib
from sdd.scenes import vocabulary
from sdd.simulation import look as look_lib
from sdd.simulation import poses

SHAPES = ('sphere', 'capsule', 'ellipsoid', 'cylinder', 'box', 'box')


def scene() -> scene_lib.Scene:
  """One link per shape, in this order, above a floor that is no link."""
  geoms = ''.join(
    f'<geom name="{name}" type="{shape}" size=".08 .11 .06" '
    f'pos="{(k % 3) * 0.3 - 0.3} {(k // 3) * 0.3} .2" '
    f'euler="{20 * k} {10 * k} 5"/>'
    for k, (name, shape) in enumerate(zip(names(), SHAPES))
  )
  links = tuple(
    vocabulary.Link(name, 'world', (name,), 'object') for name in names()
  )
  mjcf = f"""<mujoco><worldbody>
    <light pos="0 0 3" dir=".3 .2 -1" type="directional"/>
    <light pos="1 1 2" dir="-.5 -.5 -1" type="directional" diffuse=".2 .2 .3"
      castshadow="false"/>
    <geom name="floor" type="plane" size="1 1 .1"/>{geoms}
    <camera name="front" pos="1.0 -.7 .9" xyaxes=".6 .9 0 -.55 .4 1"
      fovy="40"/>
  </worldbody></mujoco>"""
  return scene_lib.Scene(
    'shapes', mjcf, vocabulary.Vocabulary(links, (), ()), (), 1.0, _rest
  )


def names() -> tuple[str, ...]:
  return tuple(f'{shape} {k}' for k, shape in enumerate(SHAPES))


def still(scene: scene_lib.Scene) -> poses.Poses:
  """Everything where the model has it."""
  data = mujoco.MjData(scene.model)
  mujoco.mj_forward(scene.model, data)
  return poses.of_data(data)


def textured(scene: scene_lib.Scene, kind: int) -> look_lib.Look:
  """One pattern on everything, another noise on each."""
  look, count = look_lib.Look.of(scene.model), scene.model.ngeom
  return dataclasses.replace(
    look,
    rgba=np.tile(np.array([0.1, 0.3, 0.6, 1], np.float32), (count, 1)),
    texture=look_lib.Texture(
      kind=np.full(count, kind, np.int32),
      rgb=np.tile(np.array([0.9, 0.5, 0.1], np.float32), (count, 1)),
      scale=np.full(count, 0.08, np.float32),
      angle=np.full(count, 0.4, np.float32),
      seed=np.arange(count, dtype=np.int32),
    ),
  )


def _rest(this, rng):
  del rng
  return this.rest
