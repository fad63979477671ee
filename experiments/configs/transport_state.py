"""Transport domain, state-based.

The row "Ours: language-conditioned diffusion policy" for the transport task of
*Scaling Up and Distilling Down* (Ha, Florence, Song, CoRL 2023: 80.0 %), with
object and joint state in the place of three cameras. Learner and sampler are
those of `drawer_state.py`. The state tells the pose of the toy
but not which of 22 shapes it has.

It did 82 % (69 to 90 %, 50 episodes). Toys that it had never seen: 78 % (65 to
87 %, 50 episodes).

Hardware: one CPU core, 8 minutes.

    python -m experiments.collect --scene=transport --task=all \\
      --episodes=400 --seed=2 --push=0.05 --out=DATASET
    python -m experiments.train \\
      --config=experiments/configs/transport_state.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import drawer_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = drawer_state.get_config()
  config.steps = 4_000
  return config
