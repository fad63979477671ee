"""The joints of a user's scene: hinges and slides with a range."""

import dataclasses

import mujoco
import numpy as np
from jaxtyping import Float

from sdd.scenes.own import finding

_JOINT = mujoco.mjtJoint


@dataclasses.dataclass(frozen=True)
class Joint:
  """A hinge or slide; lower is closed or off, upper open or on.

  Attributes:
    slides: whether it slides; else it turns.
    position: of its anchor, in the body's frame, metres.
    axis: in the body's frame.
    limits: lower and upper, metres or radians.
    start: where the file has it.
    passive: stiffness, the position at which the spring is at rest, damping,
      friction loss and armature.
  """

  slides: bool
  position: Float[np.ndarray, ' 3']
  axis: Float[np.ndarray, ' 3']
  limits: tuple[float, float]
  start: float
  passive: dict[str, float]

  def flipped(self) -> 'Joint':
    """The same, counted the other way."""
    lower, upper = self.limits
    passive = {**self.passive, 'springref': -self.passive['springref']}
    return dataclasses.replace(
      self, axis=-self.axis, limits=(-upper, -lower), start=-self.start,
      passive=passive,
    )  # fmt: skip


def read(
  model: mujoco.MjModel, body: int, name: str, *, flipped: bool
) -> tuple[bool, Joint | None, list[finding.Finding]]:
  """How a body moves against its parent.

  Args:
    model: the user's scene.
    body: number of the body.
    name: what it is called.
    flipped: whether its upper limit is the closed one.

  Returns:
    Whether it moves freely; else its hinge or slide, if it has one; and what
    is to be said about it.
  """
  told: list[finding.Finding] = []
  first, count = model.body_jntadr[body], model.body_jntnum[body]
  kinds = [int(model.jnt_type[first + k]) for k in range(count)]
  if not kinds or kinds == [_JOINT.mjJNT_FREE]:
    return bool(kinds), None, told
  if count > 1 or kinds[0] == _JOINT.mjJNT_BALL:
    what = 'a ball joint' if count == 1 else f'{count} joints'
    told.append(finding.fatal(
      f'{name!r} has {what}. A body may have one hinge or slide; put bodies '
      'between for more.'
    ))  # fmt: skip
    return False, None, told
  dof = int(model.jnt_dofadr[first])
  limits = model.jnt_range[first]
  if not model.jnt_limited[first] or limits[0] >= limits[1]:
    told.append(finding.fatal(
      f'The joint of {name!r} has no range, so nobody knows when it is '
      'closed or open. Give it one: range="0 90" and limited="true".'
    ))  # fmt: skip
    limits = np.array([0.0, 1.0])
  start = model.qpos0[model.jnt_qposadr[first]]
  passive = {
    'stiffness': float(model.jnt_stiffness[first]),
    'springref': float(
      model.qpos_spring[model.jnt_qposadr[first]] - start
    ),
    'damping': float(model.dof_damping[dof]),
    'frictionloss': float(model.dof_frictionloss[dof]),
    'armature': float(model.dof_armature[dof]),
  }  # fmt: skip
  if not passive['damping'] and not passive['frictionloss']:
    told.append(finding.warning(
      f'Nothing slows the joint of {name!r}: it will not stay where it was '
      'left. Give it some damping and frictionloss.'
    ))  # fmt: skip
  made = Joint(
    slides=kinds[0] == _JOINT.mjJNT_SLIDE,
    position=model.jnt_pos[first].copy(),
    axis=model.jnt_axis[first].copy(),
    limits=(float(limits[0] - start), float(limits[1] - start)),
    start=0.0,
    passive=passive,
  )
  return False, made.flipped() if flipped else made, told
