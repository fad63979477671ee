"""Initial worlds whose physics are not quite the scene's own.

A policy that has only ever met the scene's own masses, friction and servos
knows nothing else. With these draws, no two episodes have the same; whoever
acts, the generator, its planner or a policy, is not told.
"""

import dataclasses

import numpy as np

from sdd import errors
from sdd.scenes import scene as scene_lib
from sdd.scenes import world_state

_WORLD, _PHYSICS = 0, 3  # streams of random numbers of an episode
_SEEDS = 2**24  # whole numbers that 32-bit floats hold
FARTHEST = 0.1  # metres


@dataclasses.dataclass(frozen=True)
class Physics:
  """The ranges that a world's physics are drawn from.

  Factors are log-uniform between their two ends, so that twice as much is as
  likely as half.

  Attributes:
    mass: of what can be moved about. The same box comes full or half empty;
      beyond, a wooden block would be a different thing.
    friction: of all contacts. Handbooks give such spreads for one pair of
      materials; well below, fingers no longer hold what they hold.
    damping: of hinges and slides that are not the robot's. Nobody knows it of
      a drawer, and it differs more than anything else between two drawers.
    gain: of the arm's servos, kp. The lag of a servo, kv / kp, goes with its
      inverse root, so the feed-forward is off by up to a tenth.
    offset: radians beside which each joint of the arm stands at most,
      uniform. A third of a degree, as of a robot whose joints were zeroed by
      eye: about 4 mm at the tool of a UR5e.
    push: metres by which the tool is pushed off its way now and then, see
      `sdd.simulation.pushes`; the same in all worlds, and not scaled.
    latency: share of worlds in which commands have effect a period later, as
      where pictures, network and computer take their time.
  """

  mass: tuple[float, float] = (0.7, 1.4)
  friction: tuple[float, float] = (0.7, 1.3)
  damping: tuple[float, float] = (0.5, 2.0)
  gain: tuple[float, float] = (0.8, 1.25)
  offset: float = float(np.radians(0.3))
  latency: float = 1 / 3
  push: float = 0.0

  def __post_init__(self):
    for name in world_state.FACTORS:
      low, high = getattr(self, name)
      if not 0 < low <= high < np.inf:
        raise errors.SddError(
          f'{name} is to be drawn from {low} to {high}; expected two positive '
          'factors, the smaller one first.'
        )
    if not 0 <= self.push <= FARTHEST:
      raise errors.SddError(
        f'Robots cannot be pushed {self.push} m off their way; expected 0, '
        f'which is not at all, to {FARTHEST}.'
      )
    if not (0 <= self.offset < np.inf and 0 <= self.latency <= 1):
      raise errors.SddError(
        f'Got the offset {self.offset} and the latency {self.latency}; '
        'expected an angle of at least 0 and a share from 0 to 1.'
      )

  def scaled(self, strength: float) -> 'Physics':
    """Ranges that many times as wide; 0 is the scene's own physics.

    Raises:
      errors.SddError: the strength is negative or not finite.
    """
    if not 0 <= strength < np.inf:
      raise errors.SddError(
        f'Physics cannot vary {strength} times as much; expected 0, which is '
        'not at all, or more.'
      )
    wider = {
      name: tuple(end**strength for end in getattr(self, name))
      for name in world_state.FACTORS
    }
    return dataclasses.replace(
      self,
      **wider,
      offset=self.offset * strength,
      latency=min(1.0, self.latency * strength),
    )


def of_strength(strength: float, push: float = 0.0) -> Physics | None:
  """The ranges times the strength; None where that and the push are 0.

  Args:
    strength: what 0 is not at all.
    push: metres.

  Raises:
    errors.SddError: one of them is impossible.
  """
  if not strength and not push:
    return None
  return dataclasses.replace(Physics().scaled(strength), push=push)


def draw(
  scene: scene_lib.Scene,
  world: world_state.WorldState,
  rng: np.random.Generator,
  physics: Physics,
) -> world_state.WorldState:
  """A copy of a world at rest with other physics.

  Nothing is moved but the arm, which stands beside what it was sent from the
  beginning. As many numbers are drawn whatever the ranges, so a larger
  `Physics.scaled` makes the same world differ more, and in the same way.

  Args:
    scene: the scene.
    world: what to copy; not changed.
    rng: where draws come from.
    physics: their ranges.
  """
  part = rng.uniform(size=len(world_state.FACTORS))
  offset = rng.uniform(-1, 1, len(scene.arm_qpos)) * physics.offset
  late = rng.uniform() < physics.latency
  push_seed = int(rng.integers(_SEEDS))
  factors = {}
  for name, share in zip(world_state.FACTORS, part, strict=True):
    low, high = np.log(getattr(physics, name))
    factor = float(np.exp(low + share * (high - low)))
    factors[name] = getattr(world, name) * factor
  qpos = world.qpos.copy()
  qpos[scene.arm_qpos] += offset
  return dataclasses.replace(
    world,
    qpos=qpos,
    offset=world.offset + offset,
    latency=max(world.latency, int(late)),
    push=max(world.push, physics.push),
    push_seed=push_seed if physics.push else world.push_seed,
    **factors,
  )


def initial(
  scene: scene_lib.Scene,
  *,
  seed: int,
  index: int,
  physics: Physics | None = None,
) -> world_state.WorldState:
  """The world in which an episode begins.

  Physics have random numbers of their own: where things lie does not depend
  on them.

  Args:
    scene: the scene.
    seed: of the run.
    index: of the episode.
    physics: ranges of its physics; None for the scene's own.
  """
  rng = np.random.default_rng((seed, index, _WORLD))
  world = scene.initial(rng)
  if physics is None:
    return world
  rng = np.random.default_rng((seed, index, _PHYSICS))
  return draw(scene, world, rng, physics)
