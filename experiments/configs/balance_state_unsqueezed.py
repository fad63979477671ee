"""Balance domain, state-based: an error counts alike near and far.

No row of the paper (*Scaling Up and Distilling Down*, Ha, Florence, Song, CoRL
2023). The positions of a chunk are metres from the tool, and not squeezed as
in `balance_state.py`, see `sdd.policy.frame`: a millimetre where the bus is
grasped weighs no more than one half a metre away. All else is the same.

With 4,000 steps (--config.steps=4000) it did 38 % (29 to 48 %, 100 episodes),
and `balance_state.py` with as many 77 % (68 to 84 %).

Hardware: one CPU core, a quarter of an hour. DATASET is `balance_state.py`'s.

    python -m experiments.train \\
      --config=experiments/configs/balance_state_unsqueezed.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import balance_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_state.get_config()
  config.policy.position_scale = 0.0
  return config
