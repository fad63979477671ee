"""Drawer domain from two cameras and a sentence, at the size of a CPU.

The row "Ours: language-conditioned diffusion policy" for the drawer tasks of
*Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023: 55.8 %). All
is as in `balance_vision.py` but for the time, and every task is shown equally
often. Not measured yet.

Hardware: one CPU core, an hour, by the time that a step of `balance_vision.py`
takes; collecting and rendering take longer.

    python -m experiments.collect --scene=drawer --task=all \\
      --episodes=1850 --seed=2 --push=0.05 --out=DATASET
    python -m experiments.render --data=DATASET --out=PICTURES \\
      --cameras=front,wrist --size=128x128
    python -m experiments.train \\
      --config=experiments/configs/drawer_vision.py \\
      --data=PICTURES --workdir=DIR
"""

from experiments.configs import balance_vision
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_vision.get_config()
  config.steps = 12_000
  config.balanced = 'task'
  return config
