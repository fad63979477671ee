"""Balance domain, state-based: eight actions before it looks again, not four.

The execution horizon of Table 5 of *Scaling Up and Distilling Down* (Ha,
Florence, Song, CoRL 2023). There the feed-forward policy executes 1, 4 or 8
of its actions (on Balance, 0.0, 15.0 and 18.5 %) and the diffusion policy 8;
their published code executes 4. All else is as in `balance_state.py`: the
horizon does not change what is learnt, only how the policy acts, so a policy
of that page shows it, too: `experiments.evaluate --execution_horizon=8`.

A policy of `balance_state.py` did 78 % (69 to 85 %, 100 episodes) with it, and
88 % (80 to 93 %) in the same worlds with four.

Hardware: one CPU core, a quarter of an hour. DATASET is `balance_state.py`'s.
Acting takes half the time.

    python -m experiments.train \\
      --config=experiments/configs/balance_state_execute_8.py \\
      --data=DATASET --workdir=DIR
"""

from experiments.configs import balance_state
from sdd.training import config as training_config


def get_config() -> training_config.TrainingConfig:
  config = balance_state.get_config()
  config.policy.execution_horizon = 8
  return config
