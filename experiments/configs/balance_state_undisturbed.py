"""Balance domain, state-based: observations as they were.

No row of the paper (*Scaling Up and Distilling Down*, Ha, Florence, Song, CoRL
2023). Without the disturbed windows of `balance_state.py`, the policy only
comes back to the demonstrated way as robots did that were pushed off it, see
`sdd.training.disturbance`; all else is the same.

With 4,000 steps (--config.steps=4000) it did 69 % (59 to 77 %, 100 episodes),
and `balance_state.py` with as many 77 % (68 to 84 %).

Hardware: one CPU core, a quarter of an hour. DATASET is `balance_state.py`'s.

    python -m experiments.train \\
      --config=experiments/configs/balance_state_undisturbed.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import balance_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_state.get_config()
  config.disturbance = 0.0
  return config
