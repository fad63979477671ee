"""Catapult domain from two cameras and a sentence, at the size of a CPU.

The row "Ours: language-conditioned diffusion policy" for the catapult tasks of
*Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023: 58.3 %). All
is as in `balance_vision.py`.

Hardware: two CPU cores, 40 minutes (estimated).

    python -m experiments.train \\
      --config=experiments/configs/catapult_vision.py \\
      --data=PICTURES --workdir=DIR
"""

from experiments.configs import balance_vision
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_vision.get_config()
  config.balanced = 'task'
  return config
