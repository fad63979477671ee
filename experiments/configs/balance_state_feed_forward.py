"""Balance domain, state-based: the chunk in one pass, without diffusion.

The rows "FF" of Table 5 of *Scaling Up and Distilling Down* (Ha, Florence,
Song, CoRL 2023; there, too, on Balance: 29.0 and 35.5 % against 69.5 and
79.0 % by diffusion). Network and data are those of `balance_state.py`, and so
is their number of parameters; only, the network is asked once, starts from a
chunk that is always the same and is trained on the squared error of the chunk.
It answers with the mean of what demonstrations did, which diffusion need not.

With 4,000 steps (--config.steps=4000) it did 80 % (71 to 87 %, 100 episodes),
and `balance_state.py` with as many 77 % (68 to 84 %): by state, from planned
demonstrations of one task, the mean is good enough.

Hardware: one CPU core, a quarter of an hour. DATASET is `balance_state.py`'s.
Acting takes a tenth of the time.

    python -m experiments.train \\
      --config=experiments/configs/balance_state_feed_forward.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import balance_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_state.get_config()
  config.policy.head = 'regression'
  return config
