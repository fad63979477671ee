"""Which windows a step sees, and how the network sees them."""

import functools
from typing import Any

import jax
import numpy as np
from jaxtyping import Int

from sdd import errors
from sdd.dataset import windows
from sdd.language import text_encoder
from sdd.policy import frame, loss, scene_view, spec
from sdd.training import disturbance, sentences


class Batches:
  """The batch of every step, decided by seed and step alone.

  Examples are numbered through all epochs, so no window is dropped at an
  epoch's end, and a batch is a pure function of seed and step. Both are in
  every checkpoint: together they are the position in the data, whatever the
  number of processes, and a resumed run goes on exactly where it was.
  """

  def __init__(
    self,
    data: windows.Windows,
    specification: spec.PolicySpec,
    *,
    batch_size: int,
    seed: int,
    balanced: windows.Balanced = 'no',
    conditioning: str = 'task',
    disturbance: float = 0.0,
  ):
    devices = jax.device_count()
    if batch_size % devices:
      raise errors.SddError(
        f'batch_size is {batch_size}; it must be a multiple of the number of '
        f'devices, {devices}.'
      )
    self._data, self._spec = data, specification
    self._batch_size, self._seed = batch_size, seed
    self._conditioning, self._disturbance = conditioning, disturbance
    config = specification.config
    encoder = text_encoder.load(config.text_encoder, config.text_dimension)
    self._text = encoder.encode(specification.instructions)
    self._names = np.stack(
      [
        scene_view.object_names(specification, names)
        for names in specification.scenes.values()
      ]
    )
    self._order = functools.lru_cache(maxsize=2)(
      lambda epoch: data.epoch_order(seed, epoch, balanced=balanced)
    )

  def indices(self, step: int) -> Int[np.ndarray, 'B']:
    """Windows of the global batch of one step."""
    number = step * self._batch_size + np.arange(self._batch_size)
    epoch, place = np.divmod(number, len(self._data))
    orders = [self._order(int(e))[place[epoch == e]] for e in np.unique(epoch)]
    return np.concatenate(orders)

  def __call__(self, step: int) -> loss.Batch:
    """This process's share of a step's batch, local devices leading."""
    share = self._batch_size // jax.process_count()
    first = jax.process_index() * share
    chosen, mine = self.indices(step), slice(first, first + share)
    said = sentences.said(
      self._data,
      chosen,
      conditioning=self._conditioning,
      seed=self._seed,
      step=step,
    )
    chosen = chosen[mine]
    raw: Any = {**self._data.gather(chosen), 'instruction': said[mine]}
    if self._disturbance:
      by = disturbance.Disturbance(*(x[mine] for x in self._strays(step)))
      raw['observation'] = disturbance.disturbed(raw['observation'], by)
    batch = {**self.translate(raw), 'position': first + np.arange(share)}
    if self._spec.config.vision.cameras:
      batch['pictures'] = self._data.newest_pictures(chosen)
    devices = jax.local_device_count()
    return {
      name: value.reshape(devices, share // devices, *value.shape[1:])
      for name, value in batch.items()
    }

  def _strays(self, step: int) -> disturbance.Disturbance:
    """Of the global batch, so that it is the same for any processes."""
    return disturbance.draw(
      np.random.default_rng([self._seed, step, disturbance.STREAM]),
      self._batch_size,
      self._data.observation_horizon,
      scale=self._disturbance,
    )

  def translate(self, raw: Any) -> dict[str, np.ndarray]:
    """Raw windows to observation, normalised action and text."""
    action = frame.inward(
      raw['action'],
      frame.end_effector(raw['observation']),
      relative=self._spec.config.relative_position,
      scale=self._spec.config.position_scale,
    )
    normalised = self._spec.action_statistics.normalise(action)
    told = raw['observation'][..., : self._spec.features]
    said = self._text[raw['instruction']][:, None]
    return {
      'observation': np.asarray(told, np.float32),
      'action': np.asarray(normalised, np.float32),
      'text': np.concatenate([said, self._names[raw['scene']]], axis=1),
    }
