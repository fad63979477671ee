"""Transport domain from two cameras and a sentence, at the size of a CPU.

The row "Ours: language-conditioned diffusion policy" for the transport task of
*Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023: 80.0 %). All
is as in `balance_vision.py`, but the toys have 22 shapes, and pictures are all
that tells them apart.

Hardware: one CPU core, about an hour (estimated).

    python -m experiments.train \\
      --config=experiments/configs/transport_vision.py \\
      --data=PICTURES --workdir=DIR
"""

from experiments.configs import balance_vision
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  return balance_vision.get_config()
