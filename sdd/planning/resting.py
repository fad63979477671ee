"""How an object can rest on a small level top, and the tool poses for it.

An object stays on what is smaller than itself if its centre of mass is over
the patch where the two touch. Which patch that is depends on the side it is
put on, on the turn about the vertical and on the size of the top, so it is
probed with rays.
"""

import dataclasses
import itertools
from collections.abc import Iterator

import mujoco
import numpy as np
from jaxtyping import Float

from sdd.planning import carried as carried_lib
from sdd.planning import collision, surface

# Metres between object and top at release, as planned. Grip creeps: about
# half of it is gone when the object arrives.
GAP = (0.004, 0.007)

_UPRIGHT = 0.95  # least z of the normal of a top that carries
_PLATEAU = 0.004  # metres that nothing of the target may rise above its top
_ROOMY = 1.5  # times the object's middle dimension: a top with room
_SAME = 0.999  # cosine between sides that count as one
_FLUSH = 0.001  # metres within the outermost point that touch as well
_BESIDE = 0.005  # metres beside the top that nothing may hang down in
_PROBES = 9  # rays a side, over the top and the border of `_BESIDE`
_FROM = 0.3  # metres from the centre of mass that rays start at
_LEAST_LEVER = 0.005  # metres that the centre may be moved and still stays
_ALIKE = 1.5  # times the top's longer edge: smaller things are aligned with it
_TURNS = 4  # drawn for each side, besides edge along edge
# Radians of turning that count as much as being a height of one half edge of
# the top further up, and as a typical draw.
_TIPSY, _UNUSUAL = 0.15, 0.3
_UPWARD = 0.2  # z of the tool's axis beyond which it points up too far


@dataclasses.dataclass(frozen=True)
class Top:
  """A level rectangle that things are put on; world frame, metres.

  Attributes:
    centre: of the rectangle.
    axes: rotation whose z is the normal, x and y along the edges.
    half: half of the edges' lengths.
  """

  centre: Float[np.ndarray, ' 3']
  axes: Float[np.ndarray, '3 3']
  half: Float[np.ndarray, ' 2']


def small_top(
  world: collision.PlanningWorld, carried: carried_lib.Carried, target: str
) -> Top | None:
  """The level top of `target`, if the object takes up most of it.

  None where there is room to spare, where the target rises above its top, as
  the walls of a container do, or where nothing of it is level.
  """
  names = world.scene.vocabulary.find(target).geoms
  geoms = surface.link_geoms(world.model, world.data, names)
  tops = [top for geom in geoms if (top := _top(geom)) is not None]
  if not tops:
    return None
  top = max(tops, key=lambda each: float(np.prod(each.half)))
  normal = top.axes[:, 2]
  highest = max(_reach(geom, normal) for geom in geoms)
  walled = highest > normal @ top.centre + _PLATEAU
  middle = np.sort(np.ptp(carried.corners @ _frame(carried), axis=0))[1]
  roomy = 2 * top.half.min() > _ROOMY * middle
  return None if walled or roomy else top


def draw_poses(
  carried: carried_lib.Carried,
  top: Top,
  rotation: Float[np.ndarray, '3 3'],
  rng: np.random.Generator,
) -> Iterator[tuple[Float[np.ndarray, ' 3'], Float[np.ndarray, '3 3']]]:
  """Tool poses with the object level and centred just above the top.

  Args:
    carried: the object.
    top: what to put it on.
    rotation: of the tool now: how it hangs is how it is put down first.
    rng: draws turns about the vertical, and varies the order.
  """
  choices = []
  for side in sides(carried):
    turn = float(np.arccos(np.clip(-side @ rotation[2], -1, 1)))
    tall = float(((carried.corners - carried.centre) @ side).max())
    reluctance = turn + _TIPSY * tall / float(top.half.min())
    for turned in _turns(carried, top, side, rng):
      if turned[2, 2] <= _UPWARD:
        noise = _UNUSUAL * rng.exponential()
        choices.append((reluctance + noise, side, turned))
  for _, side, turned in sorted(choices, key=lambda choice: choice[0]):
    edges = turned.T @ top.axes[:, :2]
    height = _standing_height(carried, side, edges, top.half)
    if height is None:
      continue
    above = height + rng.uniform(*GAP)
    centre = top.centre + above * top.axes[:, 2]
    yield centre - turned @ carried.centre, turned


def sides(carried: carried_lib.Carried) -> list[Float[np.ndarray, ' 3']]:
  """Outward normals that may point down: hull faces and faces of boxes.

  A box's face matters even where it is no face of the hull: between its
  wheels, a bus stands on its floor.
  """
  found = [
    sign * axis
    for geom in carried.geoms
    if geom.kind == surface.BOX
    for axis in geom.rotation.T
    for sign in (1.0, -1.0)
  ]
  kept: list[np.ndarray] = []
  for side in itertools.chain(found, _hull_normals(carried)):
    if all(side @ other < _SAME for other in kept):
      kept.append(side)
  return kept


def _hull_normals(
  carried: carried_lib.Carried,
) -> Float[np.ndarray, 'F 3']:
  """Normals of the planes that rest on three knobs and have none beyond."""
  points, radius = _knobs(carried)
  if len(points) < 3:
    return np.zeros((0, 3))
  triples = np.array(list(itertools.combinations(range(len(points)), 3)))
  a, b, c = (points[column] for column in triples.T)
  normal = np.cross(b - a, c - a)
  length = np.linalg.norm(normal, axis=1)
  wide = length > 1e-6
  normal, triples = normal[wide] / length[wide, None], triples[wide]
  normal, triples = np.tile(normal, (2, 1)), np.tile(triples, (2, 1))
  normal[len(normal) // 2 :] *= -1
  reach = normal @ points.T + radius
  met = np.take_along_axis(reach, triples, axis=1).min(axis=1)
  return normal[met > reach.max(axis=1) - _FLUSH / 2]


def _knobs(
  carried: carried_lib.Carried,
) -> tuple[Float[np.ndarray, 'P 3'], Float[np.ndarray, ' P']]:
  """Box corners, capsule ends and spheres: points with a radius each."""
  points, radius = [], []
  for geom in carried.geoms:
    core, swept = geom.size, 0.0
    if geom.kind != surface.BOX:
      half = geom.size[1] if geom.kind == surface.CAPSULE else 0.0
      core, swept = np.array([0.0, 0.0, half]), geom.size[0]
    signs = itertools.product(*[(-1, 1) if each else (0,) for each in core])
    ends = geom.position + (np.array(list(signs)) * core) @ geom.rotation.T
    points += list(ends)
    radius += [swept] * len(ends)
  return np.array(points), np.array(radius)


def _turns(
  carried: carried_lib.Carried,
  top: Top,
  side: Float[np.ndarray, ' 3'],
  rng: np.random.Generator,
) -> list[Float[np.ndarray, '3 3']]:
  """Tool rotations with `side` down.

  Edge along edge if the object is about as large as the top; any turn else.
  """
  edges = _frame(carried)
  ahead = edges[:, int(np.argmin(np.abs(side @ edges)))]
  ahead = ahead - (ahead @ side) * side
  ahead /= np.linalg.norm(ahead)
  object_axes = np.stack([ahead, np.cross(-side, ahead), -side], axis=1)
  size = np.ptp(carried.corners @ object_axes[:, :2], axis=0)
  yaws = np.arange(4) * np.pi / 2
  if size.max() > _ALIKE * 2 * top.half.max():
    yaws = np.append(yaws, rng.uniform(-np.pi, np.pi, _TURNS))
  turned = []
  for c, s in zip(np.cos(yaws), np.sin(yaws), strict=True):
    about = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    turned.append(top.axes @ about @ object_axes.T)
  return turned


def _standing_height(
  carried: carried_lib.Carried,
  side: Float[np.ndarray, ' 3'],
  edges: Float[np.ndarray, '3 2'],
  half: Float[np.ndarray, ' 2'],
) -> float | None:
  """Height of the centre of mass over a top that is centred below it.

  None if the object would not stay: because what touches does not reach far
  enough around the centre, or because something beside the top hangs lower.
  """
  steps = np.linspace(-1, 1, _PROBES)
  places = np.array(list(itertools.product(steps, steps))) * (half + _BESIDE)
  depth = np.array(
    [_depth(carried, carried.centre + edges @ place, side) for place in places]
  )
  above = np.all(np.abs(places) <= half, axis=1)
  height = float(depth[above].max())
  if not np.isfinite(height) or depth.max() > height + _FLUSH:
    return None
  angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
  around = np.stack([np.cos(angles), np.sin(angles)])
  touching = places[above & (depth > height - _FLUSH)]
  lever = float((touching @ around).max(axis=0).min())
  return height if lever > _LEAST_LEVER else None


def _depth(
  carried: carried_lib.Carried, point: np.ndarray, side: np.ndarray
) -> float:
  """Distance from `point` to the outermost surface along `side`."""
  deepest = -np.inf
  for geom in carried.geoms:
    hit = mujoco.mju_rayGeom(
      geom.position, geom.rotation.ravel(), geom.size, point + _FROM * side,
      -side, geom.kind,
    )  # fmt: skip
    if hit >= 0:
      deepest = max(deepest, _FROM - hit)
  return deepest


def _frame(carried: carried_lib.Carried) -> Float[np.ndarray, '3 3']:
  """Axes of the largest geom, which are the object's own as a rule."""
  return max(carried.geoms, key=surface.area).rotation


def _top(geom: surface.Geom) -> Top | None:
  """The upper face of a box, if it is level."""
  if geom.kind != surface.BOX:
    return None
  up = int(np.argmax(np.abs(geom.rotation[2])))
  normal = geom.rotation[:, up] * np.sign(geom.rotation[2, up])
  if normal[2] < _UPRIGHT:
    return None
  first, second = (up + 1) % 3, (up + 2) % 3
  x = geom.rotation[:, first]
  return Top(
    centre=geom.position + geom.size[up] * normal,
    axes=np.stack([x, np.cross(normal, x), normal], axis=1),
    half=geom.size[[first, second]],
  )


def _reach(geom: surface.Geom, direction: np.ndarray) -> float:
  """How far a geom extends along a direction, from the world's origin."""
  along = direction @ geom.rotation
  if geom.kind == surface.BOX:
    beyond = float(np.abs(along) @ geom.size)
  else:
    half = geom.size[1] if geom.kind == surface.CAPSULE else 0.0
    beyond = float(abs(along[2]) * half + geom.size[0])
  return float(direction @ geom.position) + beyond
