"""The distilled policy, acting: history, noise, sampling, raw actions."""

import collections
import copy
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from sdd.dataset import pictures
from sdd.policy import consensus, frame, protocol, sampler, scene_view, spec
from sdd.policy.vision import augmentation, observed


class DiffusionPolicy:
  """A trained network behind the `Policy` protocol.

  Deterministic: the n-th call of `infer` after `reset(seed)` starts from
  noise that only depends on seed and n.

  Attributes:
    spec: what the policy speaks.
    params: the network's parameters (the moving average, when trained).
    execution_horizon: actions to execute before the next `infer`.
    candidates: chunks among which each `infer` chooses.
  """

  def __init__(
    self,
    specification: spec.PolicySpec,
    params: Any,
    *,
    state_names: Sequence[str] | None = None,
  ):
    """Takes a policy into a scene.

    Args:
      specification: what it speaks.
      params: of the network.
      state_names: of each entry of the states to come; may be left out where
        all training data came from one scene.

    Raises:
      SddError: it was not trained for such states.
    """
    self.spec = specification
    self._view = scene_view.SceneView(specification, state_names)
    self.params = jax.device_put(params)
    self.execution_horizon = specification.config.execution_horizon
    self.candidates = specification.config.candidates
    self._sample = sampler.make(specification.config)
    self.reset()

  def within(self, state_names: Sequence[str]) -> 'DiffusionPolicy':
    """The same policy in another of its scenes; SddError if it has no such."""
    there = copy.copy(self)
    there._view = scene_view.SceneView(self.spec, state_names)
    there.reset()
    return there

  def reset(self, seed: int = 0) -> None:
    """Starts a new episode with its own noise."""
    self._seed, self._call, self._fresh = seed, 0, False
    horizon = self.spec.config.observation_horizon
    self._history = collections.deque(maxlen=horizon)

  @property
  def pictures(self) -> pictures.PictureSpec:
    """What cameras have to deliver whenever it infers."""
    return self.spec.pictures

  def observe(self, observation: protocol.Observation) -> None:
    """Takes note of a step that needs no new chunk."""
    self._history.append(self._view.vector(observation))
    self._fresh = True

  def infer(
    self, observation: protocol.Observation
  ) -> Float[np.ndarray, 'Ta 10']:
    """Samples a chunk of absolute actions for the present observation.

    Raises:
      SddError: for a missing, misshapen or non-finite entry.
    """
    return self.infer_many(observation, 1)[0]

  def infer_many(
    self, observation: protocol.Observation, count: int
  ) -> Float[np.ndarray, 'count Ta 10']:
    """Samples several chunks at once; the first is what `infer` answers.

    Raises:
      SddError: for a missing, misshapen or non-finite entry.
    """
    present, seen = self._view.vector(observation), self._look(observation)
    if not self._fresh and self.execution_horizon > 1:
      self._history.clear()  # what is there is a whole chunk old
    self._history.append(present)
    while len(self._history) < self.spec.config.observation_horizon:
      self._history.appendleft(self._history[0])
    drawn = max(count, self.candidates)
    noise = sampler.draw_noise(
      self._seed, self._call, (drawn, *sampler.noise_shape(self.spec.config))
    )
    history = np.stack(self._history)
    chunks = self.sample_many(
      history, str(observation['instruction']), noise, *seen
    )
    self._call, self._fresh = self._call + 1, False
    raw = frame.outward(
      self.spec.action_statistics.denormalise(chunks),
      frame.end_effector(history),
      relative=self.spec.config.relative_position,
      scale=self.spec.config.position_scale,
    )
    chosen = consensus.central(raw[: self.candidates])
    raw[[0, chosen]] = raw[[chosen, 0]]
    return raw[:count]

  def sample(
    self,
    history: Float[np.ndarray, 'To F'],
    instruction: str,
    noise: Float[np.ndarray, 'Ta 10'],
  ) -> Float[np.ndarray, 'Ta 10']:
    """Runs the sampling loop on raw observations; the chunk is normalised."""
    return self.sample_many(history, instruction, noise[None])[0]

  def sample_many(
    self,
    history: Float[np.ndarray, 'To F'],
    instruction: str,
    noise: Float[np.ndarray, 'B Ta 10'],
    seen: augmentation.Seen | None = None,
  ) -> Float[np.ndarray, 'B Ta 10']:
    """As `sample`, from several noises at once; `seen` has one example."""
    many: Any = jax.tree.map(
      lambda leaf: np.broadcast_to(leaf, (len(noise), *leaf.shape[1:])), seen
    )
    said = self._view.text(instruction)
    chunks = self._sample(
      self.params,
      np.broadcast_to(history, (len(noise), *history.shape)),
      np.broadcast_to(said, (len(noise), *said.shape)),
      noise,
      many,
    )
    return np.asarray(chunks)

  def _look(
    self, observation: protocol.Observation
  ) -> tuple[augmentation.Seen, ...]:
    """The middle of the pictures; nothing for a policy that sees none."""
    vision = self.spec.config.vision
    if not vision.cameras:
      return ()
    size = (vision.size[0], vision.size[1])
    stack = observed.stacked(observation, self.spec.pictures, size)
    return (augmentation.centre(stack[None], vision),)
