"""`SceneState`: the one thing a predicate may see."""

from typing import Any

import flax.struct


@flax.struct.dataclass
class SceneState:
  """What the world looks like, by the vocabulary's links and joints.

  A pytree of arrays, NumPy or JAX. `*b` are batch axes, `L` the links of
  the vocabulary in its order, `J` its joints. World frame, metres, radians,
  quaternions wxyz.

  Attributes:
    link_position: (*b, L, 3) body origin of each link.
    link_quaternion: (*b, L, 4) its orientation.
    link_bounds: (*b, L, 2, 3) lower and upper corner of the axis-aligned
      box around the link's own geoms.
    joint_position: (*b, J).
    contact: (*b, L, L) bool, symmetric; geoms of both links touch.
    contact_normal: (*b, L, L, 3) mean unit normal, from the first link to
      the second; zero where there is no contact.
    gripper_command: (*b,) commanded opening, metres.
  """

  link_position: Any
  link_quaternion: Any
  link_bounds: Any
  joint_position: Any
  contact: Any
  contact_normal: Any
  gripper_command: Any
