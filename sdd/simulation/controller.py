"""From an action to servo commands: the only way anything moves the robot.

Each control period the action's pose is turned into joint angles (inverse
kinematics from the angles commanded before, so the arm stays in its branch)
and the servos are led there in a straight line in joint space, with velocity
feed-forward against the servos' lag. The same code runs on NumPy and JAX.
"""

import dataclasses
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float

from sdd.scenes import robot
from sdd.simulation import action, kinematics

_IK_ITERATIONS = 8
MAX_JOINT_STEP = 0.75  # radians a control period: 3 rad/s at 4 Hz


@dataclasses.dataclass(frozen=True, eq=False)
class Controller:
  """What the servo commands depend on.

  Attributes:
    arm: the kinematic chain from the base to the tool.
    lag: (n,) seconds by which each servo trails a moving command, kv / kp.
    period: seconds an action lasts.
    substeps: physics steps an action lasts.
  """

  arm: kinematics.Chain
  lag: Float[np.ndarray, ' n']
  period: float
  substeps: int


def make(model: mujoco.MjModel, spec: action.ActionSpec) -> Controller:
  """The controller of a model at the control rate of `spec`."""
  servos = [model.actuator(name).id for name in robot.ARM_JOINTS]
  period = 1.0 / spec.rate_hz
  return Controller(
    arm=kinematics.chain(model, robot.ARM_JOINTS, robot.TCP),
    lag=-model.actuator_biasprm[servos, 2] / model.actuator_gainprm[servos, 0],
    period=period,
    substeps=round(period / model.opt.timestep),
  )


def joint_target(
  xp: Any,
  controller: Controller,
  arm_target: Float[Any, '*b n'],
  command: Float[Any, '*b 10'],
) -> Float[Any, '*b n']:
  """Joint angles that the arm shall reach by the end of the period.

  Moves at most `MAX_JOINT_STEP` a joint, whatever the action asks.
  """
  position, rotation, _ = action.decode(xp, command)
  goal, _ = kinematics.solve(
    xp,
    controller.arm,
    arm_target,
    position,
    rotation,
    iterations=_IK_ITERATIONS,
  )
  return xp.clip(goal, arm_target - MAX_JOINT_STEP, arm_target + MAX_JOINT_STEP)


def gripper_goal(xp: Any, command: Float[Any, '*b 10']) -> Float[Any, '*b']:
  """Commanded opening, metres, within the stroke."""
  return xp.clip(command[..., 9], 0.0, action.MAX_OPENING)


def servo_commands(
  xp: Any,
  controller: Controller,
  before: tuple[Float[Any, '*b n'], Float[Any, '*b']],
  after: tuple[Float[Any, '*b n'], Float[Any, '*b']],
) -> Float[Any, 'substeps *b n+1']:
  """Servo commands of every physics step of one period.

  Args:
    xp: array module.
    controller: the controller.
    before: arm and gripper target of the period before.
    after: those of this period.
  """
  part = xp.arange(1, controller.substeps + 1) / controller.substeps
  part = part.reshape(-1, *(1,) * before[0].ndim)
  move = after[0] - before[0]
  lead = controller.lag * move / controller.period
  arm = before[0] + part * move + lead
  opening = before[1] + part[..., 0] * (after[1] - before[1])
  finger = opening[..., None] / 2  # the finger joint is half the opening
  return xp.concatenate([arm, finger], axis=-1)
