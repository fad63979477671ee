"""Drawer domain, state-based: the chunk in one pass, without diffusion.

The rows "FF" of Table 5 of *Scaling Up and Distilling Down* (Ha, Florence,
Song, CoRL 2023; there on Balance, 29.0 and 35.5 % against 69.5 and 79.0 % by
diffusion). Network and data are those of `drawer_state.py`, and so is their
number of parameters; only, the network is asked once, starts from a chunk
that is always the same and is trained on the squared error of the chunk. It
answers with the mean of what demonstrations did, which diffusion need not.

Hardware: as `drawer_state.py`, two CPU cores, half an hour (estimated). Acting
takes a tenth of the time.

    python -m experiments.train \\
      --config=experiments/configs/drawer_state_feed_forward.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.policy.head = 'regression'
  return config
