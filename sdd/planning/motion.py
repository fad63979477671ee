"""What a planner is asked for, and what it answers."""

import dataclasses
from typing import Literal

import numpy as np
from jaxtyping import Float

from sdd.language import skill as skill_lib
from sdd.scenes import world_state

Primitives = Literal['6dof', 'planar']
PRIMITIVES: tuple[Primitives, ...] = ('6dof', 'planar')


class Infeasible(Exception):
  """No motion found for this draw; trying again may well work."""


class Unready(Infeasible):
  """The world is not as the skill needs it; no other draw can help."""


@dataclasses.dataclass(frozen=True)
class Request:
  """One planning problem, small and picklable.

  Attributes:
    scene: name of the scene.
    world: where everything is.
    skill: what to do, or None to go back to rest with an open gripper.
    holding: the link in the gripper, or None.
    seed: fixes every random draw of the planner.
    primitives: `6dof`, or `planar` for the paper's baseline, whose tool
      always points straight down.
  """

  scene: str
  world: world_state.WorldState
  skill: skill_lib.Skill | None
  holding: str | None
  seed: tuple[int, ...]
  primitives: Primitives = '6dof'


@dataclasses.dataclass(frozen=True)
class Motion:
  """Actions that carry out a skill.

  Attributes:
    actions: at the control rate.
    holding: from which action on the skill's link must stay in the
      gripper, and until which one; None when it carries nothing.
  """

  actions: Float[np.ndarray, 'T 10']
  holding: tuple[int, int] | None = None


@dataclasses.dataclass(frozen=True)
class Answer:
  """What came out of a planner process.

  Attributes:
    motion: the motion, or None.
    reason: why there is none.
    ready: False when no other draw can help, because the world is not as
      the skill needs it.
    seconds: CPU time it took.
  """

  motion: Motion | None
  reason: str
  seconds: float
  ready: bool = True
