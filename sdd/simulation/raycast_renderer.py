"""The `Renderer` that needs no graphics library: `sdd.simulation.raycast`."""

import dataclasses
from collections.abc import Collection

import jax
import jax.numpy as jnp
import numpy as np

from sdd.scenes import scene as scene_lib
from sdd.simulation import camera as camera_lib
from sdd.simulation import look as look_lib
from sdd.simulation import picture, raycast
from sdd.simulation import poses as poses_lib


class RaycastRenderer:
  """Draws with JAX, on whatever device the poses live.

  Shadows have hard edges, and nothing is smoothed at the edges of things.
  For one program of one's own, with derivatives, see `raycast.trace`.
  """

  name = 'raycast'

  def __init__(self, scene: scene_lib.Scene):
    self.scene = scene
    table = raycast.geom_table(scene.model)
    self._own = jax.tree.map(jnp.asarray, look_lib.Look.of(scene.model))
    self._table = dataclasses.replace(
      jax.tree.map(jnp.asarray, table), look=self._own
    )
    # One more at the end, for -1: nothing.
    self._links = np.append(picture.link_of_geom(scene), np.int32(-1))

  def render(
    self,
    poses: poses_lib.Poses,
    camera: camera_lib.Camera | str,
    *,
    look: look_lib.Look | None = None,
    size: tuple[int, int] | None = None,
    outputs: Collection[str] = ('rgb',),
    shadows: bool = True,
  ) -> picture.Image:
    picture.check_outputs(outputs)
    seen = raycast.render(
      self._table,
      poses.geom_xpos,
      poses.geom_xmat,
      picture.seen_by(self.scene, poses, camera, size),
      look=look,
      shadows=shadows,
      colours='rgb' in outputs,
    )
    links = (
      jnp.asarray(self._links)
      if picture.on_accelerator(seen.geom_id)
      else self._links
    )
    return picture.Image(
      rgb=seen.rgb,
      depth=seen.depth if 'depth' in outputs else None,
      segmentation=links[seen.geom_id] if 'segmentation' in outputs else None,
    )

  def close(self) -> None:
    """Nothing to give back."""
