"""From an action to servo commands: the only way anything moves the robot.

Each control period the action's pose is turned into joint angles (inverse
kinematics from the angles commanded before, so the arm stays in its branch)
and the servos are led there in a straight line in joint space, with velocity
feed-forward against the servos' lag. The same code runs on NumPy and JAX.
"""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from sdd.scenes import scene as scene_lib
from sdd.simulation import action, kinematics

_IK_ITERATIONS = 8

# Arm (*b, n) in radians and opening (*b) in metres that were commanded.
Targets = tuple[Any, Any]


@dataclasses.dataclass(frozen=True, eq=False)
class Controller:
  """What the servo commands depend on.

  Attributes:
    arm: the kinematic chain from the base to the tool.
    most: (n,) radians that each joint may move in a period.
    stroke: opening of the gripper at most, metres.
    fingers: (2, f) scale and offset from the opening to the joint of each
      finger with a servo.
    order: (nu,) column of arm and fingers that each actuator is sent; one
      beyond them where it is not the robot's.
    lag: (n,) seconds by which each servo trails a moving command, kv / kp.
    period: seconds an action lasts.
    substeps: physics steps an action lasts.
  """

  arm: kinematics.Chain
  most: Float[np.ndarray, ' n']
  stroke: float
  fingers: Float[np.ndarray, '2 f']
  order: Int[np.ndarray, ' nu']
  lag: Float[np.ndarray, ' n']
  period: float
  substeps: int


def make(scene: scene_lib.Scene, spec: action.ActionSpec) -> Controller:
  """The controller of a scene's robot at the control rate of `spec`."""
  model, robot = scene.model, scene.robot
  servos = [model.actuator(name).id for name in robot.arm.joints]
  period = 1.0 / spec.rate_hz
  return Controller(
    arm=kinematics.of_robot(scene),
    most=np.array(robot.arm.speed) * period,
    stroke=robot.stroke,
    fingers=np.array([(f.scale, f.offset) for f in robot.driven]).T,
    order=scene.ctrl_order,
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

  Moves no joint faster than it may, whatever the action asks.
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
  most = controller.most
  return xp.clip(goal, arm_target - most, arm_target + most)


def gripper_goal(
  xp: Any, stroke: float, command: Float[Any, '*b 10']
) -> Float[Any, '*b']:
  """Commanded opening, metres, within the stroke."""
  return xp.clip(command[..., 9], 0.0, stroke)


def led(
  xp: Any,
  latency: Int[Any, '*b'],
  earlier: Targets,
  latest: Targets,
  goal: Targets,
) -> tuple[Targets, Targets]:
  """From where to where the servos are led in a period.

  Args:
    xp: array module.
    latency: 0 or 1; with 1, everything happens a period later.
    earlier: what was commanded before the latest.
    latest: what was commanded in the period before.
    goal: what is commanded now.
  """
  late = xp.asarray(latency) > 0

  def chosen(old: Targets, new: Targets) -> Targets:
    arm = xp.where(late[..., None], old[0], new[0])
    return arm, xp.where(late, old[1], new[1])

  return chosen(earlier, latest), chosen(latest, goal)


def servo_commands(
  xp: Any,
  controller: Controller,
  before: Targets,
  after: Targets,
  *,
  offset: Float[Any, '*b n'],
) -> Float[Any, 'substeps *b nu']:
  """Actuator commands of every physics step of one period.

  Args:
    xp: array module.
    controller: the controller.
    before: arm and gripper target that the servos come from.
    after: those that they reach.
    offset: radians beside which the arm's joints are sent.
  """
  part = xp.arange(1, controller.substeps + 1) / controller.substeps
  part = part.reshape(-1, *(1,) * before[0].ndim)
  move = after[0] - before[0]
  lead = controller.lag * move / controller.period
  arm = before[0] + part * move + lead + offset
  opening = before[1] + part[..., 0] * (after[1] - before[1])
  scale, offset = controller.fingers
  sent = xp.concatenate([arm, opening[..., None] * scale + offset], axis=-1)
  count = sent.shape[-1]
  if np.array_equal(controller.order, np.arange(count)):
    return sent
  nothing = xp.zeros_like(sent[..., :1])
  return xp.concatenate([sent, nothing], axis=-1)[..., controller.order]
