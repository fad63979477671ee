"""Drawer domain, state-based: from a generator that never tries again.

The row "policy from data without retry" of Table 2 of *Scaling Up and
Distilling Down* (Ha, Florence, Song, CoRL 2023; on the drawer tasks 22.7 %
against 55.8 from data with retries). Only the data differ: the generator does
every skill once (`--retry=none`). Pushed as much, it then succeeds in 65 % in
the place of 97, so more attempts give as many successes.

From 1,100 successes each, and in 8,000 steps each, it did 62.5 % (56 to 68 %,
240 episodes) and `drawer_state.py` 73.3 % (67 to 79 %). Of the worlds they
share only this one succeeded in 39, only the other in 65. Within 30 seconds
the policy that never saw a retry is ahead (34 to 26 %), from a minute on it is
behind. Pushed up to 5 cm as they acted, they did 56 and 68 %.

Hardware: one CPU core, 22 minutes.

    python -m experiments.collect --scene=drawer --task=all --retry=none \\
      --episodes=1700 --seed=2 --push=0.05 --out=DATASET
    python -m experiments.train \\
      --config=experiments/configs/drawer_state_no_retry.py \\
      --data=DATASET --workdir=DIR --config.steps=8000

The other's data are collected without --retry, and it is trained with
--config.max_episodes=1100 --config.steps=8000.
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.max_episodes = 1100
  return config
