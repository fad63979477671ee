"""How a chunk is made: where it starts, and what the network is asked.

By diffusion it starts from noise and is cleaned in several steps. The
regression head is the paper's feed-forward ablation (Table 5): the same
encoder and U-Net, asked once. It starts from a chunk that is always the same,
and its answer is the chunk.
"""

import dataclasses

import numpy as np
from jaxtyping import Float, Int

from sdd.policy import config as config_lib
from sdd.policy import schedule
from sdd.simulation import action


@dataclasses.dataclass(frozen=True)
class Acting:
  """What sampler and exported policy do, as arrays.

  Attributes:
    times: what the network is told as diffusion step, question by question.
    table: how each answer changes the chunk, see `schedule.ddim_table`.
    start: the chunk to start from; None for noise.
  """

  times: Int[np.ndarray, 'N']
  table: Float[np.ndarray, 'N 4']
  start: Float[np.ndarray, 'Ta 10'] | None = None


def make(config: config_lib.PolicyConfig) -> Acting:
  """What a policy of this configuration does."""
  if config.head == 'regression':
    answer = np.array([[0, 1, 0, 1]], np.float32)  # the chunk, clipped
    return Acting(np.zeros(1, np.int32), answer, start(config.action_horizon))
  process = schedule.make(config.training_steps, config.prediction)
  times = schedule.ddim_times(config.training_steps, config.inference_steps)
  table = schedule.ddim_table(process, times).astype(np.float32)
  return Acting(times, table)


def start(length: int) -> Float[np.ndarray, 'length 10']:
  """Cosines of growing frequency: each row says where in the chunk it is."""
  place = (np.arange(length)[:, None] + 0.5) / length
  waves = np.arange(1, action.DIMENSION + 1)
  return np.cos(np.pi * waves * place).astype(np.float32)
