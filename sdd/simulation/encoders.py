"""What a robot measures of itself."""

from typing import Any

from jaxtyping import Float

from sdd.simulation import kinematics

Pose = tuple[Any, Any]  # position (*b, 3), rotation (*b, 3, 3)


def tool_pose(
  xp: Any,
  arm: kinematics.Chain,
  q: Float[Any, '*b n'],
  offset: Float[Any, '*b n'],
  true: Pose,
) -> Pose:
  """Where the robot believes its tool to be, by its encoders.

  A joint that stands beside what it was sent, and stays there, is one whose
  zero is not where the robot takes it to be: a servo sees any other error and
  mends it. So encoders do not show the offset, and neither does
  proprioception; only who looks at the scene can know.

  Args:
    xp: array module.
    arm: the kinematic chain.
    q: joint angles as they are, radians.
    offset: how much less the encoders say, radians.
    true: the tool's pose as it is, which is what is believed, to the bit,
      where there is no offset.
  """
  believed = kinematics.forward(xp, arm, q - offset)
  wrong = (offset != 0).any(axis=-1)[..., None]
  return (
    xp.where(wrong, believed[0], true[0]),
    xp.where(wrong[..., None], believed[1], true[1]),
  )
