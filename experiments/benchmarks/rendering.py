"""Measures the renderers side by side, in milliseconds and frames a second.

  python -m experiments.benchmarks.rendering

Frames of random initial worlds of one scene from its front camera, with the
scene's own look, by OpenGL where there is one, by the ray caster, and, on a
GPU where MuJoCo's batch renderer is installed, by that. CPU time is that of
all threads of this process; on a GPU look at the wall clock. What rendering
adds to an episode of 40 seconds with two cameras of 96 by 96 pixels at 4 Hz
is 320 times a frame. Compiling is left out.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from absl import flags
from etils import epy

from experiments import program, results

with epy.lazy_imports():
  import jax
  import jax.numpy as jnp
  import numpy as np

  from experiments.benchmarks import timing
  from sdd.scenes import registry
  from sdd.scenes import scene as scene_lib
  from sdd.simulation import gl_context, poses, renderer

_SCENE = flags.DEFINE_string('scene', 'drawer', 'the scene')
_BATCHES = flags.DEFINE_list('batches', ['1', '256'], 'frames at a time')
_SIZES = flags.DEFINE_list(
  'sizes', ['96x96', '160x240'], 'height and width in pixels'
)
_REPEATS = flags.DEFINE_integer(
  'repeats', 5, 'measurements, of which the median counts', lower_bound=1
)
_OUT = flags.DEFINE_string(
  'out', None, 'also keep the numbers in this file, a .json'
)
_WRITE = flags.DEFINE_boolean(
  'write', False, 'keep the numbers in experiments/results/rendering.json'
)
_EPISODE = (320, (96, 96))  # frames and their size
_CAMERA = 'front'

Row = dict[str, Any]


def main(_: Sequence[str]) -> None:
  scene = registry.load(_SCENE.value)
  graphics, device = gl_context.find(), jax.devices()[0].device_kind
  driver = graphics.driver if graphics else 'none'
  title = f'Rendering: the {scene.name} scene, OpenGL by {driver}, JAX on '
  title += device
  print(title)
  rows = []
  names = ('gl', 'raycast') if graphics else ('raycast',)
  for size in map(_size, _SIZES.value):
    for batch in map(int, _BATCHES.value):
      for shadows in (False, True):
        for name in names:
          rows += _shown(_measure(scene, name, size, batch, shadows=shadows))
        if jax.default_backend() == 'gpu' and _has_warp():
          rows += _shown(_measure_warp(scene, size, batch, shadows=shadows))
  rows += _shown(list(_of_an_episode(rows)))
  if _OUT.value:
    results.write_elsewhere(_OUT.value, {'title': title, 'rows': rows})
  if _WRITE.value:
    print(results.write_result('rendering', {'title': title, 'rows': rows}))


def _size(text: str) -> tuple[int, int]:
  height, _, width = text.partition('x')
  return int(height), int(width)


def _measure(
  scene: scene_lib.Scene,
  name: str,
  size: tuple[int, int],
  batch: int,
  *,
  shadows: bool,
) -> list[Row]:
  """Two rows: of the processor and of the clock."""
  where = _poses(scene, batch)
  if name == 'raycast' and jax.default_backend() != 'cpu':
    where = jax.tree.map(jnp.asarray, where)
  drawn = renderer.make(name, scene)

  def draw() -> None:
    image = drawn.render(where, _CAMERA, size=size, shadows=shadows)
    jax.block_until_ready(image.rgb)

  cost = timing.cost(draw, repeats=_REPEATS.value, at_least=0.2)
  drawn.close()
  label = f'{name}, {size[0]}x{size[1]}, {batch} at a time'
  return _rows(f'{label}{", shadows" if shadows else ""}', cost, batch)


def _rows(label: str, cost: timing.Cost, batch: int) -> list[Row]:
  per = {'cpu': cost.cpu / batch, 'wall': cost.wall / batch}
  return [
    {
      'label': f'{label}: processor', 'value': 1e3 * per['cpu'],
      'unit': 'ms/frame',
    },
    {
      'label': f'{label}: frames per CPU-second', 'value': 1 / per['cpu'],
      'unit': 'frames', 'detail': True,
    },
    {
      'label': f'{label}: frames per second of the clock',
      'value': 1 / per['wall'], 'unit': 'frames', 'detail': True,
    },
  ]  # fmt: skip


def _poses(scene: scene_lib.Scene, batch: int) -> poses.Poses:
  """A few worlds over and over: placing objects is not what is measured."""
  few = [scene.initial(np.random.default_rng(k)) for k in range(min(batch, 8))]
  where = poses.of_worlds(scene, [w for w in few if w.shape == few[0].shape])
  order = np.arange(batch) % len(where.geom_xpos)
  return jax.tree.map(lambda leaf: leaf[order], where)


def _of_an_episode(rows: list[Row]) -> Iterator[Row]:
  """What the frames of one episode cost, if they were measured."""
  frames, (height, width) = _EPISODE
  measured = {row['label']: row['value'] for row in rows}
  for name in ('gl', 'raycast'):
    for shadows in ('', ', shadows'):
      label = f'{name}, {height}x{width}, 1 at a time{shadows}: processor'
      if label in measured:
        yield {
          'label': f'an episode of 40 s, two cameras at 4 Hz, {name}{shadows}',
          'value': frames * measured[label] / 1e3,
          'unit': 'core-seconds',
        }


def _has_warp() -> bool:
  return importlib.util.find_spec('warp') is not None


def _measure_warp(
  scene: scene_lib.Scene, size: tuple[int, int], batch: int, *, shadows: bool
) -> list[Row]:
  """MuJoCo's own renderer for batches."""
  from mujoco import mjx

  model = mjx.put_model(scene.model, impl='warp')
  one = mjx.make_data(scene.model, impl='warp')
  data = jax.vmap(lambda _: one)(jnp.arange(batch))
  data = jax.jit(jax.vmap(mjx.forward, in_axes=(None, 0)))(model, data)
  active = [name == _CAMERA for name in _camera_names(scene)]
  context = mjx.create_render_context(
    mjm=scene.model, nworld=batch, cam_res=(size[1], size[0]),
    cam_active=active, render_rgb=True, render_depth=False,
    use_shadows=shadows, enabled_geom_groups=[0, 1, 2],
  )  # fmt: skip
  draw = _jitted_warp(mjx, model, context)
  cost = timing.cost(
    lambda: jax.block_until_ready(draw(data)), repeats=_REPEATS.value
  )
  label = f'MJX-Warp, {size[0]}x{size[1]}, {batch} at a time'
  return _rows(f'{label}{", shadows" if shadows else ""}', cost, batch)


def _camera_names(scene: scene_lib.Scene) -> list[str]:
  return [scene.model.camera(k).name for k in range(scene.model.ncam)]


def _jitted_warp(mjx: Any, model: Any, context: Any) -> Callable[[Any], Any]:
  shown = context.pytree()

  def one(model: Any, data: Any, shown: Any) -> Any:
    data = mjx.refit_bvh(model, data, shown)
    pixels, _, _ = mjx.render(model, data, shown)
    return mjx.get_rgb(shown, 0, pixels)

  many = jax.vmap(one, in_axes=(None, 0, None))
  return jax.jit(lambda data: many(model, data, shown))


def _shown(rows: list[Row]) -> list[Row]:
  for row in rows:
    print(f'{row["label"]:64} {row["value"]:10.2f} {row["unit"]}', flush=True)
  return rows


if __name__ == '__main__':
  program.run(main)
