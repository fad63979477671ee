"""The whole state of one simulated world, as plain arrays."""

import dataclasses

import numpy as np
from jaxtyping import Float

# The fields that are factors, 1 for the scene's own.
FACTORS = ('mass', 'friction', 'damping', 'gain')


@dataclasses.dataclass(frozen=True)
class WorldState:
  """Enough to continue a simulation: physics and controller together.

  Attributes:
    qpos: generalised positions, MuJoCo's order.
    qvel: generalised velocities.
    mocap_pos: where the furniture stands, metres, world frame.
    mocap_quat: its orientation, wxyz.
    arm_target: joint angles the controller has commanded last, radians.
    gripper_target: commanded opening between the fingertips, metres.
    time: simulated seconds since the episode began.
    shape: which of the scene's shapes things have.
    mass: factor on mass and inertia of everything that can be moved about.
    friction: factor on the sliding and torsional friction of all contacts.
      Of all, because MuJoCo goes by the rougher of the two that touch: an
      object alone that is made smoother slides no farther on the same table.
    damping: factor on damping and friction loss of all hinges and slides that
      are not the robot's: drawers, lids, buttons.
    gain: factor on the stiffness kp of the arm's servos. Their kv goes with
      its root, so that they are as well damped as before. The controller,
      which leads them, goes by the scene's own.
    offset: radians by which each joint of the arm stands beside what its
      servo is sent, and beside what its encoder says; or one number for all.
    latency: control periods, 0 or 1, that pass before a command has effect.
    earlier: where a world with latency is still being led: arm target and
      opening that were commanded before the last; empty where they are the
      same, as in the beginning of an episode.
    push: metres by which the tool is pushed off its way now and then, at
      most; see `sdd.simulation.pushes`.
    push_seed: decides when and where to; a whole number.
  """

  qpos: Float[np.ndarray, ' nq']
  qvel: Float[np.ndarray, ' nv']
  mocap_pos: Float[np.ndarray, 'M 3']
  mocap_quat: Float[np.ndarray, 'M 4']
  arm_target: Float[np.ndarray, ' arm']
  gripper_target: float
  time: float = 0.0
  shape: int = 0
  mass: float = 1.0
  friction: float = 1.0
  damping: float = 1.0
  gain: float = 1.0
  offset: Float[np.ndarray, ' #arm'] = dataclasses.field(
    default_factory=lambda: np.zeros(1)
  )
  latency: int = 0
  earlier: Float[np.ndarray, ' arm+1'] = dataclasses.field(
    default_factory=lambda: np.zeros(0)
  )
  push: float = 0.0
  push_seed: int = 0
