"""From paths and lines to actions, checked as they will be executed.

A `Trajectory` runs the very controller that the simulators and robots run,
so what is checked against collision is the motion the servos will be sent,
not the plan it came from.
"""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float

from sdd.planning import collision, motion
from sdd.planning import path as path_lib
from sdd.simulation import action, controller, kinematics

# Mean speed over a stretch, as a share of what each joint may reach.
CRUISE = 1.3 / 3.0
TOOL_SPEED = 0.5  # metres a second, mean, of the tool in free motion
CARRY_SPEED = 0.3  # the same with something in the gripper
LINE_SPEED = 0.16  # metres a second
TURN_SPEED = 0.9  # radians a second, while moving in a line
_REACH_ERROR = 4e-3  # metres and radians the tool may miss its pose by
_RAMP = 0.25  # share of a stretch spent speeding up, and slowing down


class Trajectory:
  """Actions so far, and the arm as it will stand after them.

  Attributes:
    world: the planning world, whose arm follows along.
    q: (n,) commanded joint angles.
    opening: commanded gripper opening, metres.
  """

  def __init__(
    self,
    world: collision.PlanningWorld,
    spec: action.ActionSpec,
    opening: float,
  ):
    self.world = world
    self.q = world.start
    self.opening = opening
    self._controller = controller.make(world.scene, spec)
    self._speed = np.array(world.scene.robot.arm.speed) * CRUISE
    self._actions: list[np.ndarray] = []

  def __len__(self) -> int:
    return len(self._actions)

  @property
  def actions(self) -> Float[np.ndarray, 'T 10']:
    return np.asarray(self._actions, np.float32).reshape(-1, action.DIMENSION)

  @property
  def pose(self) -> tuple[np.ndarray, np.ndarray]:
    """Tool position and rotation after the actions so far."""
    return kinematics.forward(np, self.world.arm, self.q)

  def mark(self) -> tuple:
    """A point to `rewind` to."""
    return len(self._actions), self.q, self.opening, self.world.opening

  def rewind(self, mark: tuple) -> None:
    """Forgets everything after `mark`."""
    count, self.q, self.opening, self.world.opening = mark
    del self._actions[count:]

  def follow(
    self, path: path_lib.Path, *, tool_speed: float = TOOL_SPEED
  ) -> None:
    """Moves through joint-space waypoints, stopping at each.

    Raises:
      motion.Infeasible: the executed motion would collide.
    """
    for start, end in itertools.pairwise(path):
      ends = kinematics.forward(np, self.world.arm, np.stack([start, end]))
      seconds = max(
        float(np.max(np.abs(end - start) / self._speed)),
        float(np.linalg.norm(ends[0][1] - ends[0][0])) / tool_speed,
      )
      for part in _profile(seconds, self._controller.period):
        q = start + part * (end - start)
        pose = kinematics.forward(np, self.world.arm, q)
        self._send(*pose, touching=False)
    # A redundant arm may hold a pose otherwise than planned; `_send` has seen
    # that it gets there, and that the way is free.
    redundant = self.world.arm.redundant
    if not redundant and np.max(np.abs(self.q - path[-1])) > 0.05:
      raise motion.Infeasible('the arm left its planned branch')

  def line(
    self,
    position: Float[np.ndarray, ' 3'],
    *,
    rotation: Float[np.ndarray, '3 3'] | None = None,
    speed: float = LINE_SPEED,
    touching: bool = True,
  ) -> None:
    """Moves the tool in a straight line, checking on the way."""
    start, turned = self.pose
    goal = turned if rotation is None else rotation
    seconds = float(np.linalg.norm(position - start)) / speed
    turn = rotation_vector(goal @ turned.T)
    seconds = max(seconds, float(np.linalg.norm(turn)) / TURN_SPEED)
    for part in _profile(seconds, self._controller.period):
      self._send(
        start + part * (position - start),
        rotation_matrix(part * turn) @ turned,
        touching=touching,
      )

  def through(
    self,
    poses: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    joint: str,
    values: Iterable[float],
  ) -> None:
    """Moves through tool poses, one a period, while a joint moves along."""
    for (position, rotation), value in zip(poses, values, strict=True):
      self.world.set_joint(joint, value)
      self._send(position, rotation, touching=True)

  def grip(
    self, opening: float, *, at_least: float = 0.0, periods: int
  ) -> None:
    """Leads the gripper to an opening; `at_least` is what it holds."""
    position, rotation = self.pose
    before = self.opening
    for k in range(1, periods + 1):
      self.opening = max(0.0, before + (opening - before) * k / periods)
      self.world.opening = max(self.opening, at_least)
      self._send(position, rotation, touching=True)

  def wait(self, periods: int) -> None:
    """Holds still."""
    self.grip(self.opening, at_least=self.world.opening, periods=periods)

  def _send(
    self, position: np.ndarray, rotation: np.ndarray, *, touching: bool
  ) -> None:
    command = action.encode(position, rotation, self.opening)
    command = command.astype(np.float32)
    q = controller.joint_target(
      np, self._controller, self.q, command.astype(float)
    )
    reached, turned = kinematics.forward(np, self.world.arm, q)
    miss = np.linalg.norm(reached - position) + 0.2 * np.linalg.norm(
      turned - rotation
    )
    if miss > _REACH_ERROR:
      raise motion.Infeasible('a pose is out of reach')
    if not self.world.free_edge(self.q, q, touching=touching):
      raise motion.Infeasible('the motion would collide')
    self._actions.append(command)
    self.q = q


def _profile(seconds: float, period: float) -> Float[np.ndarray, ' T']:
  """Parts of a stretch covered at each period, by a trapezoid of speed."""
  count = max(1, int(np.ceil(seconds / (1 - _RAMP) / period - 1e-9)))
  if count == 1:
    return np.ones(1)
  t = np.arange(1, count + 1) / count
  ramp, top = _RAMP, 1 / (1 - _RAMP)
  up = top * t**2 / (2 * ramp)
  flat = top * (t - ramp / 2)
  down = 1 - top * (1 - t) ** 2 / (2 * ramp)
  return np.where(t < ramp, up, np.where(t <= 1 - ramp, flat, down))


def rotation_vector(rotation: Float[np.ndarray, '3 3']) -> np.ndarray:
  """Axis times angle, radians."""
  vector = 0.5 * np.array(
    [
      rotation[2, 1] - rotation[1, 2],
      rotation[0, 2] - rotation[2, 0],
      rotation[1, 0] - rotation[0, 1],
    ]
  )
  sine = float(np.linalg.norm(vector))
  angle = float(np.arctan2(sine, 0.5 * (np.trace(rotation) - 1)))
  if sine > 1e-9:
    return vector * (angle / sine)
  if angle < 1.0:
    return np.zeros(3)
  # Half a turn: the axis is the eigenvector that the rotation leaves alone.
  axis = np.sqrt(np.maximum((np.diag(rotation) + 1) / 2, 0))
  largest = int(np.argmax(axis))
  sign = np.where(rotation[largest] < 0, -1, 1)
  sign[largest] = 1
  axis *= sign
  return angle * axis / np.linalg.norm(axis)


def rotation_matrix(vector: Float[np.ndarray, ' 3']) -> np.ndarray:
  """The rotation by `vector`, axis times angle (Rodrigues)."""
  angle = float(np.linalg.norm(vector))
  if angle < 1e-12:
    return np.eye(3)
  x, y, z = vector / angle
  skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
  return np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * skew @ skew
