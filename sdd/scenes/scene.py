"""`Scene`: a compiled world, the names in it, and the tasks it is for."""

import copy
import dataclasses
import functools
import hashlib
from collections.abc import Callable
from typing import Any, Literal

import mujoco
import numpy as np
from jaxtyping import Float, Int

from sdd import errors
from sdd.scenes import (
  address,
  latch,
  robots,
  vocabulary,
  world_state,
)
from sdd.scenes import robot as robot_lib

GroundTruth = Callable[[Any], bool]
Variation = Literal['wide', 'paper']
VARIATIONS: tuple[Variation, ...] = ('wide', 'paper')


def _never(state: Any) -> bool:
  del state
  return False


@dataclasses.dataclass(frozen=True)
class Task:
  """A sentence and the hand-written rule that says whether it is done.

  Attributes:
    sentence: what a person says.
    ground_truth: judges the final `SceneState` (NumPy, no batch axes).
      Language models never see it. Without one, nothing is known.
  """

  sentence: str
  ground_truth: GroundTruth = _never

  @property
  def judged(self) -> bool:
    """Whether there is a hand-written rule."""
    return self.ground_truth is not _never


@dataclasses.dataclass(frozen=True)
class Rules:
  """What ends an episode of a scene, besides time and the floor.

  Attributes:
    foul: whether a `SceneState` breaks the rules of the task, which fails
      the episode at once.
    final: whether it is one after which the robot has no further say: it
      holds still for `settle` seconds, and what is then the case counts.
    settle: seconds.
  """

  foul: GroundTruth = _never
  final: GroundTruth = _never
  settle: float = 4.0


@dataclasses.dataclass(frozen=True, eq=False)
class Scene:
  """A world that tasks happen in.

  Attributes:
    name: its address on the command line, e.g. `drawer@panda`.
    mjcf: the whole model as XML.
    vocabulary: the links that language may name.
    tasks: the sentences it is for, with ground truth where there is one.
    time_limit: seconds of simulation before an episode has failed.
    sample: draws an initial world from a generator.
    shapes: the MJCF of each shape that things in the scene may have, the
      first one the scene's own; empty if there is only that one. All have
      the same joints, bodies and geoms, by number, name and type; sizes,
      places in the body, masses and colours differ. `WorldState.shape` says
      which one a world has.
    latches: what is held until a button is pressed.
    rules: what ends an episode early.
    variation: how much `sample` varies: `wide`, or as little as the paper.
    robot: who acts in it.
  """

  name: str
  mjcf: str
  vocabulary: vocabulary.Vocabulary
  tasks: tuple[Task, ...]
  time_limit: float
  sample: Callable[['Scene', np.random.Generator], world_state.WorldState]
  shapes: tuple[str, ...] = ()
  latches: tuple[latch.Latch, ...] = ()
  rules: Rules = Rules()
  variation: Variation = 'wide'
  robot: robot_lib.RobotSpec = robots.DEFAULT

  @property
  def domain(self) -> str:
    """The name without the robot: what is said here holds for any robot."""
    return address.parse(self.name).scene

  def shaped(self, shape: int) -> 'Scene':
    """This scene with things in the given one of its shapes.

    Raises:
      errors.SddError: there is no such shape.
    """
    if shape == 0 and self.mjcf == (self.shapes or (self.mjcf,))[0]:
      return self
    if not 0 <= shape < len(self.shapes):
      raise errors.SddError(
        f'The scene {self.name!r} has no shape {shape}; it has '
        f'{max(1, len(self.shapes))}, numbered from 0.'
      )
    return self._shaped[shape]

  @functools.cached_property
  def _shaped(self) -> tuple['Scene', ...]:
    return tuple(dataclasses.replace(self, mjcf=text) for text in self.shapes)

  @functools.cached_property
  def texts(self) -> dict[str, str]:
    """The MJCF of every shape, by its SHA-256."""
    scenes = [self.shaped(k) for k in range(max(1, len(self.shapes)))]
    return {each.sha256: each.mjcf for each in scenes}

  @functools.cached_property
  def model(self) -> mujoco.MjModel:
    """The compiled physics model. Treat it as read-only."""
    return mujoco.MjModel.from_xml_string(self.mjcf)

  @functools.cached_property
  def sha256(self) -> str:
    return hashlib.sha256(self.mjcf.encode()).hexdigest()

  def task(self, sentence: str) -> Task:
    """The task of that sentence.

    Raises:
      errors.UnknownNameError: the scene has no such task.
    """
    task = self.find_task(sentence)
    if task is not None:
      return task
    choices = [task.sentence for task in self.tasks]
    raise errors.UnknownNameError(f'{self.name} task', sentence, choices)

  def find_task(self, sentence: str) -> Task | None:
    """The task of that sentence, however it is spelt; None if there is none."""
    wanted = vocabulary.normalise(sentence)
    for task in self.tasks:
      if vocabulary.normalise(task.sentence) == wanted:
        return task
    return None

  def rule(self, sentence: str) -> GroundTruth | None:
    """The hand-written rule that judges a sentence, if there is one."""
    task = self.find_task(sentence)
    return task.ground_truth if task is not None and task.judged else None

  def initial(self, rng: np.random.Generator) -> world_state.WorldState:
    """Draws an initial world: where things lie and where furniture stands."""
    return self.sample(self, rng)

  @functools.cached_property
  def rest(self) -> world_state.WorldState:
    """The model's own default configuration, arm at home, gripper open."""
    model = self.model
    qpos = model.qpos0.copy()
    home, stroke = np.array(self.robot.home), self.robot.stroke
    qpos[self.arm_qpos] = home
    qpos[self.finger_qpos] = self.robot.finger_positions(stroke)
    mocap = np.argsort(model.body_mocapid[model.body_mocapid >= 0])
    bodies = np.flatnonzero(model.body_mocapid >= 0)[mocap]
    return world_state.WorldState(
      qpos=qpos,
      qvel=np.zeros(model.nv),
      mocap_pos=model.body_pos[bodies].copy(),
      mocap_quat=model.body_quat[bodies].copy(),
      arm_target=home,
      gripper_target=stroke,
    )

  def fresh_model(self) -> mujoco.MjModel:
    """A copy of the model that may be changed."""
    return copy.copy(self.model)

  @functools.cached_property
  def arm_qpos(self) -> Int[np.ndarray, ' arm']:
    return self._addresses(self.robot.arm.joints)

  @functools.cached_property
  def finger_qpos(self) -> Int[np.ndarray, ' 2']:
    return self._addresses(self.robot.finger_joints)

  @functools.cached_property
  def ctrl_order(self) -> Int[np.ndarray, ' nu']:
    """Which of the robot's servos each actuator of the model is.

    One more than the last where an actuator is not the robot's.
    """
    servos = self.robot.servos
    order = np.full(self.model.nu, len(servos))
    order[[self.model.actuator(name).id for name in servos]] = range(
      len(servos)
    )
    return order

  def ctrl(
    self, arm: Float[np.ndarray, ' arm'], opening: float
  ) -> Float[np.ndarray, ' nu']:
    """What the actuators are sent to hold the robot there."""
    fingers = [f.scale * opening + f.offset for f in self.robot.driven]
    return np.array([*arm, *fingers, 0.0])[self.ctrl_order]

  @functools.cached_property
  def joint_qpos(self) -> Int[np.ndarray, ' J']:
    """Where the vocabulary's articulated joints are in `qpos`."""
    return self._addresses(self.vocabulary.joints)

  def _addresses(self, joints: tuple[str, ...]) -> Int[np.ndarray, ' n']:
    return np.array([self.model.joint(name).qposadr[0] for name in joints], int)

  def free_qpos(self, link: str) -> int:
    """Start of the seven numbers of an object's free joint in `qpos`."""
    return int(self.model.joint(self.vocabulary.find(link).body).qposadr[0])

  @functools.cached_property
  def posed(self) -> tuple[int, ...]:
    """Links whose position and rotation a state-based policy observes."""
    return self._of_kind('object', 'furniture')

  @functools.cached_property
  def placed(self) -> tuple[int, ...]:
    """Links whose position alone it observes: parts, such as handles."""
    return self._of_kind('part')

  def _of_kind(self, *kinds: str) -> tuple[int, ...]:
    links = self.vocabulary.links
    return tuple(i for i, link in enumerate(links) if link.kind in kinds)

  @functools.cached_property
  def state_names(self) -> tuple[str, ...]:
    """Names of the entries of `state_vector`, in order."""
    position = ('x', 'y', 'z')
    rows = ('r00', 'r01', 'r02', 'r10', 'r11', 'r12')
    named = [(index, (*position, *rows)) for index in self.posed]
    named += [(index, position) for index in self.placed]
    names = [
      f'{self.vocabulary.links[index].name}/{entry}'
      for index, entries in named
      for entry in entries
    ]
    return (*names, *(f'{joint}/position' for joint in self.vocabulary.joints))

  def state_vector(self, state: Any) -> Float[np.ndarray, '*b S']:
    """Object and joint state of a `SceneState`, as `state_names` lists it."""
    position = np.asarray(state.link_position)
    posed, placed = list(self.posed), list(self.placed)
    rows = _rows(np.asarray(state.link_quaternion)[..., posed, :])
    pose = np.concatenate([position[..., posed, :], rows], axis=-1)
    parts = position[..., placed, :]
    flat = [x.reshape(*x.shape[:-2], -1) for x in (pose, parts)]
    return np.concatenate([*flat, np.asarray(state.joint_position)], axis=-1)


def _rows(quaternion: Float[np.ndarray, '*b 4']) -> Float[np.ndarray, '*b 6']:
  """The first two rows of the rotation matrices of unit quaternions."""
  w, x, y, z = np.moveaxis(quaternion, -1, 0)
  first = [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)]
  second = [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)]
  return np.stack([*first, *second], axis=-1)
