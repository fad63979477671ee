"""Transport domain from two cameras and a sentence, at the size of a CPU.

The row "Ours: language-conditioned diffusion policy" for the transport task of
*Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023: 80.0 %). All
is as in `balance_vision.py`, but the toys have 22 shapes, and pictures are all
that tells them apart.

With --config.steps=4000 on 391 episodes it did 50 % (37 to 63 %, 50 episodes;
told the state, 82 %). On Balance all 8,000 steps and three
times the episodes took 46 % to 74 %.

Hardware: one CPU core, 19 minutes for 4,000 steps, and ten to collect and to
render.

    python -m experiments.collect --scene=transport --task=all \\
      --episodes=400 --seed=2 --push=0.05 --out=DATASET
    python -m experiments.render --data=DATASET --out=PICTURES \\
      --cameras=front,wrist --size=128x128
    python -m experiments.train \\
      --config=experiments/configs/transport_vision.py \\
      --data=PICTURES --workdir=DIR
"""

from experiments.configs import balance_vision
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  return balance_vision.get_config()
