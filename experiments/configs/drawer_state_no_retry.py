"""Drawer domain, state-based: from a generator that never tries again.

The row "policy from data without retry" of Table 2 of *Scaling Up and
Distilling Down* (Ha, Florence, Song, CoRL 2023; on the drawer tasks 22.7 %
against 55.8 from data with retries). Only the data differ: the generator does
every skill once (`--retry=none`).

Not measured yet.

Hardware: as `drawer_state.py`, two CPU cores, half an hour.

    python -m experiments.collect --scene=drawer --task=all --retry=none \\
      --episodes=1700 --seed=2 --push=0.05 --out=DATASET
    python -m experiments.train \\
      --config=experiments/configs/drawer_state_no_retry.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.max_episodes = 1100
  return config
