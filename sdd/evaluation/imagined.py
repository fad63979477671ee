"""What a policy might do next: many action sequences from one observation.

The paper shows its diffusion policy as lines in the picture of the scene,
one for each action sequence sampled from the same observation, from blue,
the first action, to red, the last (Ha et al. 2023, on its policy's
multi-modality). Where the lines part, the data held several ways to go on.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from sdd import errors
from sdd.evaluation import frames as frames_lib
from sdd.evaluation import rollout
from sdd.policy import protocol
from sdd.scenes import scene as scene_lib
from sdd.simulation import camera as camera_lib
from sdd.simulation import simulator

FIRST, LAST = (38, 84, 235), (224, 44, 38)  # blue to red, sRGB
_OVER = 3  # samples a pixel and direction, for smooth lines
_OPACITY, _WIDTH = 0.75, 1.3  # of a line; pixels


class Many(protocol.Policy, Protocol):
  """A policy that can say several things it might do."""

  def infer_many(
    self, observation: protocol.Observation, count: int
  ) -> Float[np.ndarray, 'count Ta 10']:
    """Chunks from one observation; the first is what `infer` answers."""
    ...


@dataclasses.dataclass(frozen=True, eq=False)
class Decision:
  """One time that the policy was asked.

  Attributes:
    step: of the episode, from 0.
    chunks: (count, Ta, 10) absolute actions, of which the first was begun.
  """

  step: int
  chunks: Float[np.ndarray, 'count Ta 10']


@dataclasses.dataclass(frozen=True, eq=False)
class Recording:
  """An episode of `T` steps under a policy.

  Attributes:
    stage: what stays as it is.
    qpos: (T, nq) state before each action.
    decisions: in order; the first at step 0.
    outcome: how it ended.
  """

  stage: frames_lib.Stage
  qpos: Float[np.ndarray, 'T nq']
  decisions: Sequence[Decision]
  outcome: rollout.Outcome

  def latest(self, step: int) -> Decision:
    """The decision that the action of a step is from."""
    return [d for d in self.decisions if d.step <= step][-1]


class _Asked:
  """A policy whose decisions are kept, with all that it might have done."""

  def __init__(self, policy: Many, count: int):
    self.execution_horizon = policy.execution_horizon
    self.pictures = protocol.wanted(policy)
    self.decisions: list[Decision] = []
    self.states: list[np.ndarray] = []
    self._policy, self._count = policy, count

  def reset(self, seed: int = 0) -> None:
    self._policy.reset(seed)

  def observe(self, observation: protocol.Observation) -> None:
    self._policy.observe(observation)

  def infer(
    self, observation: protocol.Observation
  ) -> Float[np.ndarray, 'Ta 10']:
    chunks = np.asarray(self._policy.infer_many(observation, self._count))
    self.decisions.append(Decision(len(self.states) - 1, chunks))
    return chunks[0]


def record(
  policy: Many,
  scene: scene_lib.Scene,
  task: str,
  *,
  index: int,
  count: int,
  seconds: float,
  watch: Any = None,
) -> Recording:
  """Lets a policy act for at most so many seconds and keeps what it weighed.

  Args:
    policy: who acts.
    scene: where.
    task: the sentence it is told.
    index: of the episode; fixes the initial world, as in `rollout`.
    count: chunks sampled from each observation, in one call.
    seconds: simulated, at most; the scene's own limit holds too.
    watch: called with the simulator before every action.

  Raises:
    errors.SddError: the policy failed.
  """
  asked = _Asked(policy, count)
  limit = min(scene.time_limit, seconds)
  sim = simulator.make('mujoco', scene)

  def see(world: simulator.Simulator) -> None:
    asked.states.append(world.world(0).qpos)
    if watch is not None:
      watch(world)

  outcome = rollout.rollout(
    asked, dataclasses.replace(scene, time_limit=limit), task, seed=0,
    index=index, sim=sim, watch=see,
  )  # fmt: skip
  if outcome.ended == 'error':
    raise errors.SddError(f'The policy failed. {outcome.error}')
  states = [*asked.states, sim.world(0).qpos]
  return Recording(
    frames_lib.stage(scene, sim.world(0)), np.stack(states),
    tuple(asked.decisions), outcome,
  )  # fmt: skip


def colours(count: int) -> UInt8[np.ndarray, 'count 3']:
  """From blue, for the first of so many points, to red, for the last."""
  share = np.linspace(0, 1, count)[:, None]
  mixed = np.array(FIRST) + share * (np.array(LAST) - np.array(FIRST))
  return np.round(mixed).astype(np.uint8)


def draw(
  picture: frames_lib.Picture,
  chunks: Float[np.ndarray, 'count Ta 10'],
  camera: camera_lib.Camera,
) -> frames_lib.Picture:
  """The picture with the tool positions of each chunk as a line.

  Lines are drawn over everything, also over what stands before them. The
  last pieces of all lines come first, so that the beginnings stay in sight.

  Args:
    picture: what the camera sees.
    chunks: absolute actions.
    camera: which took the picture.
  """
  pixels = camera.project(chunks[..., :3])
  height, width = picture.shape[:2]
  size = (width * _OVER, height * _OVER)
  layer = Image.fromarray(np.asarray(picture)).resize(size).convert('RGB')
  drawn = layer.copy()
  pen = ImageDraw.Draw(drawn)
  tones = colours(chunks.shape[1])
  for at in reversed(range(1, chunks.shape[1])):
    for line in pixels:
      if np.isfinite(line[at - 1 : at + 1]).all():
        ends = (line[at - 1 : at + 1] + 0.5) * _OVER - 0.5
        pen.line(
          [tuple(end) for end in ends], fill=tuple(tones[at].tolist()),
          width=round(_WIDTH * _OVER),
        )  # fmt: skip
  mixed = Image.blend(layer, drawn, _OPACITY)
  return np.asarray(mixed.resize((width, height), Image.Resampling.BOX))
