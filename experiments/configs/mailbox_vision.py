"""Mailbox domain from two cameras and a sentence, at the size of a CPU.

The row "Ours: language-conditioned diffusion policy" for the mailbox task of
*Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023: 62.0 %). All
is as in `balance_vision.py`.

With --config.steps=4000 on 409 episodes it did 20 % (11 to 33 %, 50 episodes;
told the state, 74 %).

Hardware: one CPU core, 19 minutes for 4,000 steps, and ten to collect and to
render.

    python -m experiments.collect --scene=mailbox --task=all \\
      --episodes=420 --seed=2 --push=0.05 --out=DATASET
    python -m experiments.render --data=DATASET --out=PICTURES \\
      --cameras=front,wrist --size=128x128
    python -m experiments.train \\
      --config=experiments/configs/mailbox_vision.py \\
      --data=PICTURES --workdir=DIR
"""

from experiments.configs import balance_vision
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  return balance_vision.get_config()
