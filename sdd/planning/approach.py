"""Getting the gripper around something: grasp candidates and the way there.

Shared by every skill that begins with a grasp.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from sdd.planning import motion, path, reach, surface, trajectory
from sdd.scenes import robot as robot_lib

CANDIDATES = 150
_TRIES = 8  # candidates whose whole motion is worked out
_TILT = np.radians(35)  # spread of approach directions about the preferred
_MOST_TILT = np.radians(80)
_DEPTH = (-0.012, 0.010)  # metres past the grip's centre
_MOST_BACK = 0.016  # metres that a grasp is drawn back for the ground
_BACKUP = (0.06, 0.12)  # metres before the grasp where free motion ends
_SQUEEZE = 3  # periods to close
_SPARE = (0.02, 0.05)  # metres opened wider than what is grasped
_LEVER = 0.055  # metres from a link's middle that it is still held at


@dataclasses.dataclass(frozen=True)
class Grasp:
  """A tool pose to grasp from, and how wide to open for it."""

  position: Float[np.ndarray, ' 3']
  rotation: Float[np.ndarray, '3 3']
  width: float
  opening: float
  backup: float

  @property
  def before(self) -> Float[np.ndarray, ' 3']:
    """Where the straight approach begins."""
    return self.position - self.backup * self.rotation[:, 2]


def draw_grasps(
  geoms: list[surface.Geom],
  gripper: robot_lib.Gripper,
  *,
  prefer: Float[np.ndarray, ' 3'],
  rng: np.random.Generator,
  ground: float | None = None,
) -> Iterator[Grasp]:
  """Random antipodal grasps, approaching roughly along `prefer`.

  Args:
    geoms: what is grasped.
    gripper: with what.
    prefer: unit vector, world frame.
    rng: fixes the draws.
    ground: height that fingertips must stay above, if any, metres; deep
      grasps are drawn back until they do.
  """
  weight = np.array([surface.area(geom) for geom in geoms])
  middle = weight @ [geom.position for geom in geoms] / weight.sum()
  for _ in range(CANDIDATES):
    geom = geoms[int(rng.choice(len(geoms), p=weight / weight.sum()))]
    grip = surface.draw_grip(geom, rng)
    along = abs(float(grip.axis @ prefer))
    if grip.width > gripper.widest or along > 0.8:
      continue
    straight = prefer - (prefer @ grip.axis) * grip.axis
    straight /= np.linalg.norm(straight)
    tilt = float(np.clip(rng.normal() * _TILT, -_MOST_TILT, _MOST_TILT))
    approach = trajectory.rotation_matrix(tilt * grip.axis) @ straight
    closing = grip.axis * rng.choice((-1.0, 1.0))
    rotation = np.stack([np.cross(closing, approach), closing, approach], 1)
    centre = grip.centre + rng.uniform(*_DEPTH) * approach
    if ground is not None:
      back = _too_deep(gripper, centre, rotation, grip.width, ground)
      if back > _MOST_BACK:
        continue
      centre = centre - back * approach
    met = surface.squeezed(geoms, centre, rotation, probes=gripper.probes)
    if met is None or met[1] > gripper.widest:
      continue
    position, width = met
    if np.linalg.norm(position - middle) > _LEVER:
      continue
    yield Grasp(
      position=position,
      rotation=rotation,
      width=width,
      opening=min(gripper.stroke, width + rng.uniform(*_SPARE)),
      backup=rng.uniform(*_BACKUP),
    )


def _too_deep(
  gripper: robot_lib.Gripper,
  centre: Float[np.ndarray, ' 3'],
  rotation: Float[np.ndarray, '3 3'],
  width: float,
  ground: float,
) -> float:
  """Metres to draw back until open fingertips are off the ground."""
  x, y, z = gripper.open_tip
  reach = np.array([x, width / 2 + y, z])
  lowest = centre[2] - np.abs(rotation[2, :2]) @ reach[:2]
  lowest += min(0.0, rotation[2, 2]) * reach[2]
  if lowest >= ground:
    return 0.0
  return float((ground - lowest) / max(-rotation[2, 2], 1e-3))


def ways_to(
  moving: trajectory.Trajectory,
  grasps: Iterator[Grasp],
  rng: np.random.Generator,
) -> Iterator[Grasp]:
  """Moves to one grasp after the other, open; yields at each that works.

  The caller goes on from there, and asks for the next when that fails; the
  trajectory is rewound in between.

  Raises:
    motion.Infeasible: no more grasps, or too many tried.
  """
  world, tried = moving.world, 0
  for grasp in grasps:
    mark = moving.mark()
    world.opening = grasp.opening
    for q in _stances(moving, grasp, rng):
      tried += 1
      world.opening = mark[3]
      try:
        _go(moving, grasp, q, rng)
        yield grasp
      except motion.Infeasible:
        pass
      moving.rewind(mark)
      world.opening = grasp.opening
      if tried >= _TRIES:
        raise motion.Infeasible('no way to any of the grasps tried')
    world.opening = mark[3]
  raise motion.Infeasible('no reachable grasp')


def _stances(
  moving: trajectory.Trajectory, grasp: Grasp, rng: np.random.Generator
) -> Iterator[Float[np.ndarray, ' n']]:
  """Free configurations at the start of the approach, at most two."""
  world, found = moving.world, 0
  solutions = reach.configurations(
    world, grasp.position, grasp.rotation, near=moving.q, rng=rng
  )
  for q in solutions:
    if found >= 2 or not world.free(q, touching=True):
      continue
    before = reach.follow_line(world, q, grasp.before, grasp.rotation)
    if before is not None and world.free(before):
      found += 1
      yield path.nearest_turn(world, before, moving.q)


def _go(
  moving: trajectory.Trajectory,
  grasp: Grasp,
  before: Float[np.ndarray, ' n'],
  rng: np.random.Generator,
) -> None:
  moving.grip(grasp.opening, periods=1)
  moving.follow(path.connect(moving.world, moving.q, before, rng))
  moving.line(grasp.position, rotation=grasp.rotation)
  moving.wait(1)


def squeeze(moving: trajectory.Trajectory, grasp: Grasp, link: str) -> None:
  """Closes on what the gripper is around."""
  moving.world.allow(link)
  moving.grip(0.0, at_least=grasp.width, periods=_SQUEEZE)


def escape(moving: trajectory.Trajectory) -> None:
  """Leaves contact: backwards or upwards, until the arm is clear.

  Raises:
    motion.Infeasible: every way out is blocked.
  """
  if moving.world.free(moving.q):
    return
  moving.world.forgive(moving.q)
  position, rotation = moving.pose
  back, up = -rotation[:, 2], np.array([0.0, 0.0, 1.0])
  mark = moving.mark()
  for distance in (0.04, 0.08, 0.14):
    for direction in (
      back,
      up,
      back + up,
      -position / np.linalg.norm(position),
    ):
      try:
        unit = direction / (np.linalg.norm(direction) + 1e-9)
        moving.line(position + distance * unit)
        if moving.world.free(moving.q):
          moving.world.forgive(None)
          return
      except motion.Infeasible:
        pass
      moving.rewind(mark)
  raise motion.Infeasible('the arm is wedged in')
