"""What a world's factors of damping and gain make of its model.

Like `weighing`, which does it for mass and friction: both simulators take the
changed fields from here.
"""

from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float

from sdd.scenes import scene as scene_lib

_DOF = ('dof_damping', 'dof_frictionloss')
# Powers of the gain by which the first columns are multiplied: the force of a
# servo is kp (sent - q) - kv v, and as well damped as before if kv goes with
# the root of kp.
_SERVO = {'actuator_gainprm': (1.0,), 'actuator_biasprm': (0.0, 1.0, 0.5)}
FIELDS = (*_DOF, *_SERVO)


class Tuning:
  """The rule for models of one scene, in whatever shape."""

  def __init__(self, scene: scene_lib.Scene):
    model = scene.model
    root = model.body(scene.robot.arm.root).id
    robot = np.array([_within(model, k, root) for k in range(model.nbody)])
    free = model.jnt_type == mujoco.mjtJoint.mjJNT_FREE
    joint = model.dof_jntid
    self._dof = ~robot[model.dof_bodyid] & ~free[joint]
    self._servos = np.zeros(model.nu, bool)
    for name in scene.robot.arm.joints:
      self._servos[model.actuator(name).id] = True

  def fields(
    self,
    field: Callable[[str], Any],
    damping: Float[Any, ''],
    gain: Float[Any, ''],
    *,
    xp: Any = np,
  ) -> dict[str, Any]:
    """The fields of a model with these factors; those of 1 change no bit.

    Args:
      field: an array of the unchanged model by name, for each of `FIELDS`.
      damping: on damping and friction loss of hinges and slides that are not
        the robot's.
      gain: on the stiffness of the arm's servos.
      xp: `numpy`, or `jax.numpy`, where this is traceable.
    """
    found = {
      name: field(name) * xp.where(self._dof, damping, 1) for name in _DOF
    }
    for name, powers in _SERVO.items():
      value = field(name)
      power = np.zeros(value.shape[1])
      power[: len(powers)] = powers
      factor = xp.where(power == 1, gain, xp.where(power > 0, gain**0.5, 1))
      found[name] = value * xp.where(self._servos[:, None], factor, 1)
    return found


def _within(model: mujoco.MjModel, body: int, root: int) -> bool:
  """Whether a body hangs on `root`, or is it."""
  while body and body != root:
    body = model.body_parentid[body]
  return body == root
