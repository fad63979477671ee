"""Drawer domain, state-based: from a generator that never tries again.

The row "policy from data without retry" of Table 2 of *Scaling Up and
Distilling Down* (Ha, Florence, Song, CoRL 2023; 22.7 % on the drawer tasks,
against 55.8 % from data with retries). Only the data differ; they are collected
with `--retry=none`, and both policies learn from the first 1,000 successes of
each, so this page and `--config.max_episodes=1000` with `drawer_state.py` make
the pair.

Hardware: as `drawer_state.py`, two CPU cores, half an hour (estimated).

    python -m experiments.collect --scene=drawer --task=all --retry=none \\
      --episodes=1300 --seed=1 --out=DATASET
    python -m experiments.train \\
      --config=experiments/configs/drawer_state_no_retry.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.max_episodes = 1000
  return config
