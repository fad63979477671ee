"""Balance domain, state-based: from a generator that never tries again.

The row "policy from data without retry" of Table 2 of *Scaling Up and
Distilling Down* (Ha, Florence, Song, CoRL 2023; on Balance 67.5 % against 79.0
from data with retries). Only the data differ: the generator does every skill
once (`--retry=none`). Pushed about as much, it then succeeds in 79 % in the
place of 97, so more attempts give the same 389 successes.

It did 84 % (76 to 90 %, 100 episodes) against 87 of `balance_state.py`, and 69
against 75 when it was pushed up to 9 cm as it acted.

Hardware: as `balance_state.py`, one CPU core, a quarter of an hour.

    python -m experiments.collect --scene=balance --task=all --retry=none \\
      --episodes=520 --seed=2 --push=0.09 --out=DATASET
    python -m experiments.train \\
      --config=experiments/configs/balance_state_no_retry.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import balance_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_state.get_config()
  config.max_episodes = 389
  return config
