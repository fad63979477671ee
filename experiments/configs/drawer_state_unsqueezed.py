"""Drawer domain, state-based: an error counts alike near and far.

No row of the paper (*Scaling Up and Distilling Down*, Ha, Florence, Song, CoRL
2023). The positions of a chunk are metres from the tool, and not squeezed as
in `drawer_state.py`, see `sdd.policy.frame`: a millimetre where a handle is
grasped weighs no more than one half a metre away. All else is the same.

Hardware: as `drawer_state.py`, two CPU cores, half an hour (estimated).

    python -m experiments.train \\
      --config=experiments/configs/drawer_state_unsqueezed.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.policy.position_scale = 0.0
  return config
