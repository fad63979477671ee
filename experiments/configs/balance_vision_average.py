"""Balance domain from two cameras: average pooling, no spatial soft-max.

The row "avg" of Table 5 of *Scaling Up and Distilling Down* (Ha, Florence,
Song, CoRL 2023; there on Balance, too, 76.5 against 79.0 %): what a camera's
last maps hold is averaged, in the place of telling where each is brightest.
All else is as in `balance_vision.py`.

On 389 episodes and with 4,000 steps (--config.max_episodes=389
--config.steps=4000) it did 20 % (11 to 33 %, 50 episodes), and
`balance_vision.py` with as many, in the same worlds, 46 % (33 to 60 %).

Hardware: as `balance_vision.py`, one CPU core, 40 minutes.

    python -m experiments.train \\
      --config=experiments/configs/balance_vision_average.py \\
      --data=PICTURES --workdir=DIR
"""

from experiments.configs import balance_vision
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_vision.get_config()
  config.policy.vision.pooling = 'average'
  return config
