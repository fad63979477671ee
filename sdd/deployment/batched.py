"""An exported policy that samples many chunks at once, in JAX.

The runtime on the robot works on one chunk at a time. Here the network is
built again from the arrays of a `policy.npz`, for drawings of what a policy
might do.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from sdd.deployment import runtime
from sdd.policy import acting, network, protocol, sampler
from sdd.policy import config as config_lib


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
  model = network.Network(_config(arrays))
  how = acting.Acting(arrays['times'], arrays['ddim'], arrays.get('start'))
  run = sampler.loop(model, how)

  def sample(seen: np.ndarray, said: int, noise: np.ndarray) -> np.ndarray:
    count, missing = len(noise), len(names) - (seen.shape[1] - 10) // 10
    blank = np.tile(runtime.BLANK, (len(seen), missing))
    seen = np.concatenate([seen, blank], axis=1)
    text = np.concatenate([words[said, None], names])
    chunks = run(
      params,
      np.broadcast_to(seen, (count, *seen.shape)),
      np.broadcast_to(text, (count, *text.shape)),
      noise,
    )
    return np.asarray(chunks)

  return sample


def _config(arrays: Mapping[str, np.ndarray]) -> config_lib.PolicyConfig:
  """The shape of the network, from the file's facts and its arrays' shapes."""
  meta = json.loads(str(arrays['meta']))
  depth = sum(
    name.startswith('encoder/hidden_') and name.endswith('/bias')
    for name in arrays
  )
  widths = [arrays[f'encoder/hidden_{k}/bias'].size for k in range(depth)]
  levels = range(meta['levels'])
  if meta['denoiser'] == 'mlp':
    channels = [arrays[f'mlp/block_{i}_first/bias'].size for i in levels]
    kernel_size = 1
  else:
    channels = [arrays[f'unet/down_{i}a/first/conv/bias'].size for i in levels]
    kernel_size = len(arrays['unet/final/conv/kernel'])
  return config_lib.PolicyConfig(
    observation_horizon=meta['observation_horizon'],
    action_horizon=meta['action_horizon'],
    execution_horizon=meta['execution_horizon'],
    denoiser=meta['denoiser'],
    channels=tuple(channels),
    kernel_size=kernel_size,
    object_width=arrays['encoder/context/bias'].size,
    heads=meta['heads'],
    use_proprioception=meta['use_proprioception'],
    groups=meta['groups'],
    step_dimension=meta['step_dimension'],
    observation_hidden=tuple(widths),
    condition_dimension=arrays['encoder/output/bias'].size,
    text_dimension=arrays['embeddings'].shape[1],
  )


def _params(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
  """The parameters as a tree, from names such as `unet/output/kernel`."""
  tree: dict[str, Any] = {}
  for path, value in arrays.items():
    if path.startswith(('encoder/', 'unet/', 'mlp/')):
      *above, name = path.split('/')
      branch = tree
      for part in above:
        branch = branch.setdefault(part, {})
      branch[name] = value
  return tree
