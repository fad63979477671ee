"""Catapult domain from two cameras and a sentence, at the size of a CPU.

The row "Ours: language-conditioned diffusion policy" for the catapult tasks of
*Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023: 58.3 %). All
is as in `balance_vision.py`.

With --config.steps=4000 on 409 episodes, 136 a task, it did 16 % (9 to 24 %,
90 episodes; told the state, 81 %).

Hardware: one CPU core, 19 minutes for 4,000 steps, and ten to collect and to
render.

    python -m experiments.collect --scene=catapult --task=all \\
      --episodes=420 --seed=2 --push=0.05 --out=DATASET
    python -m experiments.render --data=DATASET --out=PICTURES \\
      --cameras=front,wrist --size=128x128
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
