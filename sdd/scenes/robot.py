"""`RobotSpec`: an arm with a gripper, as data.

Whatever depends on the robot reads it from here, through its scene: the
controller, the planners, the worlds' beginnings. Builders add the robot to an
`MjSpec`; the rest says what its parts are called, how fast it may move and
how large its hand is. Lengths are metres, angles radians.

The fields of an arm and of a gripper meet in the body `hand`: the arm's
builder makes it at the flange, the gripper's fills it, with the site `tcp` in
it: between the fingertips, z out along the fingers, y the closing direction.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float

from sdd.scenes import parts

TCP = 'tcp'
HAND = 'hand'

# Share of the stroke that has to be spare: what is nearly as wide as that does
# not fit between the fingers for sure.
_SPARE = 0.1364
_INNER = 0.73  # share of a pad that has to meet what is grasped
_ROUND = 4  # decimals: a tenth of a millimetre


@dataclasses.dataclass(frozen=True)
class Arm:
  """A serial arm of hinges.

  Attributes:
    name: as in an address.
    add: adds the arm and its position servos, each called like its joint;
      returns the body `hand` at the flange.
    joints: from the base to the flange.
    home: joint angles of the rest pose: tool above the table, pointing down.
    speed: rad/s that each joint may reach.
    shoulder: what the wrist turns about, in the world.
    reach: from the shoulder to the wrist, at most.
    wrist: from the flange back to the wrist.
    root: the body that all others of the robot hang on.
    tool: site of the tool frame.
  """

  name: str
  add: Callable[[mujoco.MjSpec], parts.Body]
  joints: tuple[str, ...]
  home: tuple[float, ...]
  speed: tuple[float, ...]
  shoulder: tuple[float, float, float]
  reach: float
  wrist: float
  root: str = 'base'
  tool: str = TCP


@dataclasses.dataclass(frozen=True)
class Finger:
  """A fingertip and the joint that moves it.

  Attributes:
    body: that carries the fingertip.
    joint: its value is `scale * opening + offset`.
    geoms: of the fingertip; they touch what is grasped.
    servo: the actuator that is sent the joint's value; None where the joint
      follows the other finger's.
  """

  body: str
  joint: str
  geoms: tuple[str, ...]
  servo: str | None = None
  scale: float = 0.5
  offset: float = 0.0


@dataclasses.dataclass(frozen=True)
class Gripper:
  """A parallel gripper.

  Attributes:
    name: as in an address.
    add: fills the body `hand` and adds servos.
    fingers: left and right.
    stroke: opening between the fingertips at most.
    length: from the flange to the tool frame.
    pad: half sizes of the pads' faces, across and along the fingers.
    tip: what the closed fingers fill around the tool frame: half along x,
      half along y, and forwards, beyond the tool frame.
    back: how far behind the tool frame they are that slim.
  """

  name: str
  add: Callable[[mujoco.MjSpec, parts.Body], None]
  fingers: tuple[Finger, Finger]
  stroke: float
  length: float
  pad: tuple[float, float]
  tip: tuple[float, float, float]
  back: float = 0.05

  @property
  def widest(self) -> float:
    """Width of what is still grasped."""
    return round(self.stroke * (1 - _SPARE), _ROUND)

  @property
  def open_tip(self) -> tuple[float, float, float]:
    """How far an open fingertip reaches out from its pad's middle, x y z."""
    x, y, z = self.tip
    return x, round(y + 0.003, _ROUND), round(z + 0.001, _ROUND)

  @property
  def closed(self) -> Float[np.ndarray, '2 3']:
    """The closed fingers in the tool frame: two corners of a box."""
    x, y, z = self.tip
    return np.array([[-x, -y, -self.back], [x, y, z]])

  @property
  def probes(self) -> list[tuple[float, float]]:
    """Points of a pad's face, x and z in the tool frame."""
    x, z = (round(_INNER * half, 3) for half in self.pad)
    return [(a, b) for a in (-x, 0.0, x) for b in (-z, 0.0, z)]


@dataclasses.dataclass(frozen=True)
class RobotSpec:
  """An arm with a gripper; hashable, so that scenes are built once for it.

  Attributes:
    name: canonical, as in an address: `panda`, `panda+wide`, or a file.
    arm: the arm.
    gripper: what is at its flange.
  """

  name: str
  arm: Arm
  gripper: Gripper

  def add_to(self, spec: mujoco.MjSpec) -> None:
    """Adds arm, gripper, servos and wrist camera; base at the origin."""
    self.gripper.add(spec, self.arm.add(spec))

  @property
  def home(self) -> tuple[float, ...]:
    return self.arm.home

  @property
  def stroke(self) -> float:
    return self.gripper.stroke

  @property
  def finger_joints(self) -> tuple[str, ...]:
    return tuple(finger.joint for finger in self.gripper.fingers)

  @property
  def driven(self) -> tuple[Finger, ...]:
    """The fingers with a servo of their own."""
    return tuple(f for f in self.gripper.fingers if f.servo is not None)

  @functools.cached_property
  def servos(self) -> tuple[str, ...]:
    """Actuators: those of the arm's joints, then those of the fingers."""
    return (*self.arm.joints, *(finger.servo or '' for finger in self.driven))

  def finger_positions(self, opening: float) -> Float[np.ndarray, ' 2']:
    """Values of the finger joints at an opening."""
    fingers = self.gripper.fingers
    return np.array([f.scale * opening + f.offset for f in fingers])

  def opening(self, fingers: Any) -> Any:
    """The mean opening that finger joints (*b, 2) stand at; any array."""
    both = self.gripper.fingers
    offset = np.array([finger.offset for finger in both])
    share = np.array([1 / (len(both) * finger.scale) for finger in both])
    return ((fingers - offset) * share).sum(axis=-1)
