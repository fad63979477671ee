"""An exported policy that samples many chunks at once, in JAX.

The runtime on the robot is made for a few chunks. Here the network is built
again from the arrays of a `policy.npz`, for drawings of what a policy might do.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from sdd.deployment import runtime
from sdd.deployment.numpy_network import layers
from sdd.policy import acting, network, protocol, sampler, spec
from sdd.policy.vision import augmentation


class BatchedPolicy:
  """Does what the `NumpyPolicy` of the same file does, and `infer_many`.

  Attributes:
    execution_horizon: actions to execute before the next `infer`.
  """

  def __init__(self, path: Any, state_names: Sequence[str] | None = None):
    """Reads a `policy.npz`; arguments and errors as of `NumpyPolicy.load`."""
    self._numpy = runtime.NumpyPolicy.load(path, state_names)
    self.execution_horizon = self._numpy.execution_horizon
    with np.load(path) as file:
      arrays = {name: file[name] for name in file.files}
    self._sample = _sampler(arrays, self._numpy.scene)

  @property
  def pictures(self) -> Mapping[str, Any]:
    return self._numpy.pictures

  def reset(self, seed: int = 0) -> None:
    self._numpy.reset(seed)

  def observe(self, observation: protocol.Observation) -> None:
    self._numpy.observe(observation)

  def infer(
    self, observation: protocol.Observation
  ) -> Float[np.ndarray, 'Ta 10']:
    return self.infer_many(observation, 1)[0]

  def infer_many(
    self, observation: protocol.Observation, count: int
  ) -> Float[np.ndarray, 'count Ta 10']:
    """Samples several chunks at once; the first is what `infer` answers.

    Raises:
      ValueError: as `NumpyPolicy.infer` does.
    """
    return self._numpy.infer_many(observation, count, self._sample)


def _sampler(arrays: Mapping[str, np.ndarray], scene: int) -> runtime.Samples:
  params, words = _params(arrays), arrays['embeddings']
  names = arrays['names'][scene]
  meta = json.loads(str(arrays['meta']))
  config = spec.config_from_json(meta['config'])
  model = network.Network(config)
  how = acting.Acting(arrays['times'], arrays['ddim'], arrays.get('start'))
  run = sampler.loop(model, how)

  def sample(
    history: np.ndarray,
    said: int,
    noise: np.ndarray,
    pictures: np.ndarray | None,
  ) -> np.ndarray:
    missing = len(names) - (history.shape[1] - 10) // 10
    blank = np.tile(layers.BLANK, (len(history), missing))
    history = np.concatenate([history, blank], axis=1)
    text = np.concatenate([words[said, None], names])
    seen = None
    if pictures is not None:
      seen = augmentation.centre(pictures[None], config.vision)
    alike = [(history[None], text[None]), seen]
    (history, text), seen = jax.tree.map(
      lambda x: np.broadcast_to(x, (len(noise), *x.shape[1:])), alike
    )
    chunks = run(params, history, text, noise, seen)
    return np.asarray(chunks)

  return sample


def _params(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
  """The parameters as a tree, from names such as `unet/output/kernel`."""
  tree: dict[str, Any] = {}
  for path, value in arrays.items():
    if path.startswith(('encoder/', 'eyes/', 'finder/', 'mlp/', 'unet/')):
      *above, name = path.split('/')
      branch = tree
      for part in above:
        branch = branch.setdefault(part, {})
      branch[name] = value
  return tree
