"""Points and grips on primitive geoms, drawn analytically.

All our links are boxes, capsules and spheres, so surface points, normals and
opposite faces have closed forms; no mesh or ray is needed.
"""

import dataclasses

import mujoco
import numpy as np
from jaxtyping import Float

BOX = int(mujoco.mjtGeom.mjGEOM_BOX)
CAPSULE = int(mujoco.mjtGeom.mjGEOM_CAPSULE)
SPHERE = int(mujoco.mjtGeom.mjGEOM_SPHERE)

Probes = list[tuple[float, float]]


@dataclasses.dataclass(frozen=True)
class Geom:
  """One primitive where it is in the world."""

  kind: int
  size: Float[np.ndarray, ' 3']
  position: Float[np.ndarray, ' 3']
  rotation: Float[np.ndarray, '3 3']


@dataclasses.dataclass(frozen=True)
class Grip:
  """A line through a geom that two fingers can close on.

  Attributes:
    centre: midway between the two contact points, world frame.
    axis: unit vector from one contact to the other.
    width: distance between the contacts, metres.
  """

  centre: Float[np.ndarray, ' 3']
  axis: Float[np.ndarray, ' 3']
  width: float


def link_geoms(
  model: mujoco.MjModel, data: mujoco.MjData, names: tuple[str, ...]
) -> list[Geom]:
  """The colliding geoms of a link where they are now."""
  ids = [model.geom(name).id for name in names]
  return [
    Geom(
      int(model.geom_type[i]),
      model.geom_size[i].copy(),
      data.geom_xpos[i].copy(),
      data.geom_xmat[i].reshape(3, 3).copy(),
    )
    for i in ids
    if model.geom_contype[i] or model.geom_conaffinity[i]
  ]


def bounds(
  geoms: list[Geom],
) -> tuple[Float[np.ndarray, ' 3'], Float[np.ndarray, ' 3']]:
  """Axis-aligned bounds of all of them, world frame."""
  lower, upper = [], []
  for geom in geoms:
    half, radius = geom.size, 0.0
    if geom.kind != BOX:
      radius = geom.size[0]
      half = np.array([0, 0, geom.size[1] if geom.kind == CAPSULE else 0.0])
    reach = np.abs(geom.rotation) @ half + radius
    lower.append(geom.position - reach)
    upper.append(geom.position + reach)
  return np.min(lower, axis=0), np.max(upper, axis=0)


def area(geom: Geom) -> float:
  """Surface area, square metres."""
  if geom.kind == BOX:
    a, b, c = 2 * geom.size
    return float(2 * (a * b + b * c + a * c))
  radius = geom.size[0]
  length = 2 * geom.size[1] if geom.kind == CAPSULE else 0.0
  return float(4 * np.pi * radius**2 + 2 * np.pi * radius * length)


def draw_grip(geom: Geom, rng: np.random.Generator) -> Grip:
  """A random antipodal pair: opposite faces of a box, or a diameter."""
  if geom.kind == BOX:
    along = int(rng.integers(3))
    local = rng.uniform(-0.85, 0.85, 3) * geom.size
    local[along] = 0
    return Grip(
      geom.position + geom.rotation @ local,
      geom.rotation[:, along],
      float(2 * geom.size[along]),
    )
  direction = rng.normal(size=3)
  local = np.zeros(3)
  if geom.kind == CAPSULE:
    direction[2] = 0
    local[2] = rng.uniform(-1, 1) * geom.size[1]
  direction /= np.linalg.norm(direction)
  return Grip(
    geom.position + geom.rotation @ local,
    geom.rotation @ direction,
    float(2 * geom.size[0]),
  )


def draw_point(
  geom: Geom, rng: np.random.Generator
) -> tuple[Float[np.ndarray, ' 3'], Float[np.ndarray, ' 3']]:
  """A random surface point and its outward normal, world frame."""
  if geom.kind == BOX:
    size = geom.size
    faces = np.array([size[1] * size[2], size[0] * size[2], size[0] * size[1]])
    along = int(rng.choice(3, p=faces / faces.sum()))
    side = rng.choice((-1.0, 1.0))
    local = rng.uniform(-1, 1, 3) * size
    local[along] = side * size[along]
    normal = np.zeros(3)
    normal[along] = side
  else:
    local, normal = _draw_round(geom, rng)
  return geom.position + geom.rotation @ local, geom.rotation @ normal


def _draw_round(
  geom: Geom, rng: np.random.Generator
) -> tuple[Float[np.ndarray, ' 3'], Float[np.ndarray, ' 3']]:
  """A surface point of a sphere or capsule and its normal, geom frame."""
  radius, half, normal = geom.size[0], 0.0, rng.normal(size=3)
  along = 0.0
  if geom.kind == CAPSULE:
    half = geom.size[1]
    along = np.copysign(half, normal[2])  # a cap
    if rng.random() < half / (half + radius):  # share of the area in between
      normal[2], along = 0.0, rng.uniform(-half, half)
  normal /= np.linalg.norm(normal)
  return radius * normal + [0, 0, along], normal


_FROM = 0.15  # metres from the grip's centre that probing rays start at
_FLAT = 0.003  # metres within the outermost point that still touch the pad
_FEWEST, _SKEW = 3, 0.008  # rays that must touch a pad; metres between sides


def squeezed(
  geoms: list[Geom],
  centre: Float[np.ndarray, ' 3'],
  rotation: Float[np.ndarray, '3 3'],
  *,
  probes: Probes,
) -> tuple[Float[np.ndarray, ' 3'], float] | None:
  """What two flat pads meet when they close on a link along the tool's y.

  Probes each pad's face with rays. A grip counts when both pads
  meet enough of the link, opposite each other.

  Args:
    geoms: all of the link.
    centre: of the pads, world frame.
    rotation: tool rotation; pads lie in its x-z plane.
    probes: points of a pad's face, x and z.

  Returns:
    The centre between the pads once closed, and the width between them; or
    None when the grip would be poor.
  """
  closing = rotation[:, 1]
  one, other = (
    _pad(geoms, centre, rotation, sign, probes) for sign in (1.0, -1.0)
  )
  if one is None or other is None:
    return None
  (right, at_right), (left, at_left) = one, other
  if np.max(np.abs(at_right - at_left)) > _SKEW:
    return None
  return centre + closing * (right - left) / 2, right + left


def _pad(
  geoms: list[Geom],
  centre: np.ndarray,
  rotation: np.ndarray,
  sign: float,
  probes: Probes,
) -> tuple[float, Float[np.ndarray, ' 2']] | None:
  """How far out one pad stops, and the middle of where it touches."""
  closing = sign * rotation[:, 1]
  extent = np.array(
    [
      _outermost(geoms, centre + rotation @ np.array([x, 0, z]), closing)
      for x, z in probes
    ]
  )
  stop = float(extent.max())
  touching = extent > stop - _FLAT
  if not np.isfinite(stop) or touching.sum() < _FEWEST:
    return None
  return stop, np.asarray(probes)[touching].mean(axis=0)


def _outermost(
  geoms: list[Geom], point: np.ndarray, outward: np.ndarray
) -> float:
  """Distance from `point` to the link's far surface; -inf for a miss."""
  start, best = point + _FROM * outward, -np.inf
  for geom in geoms:
    hit = mujoco.mju_rayGeom(
      geom.position,
      geom.rotation.ravel(),
      geom.size,
      start,
      -outward,
      geom.kind,
    )
    if hit >= 0:
      best = max(best, _FROM - hit)
  return best
