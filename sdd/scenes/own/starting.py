"""The worlds that episodes in a user's scene start from."""

import dataclasses

import mujoco
import numpy as np
from jaxtyping import Float

from sdd import errors
from sdd.scenes import parts, scene, table_top, world_state
from sdd.scenes.own import notes as notes_lib

# Where the notes say nothing: things lie a little elsewhere, any way round.
OBJECT = notes_lib.Freedom(shift=(0.03, 0.03), turn=180.0)
_STANDING = notes_lib.Freedom()
_DRAWS = 40
_OVERLAP = 0.002  # metres that things may be in each other
_MOVED, _TIPPED = 0.03, np.radians(20)  # that settling may move things by


@dataclasses.dataclass(frozen=True)
class Start:
  """Draws initial worlds; a scene's `sample`.

  Attributes:
    freedom: of the bodies that do not have that of their kind.
  """

  freedom: tuple[tuple[str, notes_lib.Freedom], ...]

  def __call__(
    self, this: scene.Scene, rng: np.random.Generator
  ) -> world_state.WorldState:
    """A world in which everything rests where it was put.

    Raises:
      errors.SddError: things are in each other, or fall, wherever they are.
    """
    arm = np.array(table_top.arm_start(this, rng))
    problem = ''
    for _ in range(_DRAWS):
      drawn = self._drawn(this, rng, arm)
      problem = overlapping(this, drawn)
      if problem:
        continue
      rested = table_top.settled(this, drawn)
      problem = moved(this, drawn, rested)
      if not problem:
        return rested
    raise errors.SddError(
      f'In {_DRAWS} tries no world of the scene {this.name!r} came to rest as '
      f'it was drawn; in the last one {problem}. Put things farther apart, or '
      'let them start less far from where they are: randomise in the YAML.'
    )

  def _drawn(
    self, this: scene.Scene, rng: np.random.Generator, arm: np.ndarray
  ) -> world_state.WorldState:
    freedom = dict(self.freedom)
    rest = this.rest
    qpos, mocap = (
      rest.qpos.copy(),
      [rest.mocap_pos.copy(), rest.mocap_quat.copy()],
    )
    qpos[this.arm_qpos] = arm
    on = _standing_on(this)
    carried: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    for link in this.vocabulary.links:
      if link.kind == 'furniture':
        number = int(this.model.body(link.body).mocapid[0])
        free = freedom.get(link.name, _STANDING)
        before = mocap[0][number].copy(), mocap[1][number].copy()
        shift, turn = _draw(free, rng)
        mocap[0][number, :2] += shift
        mocap[1][number] = _times(turn, before[1])
        carried[link.name] = before[0], shift, turn
    for link in this.vocabulary.links:
      if link.kind == 'object':
        at = this.free_qpos(link.name)
        if on.get(link.name) in carried:
          origin, shift, turn = carried[on[link.name]]
          offset = _rotated(qpos[at : at + 3] - origin, turn)
          qpos[at : at + 3] = origin + offset
          qpos[at : at + 2] += shift
          qpos[at + 3 : at + 7] = _times(turn, qpos[at + 3 : at + 7])
        shift, turn = _draw(freedom.get(link.name, OBJECT), rng)
        qpos[at : at + 2] += shift
        qpos[at + 3 : at + 7] = _times(turn, qpos[at + 3 : at + 7])
      between = freedom[link.name].joint if link.name in freedom else None
      if between is not None and link.joint == link.body:
        joint = this.model.joint(link.joint)
        turns = joint.type[0] == mujoco.mjtJoint.mjJNT_HINGE
        span = np.radians(between) if turns else np.array(between)
        value = rng.uniform(*np.clip(span, *joint.range))
        qpos[joint.qposadr[0]] = value
    return world_state.WorldState(
      qpos=qpos,
      qvel=rest.qvel.copy(),
      mocap_pos=mocap[0],
      mocap_quat=mocap[1],
      arm_target=arm,
      gripper_target=this.robot.stroke,
    )


def _draw(
  free: notes_lib.Freedom, rng: np.random.Generator
) -> tuple[Float[np.ndarray, ' 2'], Float[np.ndarray, ' 4']]:
  """A shift and a turn about the vertical."""
  shift = rng.uniform(-1, 1, 2) * free.shift
  yaw = rng.uniform(-1, 1) * np.radians(free.turn)
  return shift, np.array(parts.rotation_z(yaw))


def _times(one: np.ndarray, other: np.ndarray) -> Float[np.ndarray, ' 4']:
  product = np.zeros(4)
  mujoco.mju_mulQuat(product, one, np.asarray(other, float))
  return product


def _rotated(vector: np.ndarray, turn: np.ndarray) -> Float[np.ndarray, ' 3']:
  turned = np.zeros(3)
  mujoco.mju_rotVecQuat(turned, np.asarray(vector, float), turn)
  return turned


def overlapping(this: scene.Scene, world: world_state.WorldState) -> str:
  """Which things are in each other, in words; empty if none are."""
  data = _data(this, world)
  deep = np.flatnonzero(data.contact.dist < -_OVERLAP)
  if not len(deep):
    return ''
  worst = deep[int(np.argmin(data.contact.dist[deep]))]
  one, other = (this.model.geom(int(g)) for g in data.contact.geom[worst])
  names = [this.model.body(int(g.bodyid[0])).name for g in (one, other)]
  depth = -1000 * float(data.contact.dist[worst])
  return f'{names[0]!r} and {names[1]!r} are {depth:.0f} mm in each other'


def moved(
  this: scene.Scene,
  drawn: world_state.WorldState,
  rested: world_state.WorldState,
) -> str:
  """What did not stay where it was put, in words; empty if all did."""
  for link in this.vocabulary.links:
    if link.kind != 'object':
      continue
    at = this.free_qpos(link.name)
    before, after = drawn.qpos[at : at + 7], rested.qpos[at : at + 7]
    far = float(np.linalg.norm(after[:2] - before[:2]))
    fallen = float(before[2] - after[2])
    if far > _MOVED or fallen > _MOVED:
      return (
        f'{link.name!r} falls or slides by {1000 * max(far, fallen):.0f} mm'
      )
    if _tilt(before[3:], after[3:]) > _TIPPED:
      return f'{link.name!r} tips over'
  return ''


def _tilt(before: np.ndarray, after: np.ndarray) -> float:
  """Radians between a body's vertical, as it was, and the vertical."""
  back = np.zeros(4)
  mujoco.mju_negQuat(back, np.asarray(before, float))
  up = _rotated(np.array([0, 0, 1.0]), _times(after, back))
  return float(np.arccos(np.clip(up[2], -1, 1)))


def _standing_on(this: scene.Scene) -> dict[str, str]:
  """The furniture that each object rests on, where it does."""
  words = this.vocabulary
  roots = {
    link.name: link.name for link in words.links if link.kind == 'furniture'
  }
  for link in words.links:
    if link.kind == 'part' and link.parent in roots:
      roots[link.name] = roots[link.parent]
  owner = {
    this.model.geom(name).id: link
    for link in words.links
    for name in link.geoms
  }
  data = _data(this, table_top.settled(this, this.rest))
  found = {}
  for pair in data.contact.geom:
    links = [owner.get(int(geom)) for geom in pair]
    for thing, below in (links, links[::-1]):
      if thing and below and thing.kind == 'object' and below.name in roots:
        found[thing.name] = roots[below.name]
  return found


def _data(this: scene.Scene, world: world_state.WorldState) -> mujoco.MjData:
  """The world with its contacts worked out."""
  data = mujoco.MjData(this.model)
  data.qpos[:] = world.qpos
  data.mocap_pos[:], data.mocap_quat[:] = world.mocap_pos, world.mocap_quat
  mujoco.mj_kinematics(this.model, data)
  mujoco.mj_comPos(this.model, data)
  mujoco.mj_collision(this.model, data)
  return data
