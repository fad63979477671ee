"""The geoms of a model as flat faces, for pages that draw them in space."""

import dataclasses
from collections.abc import Callable, Sequence

import mujoco
import numpy as np
from jaxtyping import Float, Int

from sdd.simulation import look, raycast, render_shapes

_EDGE = 0.3  # metres: larger faces are cut, so that few end behind the eye
_ROUND = 14  # sides of what is round
_RINGS = 7  # of a ball


@dataclasses.dataclass(frozen=True, eq=False)
class Solid:
  """One geom.

  Attributes:
    geom: its index in the model.
    rgb: its colour, sRGB in 0..1.
    vertices: (V, 3) in the geom's frame, metres.
    faces: quadrilaterals, (F, 4) vertices each, counter-clockwise from
      outside; a triangle names its last vertex twice.
  """

  geom: int
  rgb: tuple[float, float, float]
  vertices: Float[np.ndarray, 'V 3']
  faces: Int[np.ndarray, 'F 4']


def of_model(model: mujoco.MjModel) -> list[Solid]:
  """Every visible geom but planes."""
  table, found = raycast.geom_table(model), []
  rgba = look.Look.of(model).rgba
  for row, geom in enumerate(table.geom_id):
    make = _MAKE.get(int(table.kind[row]))
    if make is not None:
      vertices, faces = make(np.asarray(table.size[row], np.float64))
      red, green, blue = (float(part) for part in rgba[geom, :3])
      found.append(
        Solid(
          int(geom), (red, green, blue), vertices + table.offset[row], faces
        )
      )
  return found


def _grid(columns: int, rows: int, *, closed: bool) -> Int[np.ndarray, 'F 4']:
  """Faces between the vertices of a grid, numbered row by row.

  Closed, the last column meets the first.
  """
  faces = [
    (
      row * columns + column,
      row * columns + (column + 1) % columns,
      (row + 1) * columns + (column + 1) % columns,
      (row + 1) * columns + column,
    )
    for row in range(rows - 1)
    for column in range(columns if closed else columns - 1)
  ]
  return np.array(faces, np.int64)


def box(
  half: Float[np.ndarray, ' 3'],
) -> tuple[Float[np.ndarray, 'V 3'], Int[np.ndarray, 'F 4']]:
  """Six sides, each cut into pieces that are not too large."""
  vertices: list[np.ndarray] = []
  faces: list[np.ndarray] = []
  count = 0
  for axis in range(3):
    first, second = (axis + 1) % 3, (axis + 2) % 3
    counts = [2 + int(2 * half[side] / _EDGE) for side in (first, second)]
    a, b = (
      np.linspace(-half[side], half[side], count_)
      for side, count_ in zip((first, second), counts)
    )
    for sign in (1, -1):
      points = np.zeros((counts[1], counts[0], 3))
      points[..., first], points[..., second] = a[None, ::sign], b[:, None]
      points[..., axis] = sign * half[axis]
      vertices.append(points.reshape(-1, 3))
      faces.append(_grid(counts[0], counts[1], closed=False) + count)
      count += counts[0] * counts[1]
  return np.concatenate(vertices), np.concatenate(faces)


def turned(
  profile: Sequence[tuple[float, float]],
) -> tuple[Float[np.ndarray, 'V 3'], Int[np.ndarray, 'F 4']]:
  """What a profile of (radius, height), going upwards, sweeps about z."""
  angles = np.arange(_ROUND) * 2 * np.pi / _ROUND
  vertices = [
    (radius * np.cos(angle), radius * np.sin(angle), height)
    for radius, height in profile
    for angle in angles
  ]
  return np.array(vertices), _grid(_ROUND, len(profile), closed=True)


def _ball(half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  latitudes = np.linspace(-np.pi / 2, np.pi / 2, _RINGS)
  vertices, faces = turned([(np.cos(a), np.sin(a)) for a in latitudes])
  return vertices * half, faces


def _capsule(size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  radius, half = size[0], size[1]
  lower = [(a, -half) for a in np.linspace(-np.pi / 2, 0, _RINGS // 2 + 1)]
  upper = [(a, half) for a in np.linspace(0, np.pi / 2, _RINGS // 2 + 1)]
  return turned(
    [
      (radius * np.cos(a), middle + radius * np.sin(a))
      for a, middle in [*lower, *upper]
    ]
  )


def _cylinder(size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  radius, half = size[0], size[1]
  return turned([(0, -half), (radius, -half), (radius, half), (0, half)])


_Make = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
_MAKE: dict[int, _Make] = {
  render_shapes.BOX: box,
  render_shapes.ELLIPSOID: _ball,
  render_shapes.CAPSULE: _capsule,
  render_shapes.CYLINDER: _cylinder,
}
