"""The whole state of one simulated world, as plain arrays."""

import dataclasses

import numpy as np
from jaxtyping import Float


@dataclasses.dataclass(frozen=True)
class WorldState:
  """Enough to continue a simulation: physics and controller together.

  Attributes:
    qpos: generalised positions, MuJoCo's order.
    qvel: generalised velocities.
    mocap_pos: where the furniture stands, metres, world frame.
    mocap_quat: its orientation, wxyz.
    arm_target: joint angles the arm servos are sent to, radians.
    gripper_target: commanded opening between the fingertips, metres.
    time: simulated seconds since the episode began.
    shape: which of the scene's shapes things have.
    mass: factor on mass and inertia of everything that can be moved about.
    friction: factor on the sliding and torsional friction of all contacts.
      Of all, because MuJoCo goes by the rougher of the two that touch: an
      object alone that is made smoother slides no farther on the same table.
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
