"""Drawer domain, state-based: demonstrations as they are.

No row of the paper (*Scaling Up and Distilling Down*, Ha, Florence, Song, CoRL
2023). Without the disturbed windows of `drawer_state.py` the policy has never
seen how to come back to the demonstrated way, see `sdd.training.disturbance`;
all else is the same.

Hardware: as `drawer_state.py`, two CPU cores, half an hour (estimated).

    python -m experiments.train \\
      --config=experiments/configs/drawer_state_undisturbed.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.disturbance = 0.0
  return config
