"""Catapult domain, state-based.

The row "Ours: language-conditioned diffusion policy" for the catapult tasks of
*Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023: 58.3 %), with
object and joint state in the place of three cameras. Learner and sampler are
those of `drawer_state.py`. The three boxes are three sentences.

It did 81 % (74 to 86 %, 150 episodes).

Hardware: one CPU core, 17 minutes.

    python -m experiments.collect --scene=catapult --task=all \\
      --episodes=420 --seed=2 --push=0.05 --out=DATASET
    python -m experiments.train \\
      --config=experiments/configs/catapult_state.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.steps = 8_000
  return config
