"""Mailbox domain, state-based.

The row "Ours: language-conditioned diffusion policy" for the mailbox task of
*Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023: 62.0 %), with
object and joint state in the place of three cameras. Learner and sampler are
those of `drawer_state.py`. One sentence asks for four steps.

It did 74 % (60 to 84 %, 50 episodes).

Hardware: one CPU core, 16 minutes.

    python -m experiments.collect --scene=mailbox --task=all \\
      --episodes=420 --seed=2 --push=0.05 --out=DATASET
    python -m experiments.train \\
      --config=experiments/configs/mailbox_state.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.steps = 8_000
  return config
